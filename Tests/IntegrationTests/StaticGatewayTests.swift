import AdapterKit
import MockGateways
import ProcessKit
import Testing

/// Payments through gateways that know nothing but mocks/expectations.
@Suite("At gateways that play from files alone", .serialized, .timeLimit(.minutes(2)))
struct StaticGatewayTests {
    private static func withBank(_ body: (Caller) async throws -> Void) async throws {
        try await StaticGateway.with("bank-hmac", { setup, _ in setup.settings.append("verify_responses: false") }, body)
    }

    /// An order whose description, or refund whose reason, chooses what happens.
    private static func order(_ name: String) -> JSON { Caller.order(("description", .string("qa:\(name)"))) }

    // MARK: bank-hmac

    @Test("the bank takes, authorises, captures, voids and refunds")
    func bankLife() async throws {
        try await Self.withBank { acme in
            let paid = try await acme.pay()
            #expect(paid.status == 201)
            #expect(paid.state == "succeeded", "\(paid.text)")
            #expect(paid["gateway_reference"]?.text == "mock-\(paid.id)")
            let refund = try await acme.refund(paid.id, 250)
            #expect(refund.state == "succeeded", "\(refund.text)")
            #expect(try await acme.payment(paid.id)["amount_refunded"]?.integer == 250)
            let (kept, left) = (try await acme.authorize(), try await acme.authorize())
            #expect(kept.state == "authorized")
            #expect(try await acme.capture(kept.id).state == "succeeded")
            #expect(try await acme.void(left.id).state == "canceled")
        }
    }

    @Test("the bank leaves payments and refunds open")
    func bankOpen() async throws {
        try await Self.withBank { acme in
            let pending = try await acme.pay(Self.order("pending"))
            #expect(pending.status == 202)
            #expect(pending.reason == "awaiting_gateway")
            for kind in ["redirect", "display_qr", "approve_in_app"] {
                let waiting = try await acme.pay(Self.order(kind))
                #expect(waiting.state == "requires_action", "\(waiting.text)")
                #expect(waiting["next_action"]?["type"]?.text == kind)
            }
            let refund = try await Self.refund(try await acme.pay().id, "pending", acme)
            #expect(refund.state == "processing", "\(refund.text)")
        }
    }

    @Test("the bank declines for every reason there is")
    func bankDeclines() async throws {
        let categories = FailureCategory.allCases.map(\.rawValue)
        try await Self.withBank { acme in
            for category in Self.bankDeclines {
                #expect(categories.contains(category))
                let failed = try await acme.pay(Self.order(category))
                #expect(failed.state == "failed", "\(category)")
                #expect(failed["failure"]?["category"]?.text == category, "\(failed.text)")
            }
            let refund = try await Self.refund(try await acme.pay().id, "declined", acme)
            #expect(refund.state == "failed")
            #expect(refund["failure"]?["category"]?.text == "not_permitted")
        }
    }

    private static let bankDeclines = [
        "do_not_honor", "invalid_instrument", "suspected_fraud", "insufficient_funds", "expired_instrument", "not_permitted",
        "limit_exceeded", "authentication_required", "account_closed", "issuer_unavailable", "other",
    ]

    @Test("the bank's faults leave unknown what they do not prove, and queue what was not processed")
    func bankFaults() async throws {
        try await Self.withBank { acme in
            for fault in ["internal_error", "unavailable", "page", "dropped", "dropped_late", "mismatch", "another_reference"] {
                let taken = try await acme.pay(Self.order(fault))
                #expect(taken.status == 202)
                #expect(taken.reason == "outcome_unknown", "\(fault): \(taken.text)")
            }
            for fault in ["not_processed", "rate_limited"] {
                let taken = try await acme.pay(Self.order(fault))
                #expect(taken.status == 202)
                #expect(taken.state == "queued", "\(fault): \(taken.text)")
            }
            for (fault, category) in [
                ("invalid", "invalid_request"), ("unprocessable", "invalid_request"), ("credentials", "configuration"),
            ] {
                let failed = try await acme.pay(Self.order(fault))
                #expect(failed.state == "failed", "\(fault)")
                #expect(failed["failure"]?["category"]?.text == category, "\(failed.text)")
            }
            #expect(try await acme.pay(Self.order("slow")).state == "succeeded")
            let refund = try await Self.refund(try await acme.pay().id, "unavailable", acme)
            #expect(refund.state == "processing", "\(refund.text)")
        }
    }

    @Test("an amount that was not asked for is nobody's success")
    func anotherAmount() async throws {
        try await Self.withBank { acme in
            let taken = try await acme.pay(Self.order("another_amount"))
            #expect(taken.status == 202)
            #expect(taken.state == "manual_review", "\(taken.text)")
        }
    }

    @Test("the bank knows of no charge when it is asked")
    func bankInquiry() async throws {
        try await Self.withBank { acme in
            let taken = try await acme.pay(Self.order("dropped"))
            let synced = try await acme.sync(taken.id)
            #expect(synced.reason == "outcome_unknown", "not found, but too soon to prove anything: \(synced.text)")
        }
    }

    @Test("the bank knows accounts")
    func bankAccounts() async throws {
        try await Self.withBank { acme in
            for (value, isValid) in [("shop@mock", true), ("invalid@mock", false)] {
                let reply = try await acme.post(
                    "/v1/accounts/validate",
                    .members([("gateway", .string("bank-a")), ("type", .string("vpa")), ("value", .string(value))]))
                #expect(reply["valid"]?.bool == isValid, "\(reply.text)")
            }
        }
    }

    private static func refund(_ payment: String, _ name: String, _ acme: Caller) async throws -> Reply {
        try await acme.post("/v1/payments/\(payment)/refunds", .members([("reason", .string("qa:\(name)"))]))
    }

    // MARK: pix

    private static func withPix(_ body: (Caller) async throws -> Void) async throws {
        try await StaticGateway.with(
            "pix",
            { setup, port in
                (setup.adapter, setup.basePath) = ("pix", "/api/v2")
                setup.settings = [
                    "token_url: https://127.0.0.1:\(port)/oauth/token", "client_id: acme-pix",
                    "client_secret: \"text:\(PixWorld.secret)\"", "key: \(PixWorld.key)",
                ]
                setup.callback = ["hint: true"]
            }, body)
    }

    private static func pix(_ amount: Int64) -> JSON {
        let method = JSON.members([("type", .string("pix")), ("pix", .members([]))])
        return Caller.order(("amount", .integer(amount)), ("method", method))
    }

    @Test("a Pix charge waits for its payer, is taken back, or is paid and refunded, by its amount")
    func pixLife() async throws {
        try await Self.withPix { acme in
            let waiting = try await acme.pay(Self.pix(1000))
            #expect(waiting.state == "requires_action", "\(waiting.text)")
            #expect(waiting["next_action"]?["type"]?.text == "display_qr")
            #expect(try await acme.void(waiting.id).state == "canceled")
            let paid = try await acme.pay(Self.pix(1001))
            #expect(paid.state == "succeeded", "\(paid.text)")
            let refund = try await acme.refund(paid.id, 250)
            #expect(refund.state == "succeeded", "\(refund.text)")
            #expect(try await acme.payment(paid.id)["amount_refunded"]?.integer == 250)
        }
    }

    @Test(
        "a Pix charge that its provider removes or refuses has failed",
        arguments: [
            (1002, "REMOVIDA_PELO_PSP"), (41000, "PermanentementeRemovido"), (40001, "RequisicaoInvalida"),
        ] as [(Int64, String)])
    func pixFails(amount: Int64, code: String) async throws {
        try await Self.withPix { acme in
            let failed = try await acme.pay(Self.pix(amount))
            #expect(failed.state == "failed")
            #expect(failed["failure"]?["gateway_code"]?.text == code, "\(failed.text)")
        }
    }

    @Test("a Pix provider's faults prove nothing")
    func pixFaults() async throws {
        try await Self.withPix { acme in
            for amount: Int64 in [50000, 50300, 50400, 99901, 99902, 99904] {
                let taken = try await acme.pay(Self.pix(amount))
                #expect(taken.status == 202)
                #expect(taken.reason == "outcome_unknown", "\(amount): \(taken.text)")
            }
            #expect(try await acme.pay(Self.pix(42900)).state == "queued")
        }
    }

    @Test("a provider with books answers its life itself, and from its files what goes wrong")
    func beside() async throws {
        var plan = PixWorld.Plan()
        plan.expectations = [try StaticGateway.folder("pix")]
        plan.lines.append("retry: { max_retries: 0 }")
        try await PixWorld.with(plan) { world in
            #expect(try await world.acme.pay(Self.pix(40001)).state == "failed")
            #expect(try await world.acme.pay(Self.pix(50300)).reason == "outcome_unknown")
            let waiting = try await world.acme.pay(Self.pix(1001))
            #expect(waiting.state == "requires_action", "\(waiting.text)")
            #expect(world.provider.ledger.order == [waiting.id])
        }
    }

    // MARK: npci-upi

    private static func withUPI(_ body: (Caller) async throws -> Void) async throws {
        try await StaticGateway.with(
            "npci-upi",
            { setup, _ in
                (setup.adapter, setup.settings) = ("npci-upi", UPIWorld.settings)
                // Nobody calls back, so that the listener needs no certificates.
                setup.callback = UPIWorld.callback.filter { !$0.hasPrefix("client_certificate_subject") }
            }, body)
    }

    /// The payer's address chooses what happens.
    private static func upi(_ payer: String) -> JSON {
        let upi: [(String, JSON)] = [
            ("flow", .string("pay")), ("payer_vpa", .string("\(payer)@mock")), ("payee_vpa", .string("shop@bank")),
        ]
        let method = JSON.members([("type", .string("upi")), ("upi", .members(upi))])
        return Caller.order(("currency", .string("INR")), ("method", method))
    }

    @Test("a UPI payment is taken and found paid, or approved at once; a refund is taken")
    func upiLife() async throws {
        try await Self.withUPI { acme in
            let taken = try await acme.pay(Self.upi("alice"))
            #expect(taken.status == 202)
            #expect(taken.reason == "awaiting_gateway", "\(taken.text)")
            #expect(try await acme.sync(taken.id).state == "succeeded")
            let paid = try await acme.pay(Self.upi("approved"))
            #expect(paid.state == "succeeded", "\(paid.text)")
            let refund = try await acme.refund(paid.id)
            #expect(refund.status == 202)
            #expect(refund.state == "processing", "\(refund.text)")
        }
    }

    @Test("a UPI payment is declined by its payer's address")
    func upiDeclines() async throws {
        let declines = [("insufficient.funds", "Z9"), ("limit.exceeded", "Z8"), ("expired", "U69"), ("debit.failed", "U30/Z9")]
        try await Self.withUPI { acme in
            for (payer, code) in declines {
                let failed = try await acme.pay(Self.upi(payer))
                #expect(failed.state == "failed", "\(payer)")
                #expect(failed["failure"]?["gateway_code"]?.text == code, "\(failed.text)")
            }
        }
    }

    @Test("a UPI facade's faults prove nothing: it is asked, and says that it has paid; but 429 does")
    func upiFaults() async throws {
        try await Self.withUPI { acme in
            for payer in ["internal.error", "unavailable", "dropped", "page", "duplicate", "partial", "debit.timeout"] {
                let paid = try await acme.pay(Self.upi(payer))
                #expect(paid.state == "succeeded", "\(payer)")
                #expect(paid.attempts.map { $0["operation"]?.text } == ["payment", "inquiry"])
                #expect(paid.attempts.map { $0["outcome"]?.text } == ["unknown", "approved"], "\(paid.text)")
            }
            #expect(try await acme.pay(Self.upi("too.many")).state == "queued")
        }
    }
}
