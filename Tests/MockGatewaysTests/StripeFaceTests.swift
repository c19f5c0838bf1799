import AdapterKit
import NIOHTTP1
import Signing
import Testing

@testable import MockGateways

@Suite("A gateway that speaks Stripe")
struct StripeFaceTests {
    private let bank = Bank(face: StripeFace(key: Secret(text: "sk_test_1")), now: { BankClient.now })

    private struct Received {
        let reply: MockGateways.Reply

        var status: Int { reply.status }
        var json: JSON { (try? JSON(parsing: reply.body)) ?? .null }
        var state: String? { json["status"]?.text }
        var error: JSON { json["error"] ?? .null }
        var isReplayed: Bool { reply.headers["Idempotent-Replayed"] == ["true"] }
    }

    private func post(
        _ target: String, _ fields: [(String, String)], key: String? = "pay_1", bearer: String = "Bearer sk_test_1"
    ) -> Received {
        var headers: HTTPHeaders = ["Authorization": bearer]
        if let key { headers.add(name: "Idempotency-Key", value: key) }
        return send(.POST, target, headers, Form.encoded(fields.map { (name: $0.0, value: $0.1) }))
    }

    private func get(_ target: String) -> Received { send(.GET, target, ["Authorization": "Bearer sk_test_1"], []) }

    private func send(_ method: HTTPMethod, _ target: String, _ headers: HTTPHeaders, _ body: [UInt8]) -> Received {
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: target, headers: headers)
        switch bank.admit(CollectedRequest(head: head, body: body), overHTTP2: false) {
        case .answered(let reply): return Received(reply: reply)
        case .admitted(let visit):
            let deed = bank.act(on: visit)
            bank.tell(deed.news)
            return Received(reply: deed.reply)
        }
    }

    private static let order = [
        ("amount", "1000"), ("currency", "usd"), ("payment_method", "pm_card_visa"), ("confirm", "true"),
        ("capture_method", "automatic"), ("payment_method_types[]", "card"), ("metadata[reference]", "pay_1"),
    ]

    /// The order with some fields changed, added or, where `nil`, left out.
    private static func order(_ changes: [(String, String?)]) -> [(String, String)] {
        order.filter { field in !changes.contains { $0.0 == field.0 } }
            + changes.compactMap { name, value in value.map { (name, $0) } }
    }

    private func create(_ changes: (String, String?)..., key: String? = "pay_1") -> Received {
        post("/v1/payment_intents", Self.order(changes), key: key)
    }

    // MARK: Life

    @Test("authorises, captures in part, and gives back")
    func life() throws {
        let created = create(("capture_method", "manual"))
        #expect(created.status == 200)
        #expect(created.state == "requires_capture")
        #expect(created.json["amount_capturable"] == .integer(1000))
        #expect(created.json["metadata"]?["reference"] == .string("pay_1"))
        let id = try #require(created.json["id"]?.text)
        let captured = post("/v1/payment_intents/\(id)/capture", [("amount_to_capture", "600")], key: "cap_1")
        #expect(captured.state == "succeeded")
        #expect(captured.json["amount"] == .integer(1000))
        #expect(captured.json["amount_received"] == .integer(600))
        let refund = post(
            "/v1/refunds",
            [("payment_intent", id), ("amount", "200"), ("metadata[reference]", "ref_1"), ("metadata[payment]", "pay_1")],
            key: "ref_1")
        #expect(refund.state == "succeeded")
        #expect(refund.json["amount"] == .integer(200))
        #expect(refund.json["payment_intent"] == .string(id))
        let refundID = try #require(refund.json["id"]?.text)
        #expect(get("/v1/refunds/\(refundID)").json == refund.json)
        #expect(get("/v1/payment_intents/\(id)").json == captured.json)
        let charge = try #require(bank.update { $0.ledger["pay_1"] })
        #expect(charge.captured == 600)
        #expect(charge.refunded == 200)
        #expect(charge.capture?.reference == "cap_1")
    }

    @Test("captures at once, all of it")
    func payment() {
        #expect(create().state == "succeeded")
        #expect(create(("capture_method", nil), ("metadata[reference]", "pay_2"), key: "pay_2").state == "succeeded")
        #expect(bank.update { $0.ledger.moneyMovements } == 2)
    }

    @Test("cancels what is authorised and refuses to cancel twice under another key")
    func cancel() throws {
        let id = try #require(create(("capture_method", "manual")).json["id"]?.text)
        let cancelled = post("/v1/payment_intents/\(id)/cancel", [("expand[]", "latest_charge")], key: "void_1")
        #expect(cancelled.state == "canceled")
        let again = post("/v1/payment_intents/\(id)/cancel", [("expand[]", "latest_charge")], key: "void_2")
        #expect(again.status == 400)
        #expect(again.error["code"] == .string("payment_intent_unexpected_state"))
    }

    // MARK: Keys

    @Test("answers a repeated key as before and moves nothing")
    func repeated() throws {
        let first = create()
        let second = create()
        #expect(second.isReplayed && !first.isReplayed)
        #expect(second.reply.body == first.reply.body)
        #expect(bank.update { $0.ledger.moneyMovements } == 1)
        let id = try #require(first.json["id"]?.text)
        let refund = [("payment_intent", id), ("amount", "200")]
        let given = post("/v1/refunds", refund, key: "ref_1")
        let repeated = post("/v1/refunds", refund, key: "ref_1")
        #expect(repeated.isReplayed)
        #expect(repeated.reply.body == given.reply.body)
        #expect(bank.update { $0.ledger["pay_1"]?.refunded } == 200)
    }

    @Test(
        "refuses a key with other parameters",
        arguments: [("amount", "1001"), ("currency", "eur"), ("payment_method", "pm_x"), ("description", "x")])
    func usedOtherwise(name: String, value: String) {
        _ = create()
        let other = create((name, value))
        #expect(other.status == 400)
        #expect(other.error["type"] == .string("idempotency_error"))
        #expect(bank.update { $0.ledger.charges.count } == 1)
    }

    @Test("keeps a 500 for its key, whatever had happened")
    func keeps500() throws {
        try bank.update { state throws(ScriptFailure) in try state.scenario.add(.status500After, to: .charge, times: 1) }
        #expect(create().status == 500)
        let again = create()
        #expect(again.status == 500)
        #expect(again.isReplayed)
        #expect(bank.update { $0.ledger.moneyMovements } == 1)
        try bank.update { state throws(ScriptFailure) in try state.scenario.add(.status500, to: .charge, times: 1) }
        let untouched = [("metadata[reference]", "pay_2")] as [(String, String?)]
        #expect(post("/v1/payment_intents", Self.order(untouched), key: "pay_2").status == 500)
        #expect(post("/v1/payment_intents", Self.order(untouched), key: "pay_2").isReplayed)
        #expect(bank.update { $0.ledger["pay_2"] } == nil)
    }

    @Test(
        "keeps nothing of what was not begun",
        arguments: [(Misbehaviour.rateLimited, 429), (.credentials, 401), (.rejected, 400), (.status503, 503)])
    func keepsNothing(misbehaviour: Misbehaviour, status: Int) throws {
        try bank.update { state throws(ScriptFailure) in try state.scenario.add(misbehaviour, to: .charge, times: 1) }
        let refused = create()
        #expect(refused.status == status)
        #expect(refused.error["type"]?.text != nil)
        let second = create()
        #expect(second.status == 200)
        #expect(!second.isReplayed)
    }

    @Test("says of a pending refund what it said first; the refund itself tells more")
    func pendingRefund() throws {
        let id = try #require(create().json["id"]?.text)
        let refund = [("payment_intent", id), ("amount", "200")]
        try bank.update { state throws(ScriptFailure) in try state.scenario.add(.pending, to: .refund, times: 1) }
        let taken = post("/v1/refunds", refund, key: "ref_1")
        #expect(taken.state == "pending")
        try bank.settle([Settlement(reference: "ref_1", status: .refund(.approved, of: "pay_1"))])
        #expect(post("/v1/refunds", refund, key: "ref_1").state == "pending")
        let refundID = try #require(taken.json["id"]?.text)
        #expect(get("/v1/refunds/\(refundID)").state == "succeeded")
    }

    @Test("forgets its keys with the rest")
    func forgets() {
        _ = create()
        bank.reset()
        #expect(create(("amount", "1001")).status == 200)
    }

    // MARK: Declines and actions

    @Test(
        "declines test cards, and whatever a wish says, with Stripe's code",
        arguments: [
            ("pm_card_visa_chargeDeclined", nil, "card_declined", "generic_decline"),
            ("pm_card_visa_chargeDeclinedInsufficientFunds", nil, "card_declined", "insufficient_funds"),
            ("pm_card_visa", "mock:declined_expired_instrument", "expired_card", "expired_card"),
            ("pm_card_visa", "mock:declined_suspected_fraud", "card_declined", "fraudulent"),
            ("pm_card_visa", "mock:declined_other", "card_declined", "unlisted_reason"),
        ] as [(String, String?, String, String)])
    func declines(method: String, description: String?, code: String, declineCode: String) throws {
        let declined = create(("payment_method", method), ("description", description))
        #expect(declined.status == 402)
        #expect(declined.error["type"] == .string("card_error"))
        #expect(declined.error["code"] == .string(code))
        #expect(declined.error["decline_code"] == .string(declineCode))
        let intent = try #require(declined.error["payment_intent"])
        #expect(intent["status"] == .string("requires_payment_method"))
        #expect(intent["metadata"]?["reference"] == .string("pay_1"))
        let id = try #require(intent["id"]?.text)
        let read = get("/v1/payment_intents/\(id)")
        #expect(read.status == 200)
        #expect(read.json == intent)
        #expect(read.json["last_payment_error"]?["decline_code"] == .string(declineCode))
        let again = create(("payment_method", method), ("description", description))
        #expect(again.isReplayed)
        #expect(again.reply.body == declined.reply.body)
        #expect(bank.update { $0.ledger.moneyMovements } == 0)
    }

    @Test("asks for an action, on a page only where there is a way back", arguments: [nil, "https://shop.example/"])
    func action(back: String?) {
        let asked = create(("payment_method", "pm_card_authenticationRequired"), ("return_url", back))
        #expect(asked.state == "requires_action")
        let action = asked.json["next_action"]
        #expect(action?["type"] == .string(back == nil ? "use_stripe_sdk" : "redirect_to_url"))
        #expect((action?["redirect_to_url"]?["url"] != nil) == (back != nil))
    }

    // MARK: Refusals

    @Test(
        "refuses what Stripe would, or what this gateway does not play, and names it",
        arguments: [
            ("amount", nil), ("amount", "0"), ("amount", "-1"), ("amount", "1.0"), ("amount", "1000000000000"),
            ("currency", nil), ("currency", "USD"), ("currency", "usdx"), ("payment_method", nil), ("payment_method", "4111"),
            ("confirm", nil), ("confirm", "false"), ("capture_method", "later"), ("metadata[reference]", "pay_2"),
            ("off_session", "true"), ("metadata[order]", "7"),
        ] as [(String, String?)])
    func refuses(name: String, value: String?) {
        let refused = create((name, value))
        #expect(refused.status == 400)
        #expect(refused.error["type"] == .string("invalid_request_error"))
        #expect(refused.error["param"] == .string(name))
        #expect(bank.update { $0.ledger.charges.isEmpty })
    }

    @Test("refuses a change without a key", arguments: [nil, ""])
    func withoutKey(key: String?) {
        #expect(create(key: key).error["param"] == .string("Idempotency-Key"))
    }

    @Test("knows nothing but its own ids", arguments: ["pi_1", "pi_mock", "pi_mock2", "pi_mock-1", "re_mock1", "pay_1", "1"])
    func unknown(id: String) {
        _ = create()
        #expect(get("/v1/payment_intents/\(id)").error["code"] == .string("resource_missing"))
        #expect(post("/v1/payment_intents/\(id)/cancel", [], key: "void_1").status == 404)
        #expect(get("/v1/refunds/\(id)").status == 404)
    }

    @Test(
        "lets in only who bears the key", arguments: ["", "Bearer sk_test_2", "Bearer ", "sk_test_1", "Basic c2tfdGVzdF8xOg=="])
    func strangers(bearer: String) {
        #expect(post("/v1/payment_intents", Self.order, bearer: bearer).status == 401)
        #expect(bank.update { $0.counters.signatureFailures } == 1)
        #expect(bank.update { $0.ledger.charges.isEmpty })
    }

    @Test(
        "has nothing elsewhere",
        arguments: ["/", "/v1/charges", "/v1/payment_intents/pi_mock1/confirm", "/v2/refunds", "/v1//refunds"])
    func elsewhere(path: String) {
        #expect(post(path, Self.order).status == 404)
        #expect(bank.update { $0.counters.unroutedRequests } == 1)
    }

    // MARK: Webhooks

    @Test("tells what happened in an event signed with Stripe-Signature", arguments: Charge.Status.allCases)
    func tells(status: Charge.Status) throws {
        _ = create()
        var charge = try #require(bank.update { $0.ledger["pay_1"] })
        charge.status = status
        let key = SigningKey(id: "", secret: Secret(text: "whsec_1"))
        let occurrence = Occurrence(id: "evt_1", moment: BankClient.now, charge: charge)
        let seal = Seal(target: "/hook", key: key, isForged: false, nonce: "n", timestamp: BankClient.now)
        let post = try #require(bank.face.callback(telling: [occurrence], seal))
        let header = try #require(post.headers.first { $0.name == "Stripe-Signature" }?.value)
        #expect(TimestampedHMAC.verified(header, body: post.body, with: [key.secret]) == BankClient.now)
        let event = try JSON(parsing: post.body)
        #expect(event["id"] == .string("evt_1"))
        #expect(event["data"]?["object"]?["metadata"]?["reference"] == .string("pay_1"))
        let types: [Charge.Status: String] = [
            .approved: "succeeded", .authorized: "amount_capturable_updated", .pending: "processing",
            .actionRequired: "requires_action", .declined: "payment_failed", .voided: "canceled",
        ]
        #expect(event["type"] == types[status].map { .string("payment_intent." + $0) })
    }

    @Test("cannot tell anything without a secret")
    func unsigned() throws {
        _ = create()
        let charge = try #require(bank.update { $0.ledger["pay_1"] })
        let seal = Seal(target: "/hook", key: nil, isForged: false, nonce: "n", timestamp: BankClient.now)
        #expect(bank.face.callback(telling: [Occurrence(id: "evt_1", moment: BankClient.now, charge: charge)], seal) == nil)
    }
}
