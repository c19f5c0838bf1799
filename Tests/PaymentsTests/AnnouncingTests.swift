import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("What a payment's life tells its tenant", .timeLimit(.minutes(1)))
struct AnnouncingTests {
    private static let pix = JSON.payment(("method", .members([("type", .string("pix")), ("pix", .members([]))])))

    private let world: World
    private let events: EventWorld

    init() throws {
        let queue = Cadence(first: .seconds(30), factor: 2, max: .seconds(600), giveUpAfter: .seconds(3_600))
        world = try World(route: ["bank-a", "bank-b"], queue: queue)
        events = EventWorld(world)
    }

    /// The story so far, and that its last event shows what a reader sees now.
    private func expectTold(
        _ types: String..., causes: [String]? = nil, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let told = try await events.told()
        #expect(told.types == types, sourceLocation: location)
        if let causes { #expect(told.causes == causes, sourceLocation: location) }
        #expect(try await events.shown() == told.last?["data"], sourceLocation: location)
        #expect(try await Int64(world.record().version) == told.last?["version"]?.integer, sourceLocation: location)
        #expect(told.versions == told.versions.sorted() && Set(told.versions).count == told.count, sourceLocation: location)
    }

    private func unknown() async throws {
        world.bank.script(.lost, .silence)
        try #require(try await world.pay().status == 202)
    }

    // MARK: Charges

    @Test(
        "a final answer is one event, caused by the response, and shows what the caller was answered",
        arguments: [
            (FakeTransport.Step.charge("APPROVED"), "payment.succeeded"), (.charge("DECLINED", code: "51"), "payment.failed"),
            (.charge("ACTION_REQUIRED", action: .members([("type", .string("approve_in_app"))])), "payment.requires_action"),
        ])
    func answered(step: FakeTransport.Step, type: String) async throws {
        world.bank.script(step)
        let answer = try await world.pay()
        try await expectTold(type, causes: ["response"])
        let event = try #require(try await events.told().first)
        #expect(event["data"] == answer.json)
        #expect(event["created_at"]?.text == world.time.now().rfc3339)
        #expect(event["timestamp"] == event["created_at"])
    }

    @Test("what is not known yet is told as such, and again once it is known")
    func laterKnown() async throws {
        try await unknown()
        try await expectTold("payment.processing", causes: ["response"])
        world.time.advance(by: .seconds(3))
        world.bank.script(.charge("APPROVED"))
        _ = await world.service.sync(try world.id(), call: world.call("sync"))
        try await expectTold("payment.processing", "payment.succeeded", causes: ["response", "reconciliation"])
    }

    @Test("that the gateway has it and that it is asked about are no two events")
    func processingOnce() async throws {
        try await unknown()
        world.bank.script(.charge("PENDING"))
        _ = await world.service.sync(try world.id(), call: world.call("sync"))
        #expect(try await world.record().processingReason == .awaitingGateway)
        #expect(try await events.told().types == ["payment.processing"])
    }

    @Test("a queued payment is told once, however often it is tried again")
    func queuedOnce() async throws {
        world.bank.script(.notTaken, .notTaken)
        try #require(try await world.pay(Self.pix).state == "queued")
        try await expectTold("payment.queued", causes: ["response"])
        for pause in [30, 60] {
            world.time.advance(by: .seconds(pause * 2))
            world.bank.script(.notTaken, .notTaken)
            await world.recover()
        }
        #expect(world.charges.count == 6)
        #expect(try await events.told().types == ["payment.queued"])
        world.time.advance(by: .seconds(600))
        world.bank.script(.charge("APPROVED"))
        await world.recover()
        try await expectTold("payment.queued", "payment.succeeded", causes: ["response", "reconciliation"])
    }

    @Test("a failover is no event; the one at its end shows both attempts")
    func failover() async throws {
        world.bank.script(.notTaken, .charge("APPROVED"))
        _ = try await world.pay()
        try await expectTold("payment.succeeded")
        let data = try await events.told().first?["data"]
        #expect(data?["gateway"] == .string("bank-b"))
        #expect(data?["attempts"]?.elements?.count == 2)
    }

    @Test("a payment that no gateway could take shows the payment, though its caller was answered with a problem (T3)")
    func unavailable() async throws {
        world.bank.script(.notTaken, .notTaken)
        #expect(try await world.pay(.payment(("on_unavailable", .string("fail")))).status == 503)
        try await expectTold("payment.failed", causes: ["response"])
    }

    @Test("what must be looked at by people is told")
    func manualReview() async throws {
        world.bank.script(.charge("APPROVED", amount: 999))
        _ = try await world.pay()
        try await expectTold("payment.manual_review", causes: ["response"])
    }

    // MARK: Who said so

    @Test("a callback is the cause of what it brings; said again it brings nothing")
    func callback() async throws {
        try await unknown()
        for _ in 0..<2 { _ = try await world.hear(try approval()) }
        try await expectTold("payment.processing", "payment.succeeded", causes: ["response", "callback"])
    }

    @Test("what recovery finds out is caused by reconciliation")
    func recovery() async throws {
        try await world.abandonPayment(Self.pix)
        world.bank.script(.charge("APPROVED"))
        try await World(route: ["bank-a", "bank-b"], beside: world).recover()
        try await expectTold("payment.succeeded", causes: ["reconciliation"])
    }

    @Test("what an operator vouches for is caused by the operator", arguments: [VouchedOutcome.succeeded, .failed])
    func discarded(_ outcome: VouchedOutcome) async throws {
        world.bank.script(.charge("APPROVED", amount: 999))
        _ = try await world.pay()
        let operators = OperatorService(
            store: world.store, routing: world.service.routing, vault: world.vault, time: world.time,
            keeping: world.service.settings.keeping, logger: world.log.logger)
        let order = try OperatorSample.discard(outcome, at: outcome == .succeeded ? "bank-a" : nil)
        _ = try await operators.discard(WorkID(try world.id()), order, by: "ana")
        try await expectTold("payment.manual_review", "payment.\(outcome.rawValue)", causes: ["response", "operator"])
    }

    private func approval(_ state: Approval.State = .captured, _ amount: Int64 = 1_000) throws -> Outcome {
        let money = Money(minorUnits: amount, currency: try #require(Currency("EUR")))
        return .approved(Approval(state: state, gatewayReference: "said", money: money))
    }

    // MARK: Operations

    @Test(
        "a capture or void shows in its payment",
        arguments: [
            (OperationRecord.Kind.capture, "APPROVED", "payment.succeeded"), (.void, "VOIDED", "payment.canceled"),
        ])
    func reversalOrCapture(kind: OperationRecord.Kind, status: String, type: String) async throws {
        let id = try await world.paid(.authorization)
        try await expectTold("payment.authorized")
        world.bank.script(.charge(status))
        let answer = try await world.operate(kind, on: id)
        try await expectTold("payment.authorized", type, causes: ["response", "response"])
        #expect(try await events.told().last?["data"] == answer.json)
    }

    @Test("a refund has events of its own, of its own versions, and none of its payment's")
    func refund() async throws {
        let id = try await world.paid()
        world.bank.script(.lost, .silence)
        let answer = try await world.operate(.refund, on: id, amount: 400)
        try #require(answer.status == 202)
        let first = try #require(try await events.told().last)
        #expect(first["type"] == .string("refund.processing"))
        #expect(first["data"] == answer.json)
        let refund = try world.operation(.refund, of: id).text
        for _ in 0..<2 { _ = try await world.hear(try approval(.refunded, 400), refund: refund) }
        let told = try await events.told()
        #expect(told.types == ["payment.succeeded", "refund.processing", "refund.succeeded"])
        #expect(told.causes == ["response", "response", "callback"])
        let last = try #require(told.last)
        #expect(last["data"]?["id"] == .string(refund))
        #expect(last["data"]?["status"] == .string("succeeded"))
        #expect(try #require(last["version"]?.integer) > first["version"]?.integer ?? .max)
        #expect(try await world.operate(.refund, on: id, amount: 400).json == last["data"])
    }

    @Test("a refund that is done at once is one event, with what its caller was answered")
    func refundAtOnce() async throws {
        let id = try await world.paid()
        world.bank.script(.refund("APPROVED", amount: 400))
        let answer = try await world.operate(.refund, on: id, amount: 400)
        let told = try await events.told()
        #expect(told.types == ["payment.succeeded", "refund.succeeded"])
        #expect(told.last?["data"] == answer.json)
    }

    // MARK: Once

    @Test("nothing is told of work in flight: neither its beginning nor that it moves on to another gateway")
    func inFlight() async throws {
        let held = Gate()
        let answer = try await world.beginPaying(held: held, then: .notTaken)
        #expect(try await events.told().isEmpty)
        let again = Gate()
        world.bank.script(.held(by: again, then: .charge("APPROVED")))
        held.open()
        await world.bank.sent(atLeast: 2)
        #expect(try await world.record().version > 1)
        #expect(try await events.told().isEmpty)
        again.open()
        #expect(try await answer.value.status == 201)
        try await expectTold("payment.succeeded")
    }

    @Test("nor that it is tried again")
    func retry() async throws {
        let world = try World(policy: Gateway.Policy(maximumRetries: 1))
        let events = EventWorld(world)
        world.bank.script(.notTaken, .charge("APPROVED"))
        async let answer = world.pay()
        await world.time.sleepers(atLeast: 2)
        #expect(try await world.record().attempts.count == 1)
        #expect(try await events.told().isEmpty)
        world.time.advance(by: .seconds(2))
        #expect(try await answer.status == 201)
        #expect(world.charges.count == 2)
        #expect(try await events.told().types == ["payment.succeeded"])
    }

    @Test("a payment that is taken over and sent again is told once, at its end")
    func takeover() async throws {
        try await world.abandonPayment()
        #expect(try await events.told().isEmpty)
        let held = Gate()
        world.bank.script(.notFound, .held(by: held, then: .charge("APPROVED")))
        async let answer = world.pay()
        await world.bank.sent(atLeast: 3)
        #expect(try await events.told().isEmpty)
        held.open()
        #expect(try await answer.status == 201)
        try await expectTold("payment.succeeded", causes: ["response"])
    }

    @Test("a settlement that is repeated because its reply was lost tells once", arguments: [1, 3])
    func replyLost(times: Int) async throws {
        world.bank.script(.charge("APPROVED"))
        world.store.fail([.settle], .replyLost, times: times)
        #expect(try await world.pay().status == 202)
        await world.finish(pauses: times)
        try await expectTold("payment.succeeded", causes: ["response"])
    }

    @Test("one whose reply was lost after it was relayed tells nothing a second time")
    func replyLostAfterRelay() async throws {
        world.bank.script(.charge("APPROVED"))
        world.store.fail([.settle], .replyLost, times: 1)
        #expect(try await world.pay().status == 202)
        #expect(try await events.told().types == ["payment.succeeded"])
        await world.finish()
        try await expectTold("payment.succeeded")
    }

    @Test("an owner whose settlement conflicts with a callback tells what is news after it, once")
    func conflict() async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        _ = try await world.hear(.pending(gatewayReference: "said"))
        let before = try await events.told().types
        gate.open()
        _ = try await answer.value
        await world.inFlight.idle()
        #expect(try await events.told().types == before + ["payment.succeeded"])
        try #require(before.count <= 1)
    }

    @Test("nor does it tell again what the callback told")
    func conflictOnTheSame() async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        _ = try await world.hear(try approval())
        try await expectTold("payment.succeeded", causes: ["callback"])
        gate.open()
        _ = try await answer.value
        await world.inFlight.idle()
        #expect(try await events.told().types == ["payment.succeeded"])
    }

    @Test("a repeat with the same key tells nothing")
    func repeated() async throws {
        _ = try await world.paid()
        #expect(try await world.pay().replayed)
        try await expectTold("payment.succeeded")
    }

    // MARK: Secrecy

    @Test("no event holds a card number or CVC, as told or as stored")
    func secrecy() async throws {
        let id = try await world.paid()
        world.bank.script(.refund("DECLINED", amount: 400))
        _ = try await world.operate(.refund, on: id, amount: 400)
        let outbox = world.memory.outbox(of: nil, limit: 10).map(\.event.sealed)
        try #require(outbox.count == 2)
        for sealed in outbox { #expect(!String(decoding: sealed, as: UTF8.self).contains("Ana Souza")) }
        try await events.relay()
        let told = try await events.read().text
        for secret in ["4111111111111111", "411111111111", "737", "cvc"] { #expect(!told.contains(secret), "\(secret)") }
        #expect(told.contains("1111"))
    }

    @Test("what no key opens any more is told by its id alone, and the log says so")
    func unopenable() async throws {
        _ = try await world.paid()
        try await events.relay()
        let key = try #require(Vault.Key(id: "v2", secret: Secret([UInt8](repeating: 8, count: 32))))
        let feed = EventFeed(
            store: events.store, vault: Vault(first: key, random: SeededRandom()), inFlight: world.inFlight, time: world.time,
            logger: world.log.logger)
        let answer = await feed.events(after: nil, limit: 10, wait: .zero, call: world.call())
        let event = try #require(try answer.events.first)
        #expect(event["type"] == .string("payment.succeeded"))
        #expect(event["data"] == JSON.members([("id", .string(try world.id().text))]))
        #expect(world.log.lines.contains { $0.contains("record cannot be opened") })
    }
}
