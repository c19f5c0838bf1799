import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("What operators do with callbacks that could not be applied", .timeLimit(.minutes(1)))
struct CallbackReviewTests {
    private let world: World

    init() throws { world = try World(route: ["bank-a", "bank-b"]) }

    private var review: CallbackReview { world.review }

    private func order(_ payment: String? = nil, reason: String = "asked the bank") throws -> ApplyOrder {
        try ApplyOrder(.present([("reason", .string(reason)), ("payment", payment.map { .string($0) })]))
    }

    private func discard() throws -> DiscardCallbackOrder {
        try DiscardCallbackOrder(.members([("reason", .string("not ours"))]))
    }

    /// One that names nothing that is known here.
    private func unmatched(_ status: String = "APPROVED", _ change: (inout BankNews) -> Void = { _ in }) async throws
        -> CallbackID
    {
        let news = try world.news(status) { news in
            (news.charge, news.bankReference) = (World.nobodys, "bank-9")
            change(&news)
        }
        try #require(try await world.post(news) == .received)
        return try #require(try await world.kept().last).id
    }

    private func malformed() async throws -> CallbackID {
        try #require(try await world.post(world.callback(body: "{")).status == 400)
        return try #require(try await world.kept(.malformed).first).id
    }

    private func problem(_ code: Problem.Code, _ body: () async throws -> Void) async {
        let thrown = await #expect(throws: Problem.self) { try await body() }
        #expect(thrown?.code == code)
    }

    private func listed(_ kind: KeptCallback.Kind = .unmatched) async throws -> [JSON] {
        let page = try await review.listed(kind, after: nil, limit: 10)
        return try #require(page["data"]?.elements)
    }

    // MARK: Looking

    @Test("one that waits is listed with its references and nothing of what is sealed")
    func waiting() async throws {
        let id = try await unmatched("PENDING")
        world.time.advance(by: .seconds(5))
        let row = try #require(try await listed().first)
        #expect(
            row
                == .members([
                    ("id", .string(id.text)), ("gateway", .string("bank-a")), ("kind", .string("unmatched")),
                    ("event_id", .string("evt_1")), ("received_at", .string("2026-01-01T00:00:00.000Z")),
                    ("waiting", .bool(true)),
                    ("charge", .string(World.nobodys)), ("refund", .null), ("gateway_reference", .string("bank-9")),
                    ("outcome", .string("pending")),
                ]))
        #expect(try await review.listed(.unmatched, after: nil, limit: 10)["as_of"] == .string("2026-01-01T00:00:05.000Z"))
        #expect(try await listed(.malformed).isEmpty)
    }

    @Test("after 24 h it waits no more, and stays listed", arguments: [(-1, true), (0, false), (86_400_000, false)])
    func waitingNoMore(milliseconds: Int, isWaiting: Bool) async throws {
        _ = try await unmatched()
        world.time.advance(by: KeptCallback.patience + .milliseconds(milliseconds))
        #expect(try await listed().map { $0["waiting"] } == [.bool(isWaiting)])
    }

    @Test("one that cannot be read is listed as such, and never waits")
    func listedMalformed() async throws {
        let id = try await malformed()
        let row = try #require(try await listed(.malformed).first)
        #expect(row["id"] == .string(id.text))
        #expect(row["kind"] == .string("malformed"))
        #expect(row["waiting"] == .bool(false))
        #expect(row["charge"] == .null)
        #expect(try await listed().isEmpty)
    }

    @Test("they are listed oldest first, page by page; a cursor that no page gave is refused")
    func pages() async throws {
        var ids: [String] = []
        for number in 0..<5 { ids.append(try await unmatched { $0.eventID = "evt_\(number)" }.text) }
        var seen: [String] = []
        var cursor: String?
        repeat {
            let page = try await review.listed(.unmatched, after: cursor, limit: 2)
            seen += try #require(page["data"]?.elements).compactMap { $0["id"]?.text }
            cursor = page["next"]?.text
        } while cursor != nil && seen.count < 10
        #expect(seen == ids)
        await #expect(throws: Problem.self) { try await review.listed(.unmatched, after: "nonsense", limit: 2) }
    }

    // MARK: Applying

    @Test("applied to a payment that is named it counts as if it had just come, and the history names who did it")
    func applied() async throws {
        try await world.unknown()
        let id = try await unmatched()
        let decision = try await review.apply(id, order(world.id().text), by: "mara")
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(decision["verdict"] == .string("applied"))
        #expect(decision["result"] == .string("applied"))
        #expect(decision["payment"] == .string(record.id.text))
        let entry = try #require(try await world.store.history(of: record.id).last { $0.event == "callback_applied" })
        #expect(entry.actor == "mara")
        #expect(entry.cause == .operator)
        #expect(entry.reason == "asked the bank")
        #expect(entry.version == record.version)
        #expect(try await world.kept().isEmpty)
    }

    @Test("the same rules hold: another amount is never success (O6), and an old word is stale")
    func sameRules() async throws {
        try await world.unknown()
        let other = try await unmatched { $0.amount = 999 }
        _ = try await review.apply(other, order(world.id().text), by: "mara")
        #expect(try await world.record().status == .manualReview)
        _ = try await world.post(world.news { $0.eventID = "evt_2" })
        let old = try await unmatched("PENDING") { ($0.eventID, $0.bankReference) = ("evt_3", "bank-8") }
        #expect(try await review.apply(old, order(world.id().text), by: "mara")["result"] == .string("stale"))
        #expect(try await world.record().status == .succeeded)
    }

    @Test("without a payment it is matched again by its own references")
    func matchedAgain() async throws {
        let id = try await unmatched { ($0.charge, $0.bankReference) = (nil, "bank-1") }
        // Too late to be applied by itself.
        world.time.advance(by: KeptCallback.patience)
        world.bank.script(.charge("PENDING"))
        _ = try await world.pay()
        await world.inFlight.idle()
        try #require(try await world.record().status == .processing)
        let decision = try await review.apply(id, order(), by: "mara")
        #expect(decision["result"] == .string("applied"))
        #expect(decision["payment"] == .null)
        #expect(try await world.record().status == .succeeded)
    }

    @Test("where it still matches nothing, a payment must be named, and it stays")
    func mustBeNamed() async throws {
        let id = try await unmatched()
        await problem(.validationFailed) { _ = try await review.apply(id, order(), by: "mara") }
        #expect(try await world.kept().map(\.id) == [id])
        #expect(try await world.callbacks.decisions(limit: 10).isEmpty)
    }

    @Test("a payment without an attempt at its gateway is 409: it speaks for its gateway alone")
    func otherGateway() async throws {
        world.bank.script(.charge("PENDING"))
        _ = try await world.pay(.payment(("gateway", .string("bank-b"))))
        for id in [try await unmatched(), try await malformed()] {
            await problem(.invalidState) { _ = try await review.apply(id, order(world.id().text), by: "mara") }
        }
        #expect(try await world.record().processingReason == .awaitingGateway)
        #expect(try await world.callbacks.tally().count == 2)
    }

    @Test("a payment where a refund is meant, or a refund where a payment is, is refused")
    func otherKind() async throws {
        let payment = try await world.paid()
        world.bank.script(.lost, .silence)
        try #require(try await world.operate(.refund, on: payment, amount: 400).status == 202)
        await world.inFlight.idle()
        let refund = try world.operation(.refund, of: payment)
        let ofCharge = try await unmatched()
        let ofRefund = try await unmatched {
            ($0.eventID, $0.refund, $0.amount, $0.isRefund) = ("evt_2", "ref_" + String(repeating: "0", count: 26), 400, true)
        }
        await problem(.validationFailed) { _ = try await review.apply(ofCharge, order("\(payment)/\(refund)"), by: "mara") }
        await problem(.validationFailed) { _ = try await review.apply(ofRefund, order(payment.text), by: "mara") }
        #expect(try await world.record().amountRefunded == 0)
        #expect(try await review.apply(ofRefund, order("\(payment)/\(refund)"), by: "mara")["result"] == .string("applied"))
        #expect(try await world.record().amountRefunded == 400)
    }

    @Test("a payment or operation that is not there is 404, and it stays", arguments: ["", "/ref_", "/cap_"])
    func noSuchPayment(suffix: String) async throws {
        let id = try await unmatched()
        let target = suffix.isEmpty ? World.nobodys : "\(World.nobodys)\(suffix)" + String(repeating: "0", count: 26)
        await problem(.notFound) { _ = try await review.apply(id, order(target), by: "mara") }
        #expect(try await world.kept().map(\.id) == [id])
    }

    @Test("one that cannot be read asks the bank about the payment that is named")
    func malformedAsks() async throws {
        try await world.unknown()
        let id = try await malformed()
        await problem(.validationFailed) { _ = try await review.apply(id, order(), by: "mara") }
        world.bank.script(.charge("APPROVED"))
        let decision = try await review.apply(id, order(world.id().text), by: "mara")
        await world.inFlight.idle()
        #expect(decision["result"] == .string("asked"))
        #expect(world.sent.last == "GET /v1/charges/\(try world.id())")
        #expect(try await world.record().status == .succeeded)
        #expect(try await world.kept(.malformed).isEmpty)
    }

    @Test("one whose gateway is gone cannot be applied, only discarded")
    func gatewayGone() async throws {
        let id = try #require(CallbackID("cb_" + String(repeating: "0", count: 26)))
        let kept = KeptCallback(
            id: id, gateway: "bank-z", kind: .unmatched, eventID: nil, subject: nil, outcome: nil, receivedAt: world.time.now(),
            sealed: [])
        #expect(try await world.callbacks.keep(kept, limit: 10) == .kept)
        await problem(.invalidState) { _ = try await review.apply(id, order(World.nobodys), by: "mara") }
        _ = try await review.discard(id, discard(), by: "mara")
        #expect(try await world.kept().isEmpty)
    }

    @Test("one that no key opens cannot be applied")
    func notOpened() async throws {
        try await world.unknown()
        let id = try #require(CallbackID("cb_" + String(repeating: "0", count: 26)))
        let kept = KeptCallback(
            id: id, gateway: "bank-a", kind: .unmatched, eventID: nil, subject: nil, outcome: nil, receivedAt: world.time.now(),
            sealed: [1, 2, 3])
        #expect(try await world.callbacks.keep(kept, limit: 10) == .kept)
        await problem(.invalidState) { _ = try await review.apply(id, order(world.id().text), by: "mara") }
        #expect(try await world.record().status == .processing)
    }

    // MARK: Discarding, and what is remembered

    @Test("discarded it is applied neither now nor when its payment appears")
    func discarded() async throws {
        try #require(try await world.post(world.news()) == .received)
        let id = try #require(try await world.kept().first).id
        let decision = try await review.discard(id, discard(), by: "mara")
        #expect(decision["verdict"] == .string("discarded"))
        #expect(decision["reason"] == .string("not ours"))
        world.bank.script(.charge("PENDING"))
        #expect(try await world.pay().state == "processing")
        #expect(try await world.kept().isEmpty)
    }

    @Test("decisions are remembered, newest first, with who and why")
    func decisions() async throws {
        try await world.unknown()
        let first = try await unmatched()
        let second = try await unmatched { $0.eventID = "evt_2" }
        let applied = try await review.apply(first, order(world.id().text), by: "mara")
        let discarded = try await review.discard(second, discard(), by: "joão")
        #expect(try await review.decisions(limit: 10)["data"] == .array([discarded, applied]))
        #expect(try await review.decisions(limit: 1)["data"] == .array([discarded]))
        #expect(applied["actor"] == .string("mara"))
        #expect(discarded["actor"] == .string("joão"))
        #expect(applied["event_id"] == .string("evt_1"))
    }

    @Test("what was decided once is 404, as is an id that nothing has")
    func twice() async throws {
        let id = try await unmatched()
        _ = try await review.discard(id, discard(), by: "mara")
        let unknown = try #require(CallbackID("cb_" + String(repeating: "0", count: 26)))
        for id in [id, unknown] {
            await problem(.notFound) { _ = try await review.discard(id, discard(), by: "mara") }
            await problem(.notFound) { _ = try await review.apply(id, order(), by: "mara") }
        }
        #expect(try await world.callbacks.decisions(limit: 10).count == 1)
    }

    @Test("while the store is away it is 503, and nothing is lost", arguments: [FaultyCallbackStore.Step.read, .decide])
    func storeAway(step: FaultyCallbackStore.Step) async throws {
        try await world.unknown()
        let id = try await unmatched()
        world.callbacks.fail(step)
        await problem(.stateStoreUnavailable) { _ = try await review.apply(id, order(world.id().text), by: "mara") }
        await problem(.stateStoreUnavailable) { _ = try await review.discard(id, discard(), by: "mara") }
        if step == .read {
            await problem(.stateStoreUnavailable) { _ = try await review.listed(.unmatched, after: nil, limit: 1) }
            await problem(.stateStoreUnavailable) { _ = try await review.decisions(limit: 1) }
        }
        world.callbacks.heal()
        #expect(try await world.kept().map(\.id) == [id])
        _ = try await review.apply(id, order(world.id().text), by: "mara")
        #expect(try await world.record().status == .succeeded)
        #expect(try await world.told("payment.succeeded") == 1)
        #expect(try await world.told("callback_applied") == 1)
    }

    @Test("where the payments' store is away it is 503, and the callback stays", arguments: [FaultyStore.Step.read, .settle])
    func paymentsAway(step: FaultyStore.Step) async throws {
        try await world.unknown()
        let id = try await unmatched()
        world.store.fail([step], .away)
        await problem(.stateStoreUnavailable) { _ = try await review.apply(id, order(world.id().text), by: "mara") }
        world.store.heal()
        #expect(try await world.record().status == .processing)
        #expect(try await world.kept().map(\.id) == [id])
    }

    // MARK: Orders

    @Test(
        "an order needs a reason that can be read",
        arguments: [
            "{}", #"{"reason":""}"#, #"{"reason":"  "}"#, #"{"reason":null}"#, #"{"reason":7}"#, #"{"reason":"a\u0000b"}"#, "[]",
            #"{"reason":"r","more":1}"#, #"{"payment":"pay_00000000000000000000000000"}"#,
        ])
    func reasonless(text: String) throws {
        let json = try JSON.parsed(text)
        #expect(throws: Problem.self) { try ApplyOrder(json) }
        #expect(throws: Problem.self) { try DiscardCallbackOrder(json) }
    }

    @Test(
        "an order names a payment or a refund by its whole id",
        arguments: [
            "", "pay_1", "order-1", "pay_00000000000000000000000000/", "ref_00000000000000000000000000",
            "pay_0000000000000000000000000é",
        ])
    func badTarget(text: String) {
        #expect(throws: Problem.self) { try order(text) }
    }
}
