import AdapterKit
import Synchronization
import TestKit
import Testing

@testable import Payments

@Suite("Recovery", .timeLimit(.minutes(1)))
struct RecoveryTests {
    /// All of it is stored: it can be sent again without its caller.
    private static let pix = JSON.payment(("method", .members([("type", .string("pix")), ("pix", .members([]))])))
    private static let queue = Cadence(first: .seconds(30), factor: 2, max: .seconds(600), giveUpAfter: .seconds(100))

    /// The replica whose owner dies, and the one that takes over.
    private let world: World
    private let replica: World

    init() throws {
        world = try World(route: ["bank-a", "bank-b"])
        replica = try World(route: ["bank-a", "bank-b"], queue: Self.queue, beside: world)
    }

    /// A payment whose owner died with its request at the bank.
    private func abandon(_ body: JSON = pix, told: Bool = false, after age: Duration = World.lease) async throws {
        guard told else { return try await world.abandonPayment(body, after: age) }
        world.bank.script(.held(by: Gate(), then: .charge("APPROVED")))
        #expect(try await world.pay(body, patience: .zero).status == 202)
        await world.bank.sent(atLeast: 1)
        world.time.advance(by: age)
    }

    private func queued(_ body: JSON = pix) async throws {
        replica.bank.script(.notTaken, .notTaken)
        try #require(try await replica.pay(body).state == "queued")
    }

    private var question: String { get throws { "GET /v1/charges/\(try world.id())" } }

    // MARK: A dead owner's payment (R1 to R3)

    @Test("it is left alone while its owner's lease lasts (R1)")
    func leased() async throws {
        try await abandon(after: World.lease - .milliseconds(1))
        await replica.recover()
        #expect(world.bank.sent.count == 1)
        #expect(try await world.record().version == 1)
    }

    @Test("once the lease has run out it is asked about, and what the gateway says is stored and fixed for its caller (R3, K3)")
    func found() async throws {
        try await abandon()
        world.bank.script(.charge("APPROVED"))
        await replica.recover()
        #expect(try world.sent == ["POST /v1/charges", question])
        #expect(try await world.record().status == .succeeded)
        let repeated = try await replica.pay(Self.pix)
        #expect(repeated.status == 201)
        #expect(repeated.replayed)
        #expect(repeated.state == "succeeded")
    }

    @Test(
        "whatever else the gateway says of it is stored as well",
        arguments: [
            (FakeTransport.Step.charge("DECLINED", code: "51"), PaymentRecord.Status.failed), (.charge("PENDING"), .processing),
            (.charge("APPROVED", amount: 999), .manualReview), (.charge("VOIDED"), .canceled),
        ])
    func said(step: FakeTransport.Step, status: PaymentRecord.Status) async throws {
        try await abandon()
        world.bank.script(step)
        await replica.recover()
        #expect(try await world.record().status == status)
        #expect(world.bank.sent.count == 2)
    }

    @Test("\"not found\" too early: the same bytes go to the same gateway again, and to no other (R3, O3)")
    func sentAgain() async throws {
        try await abandon()
        world.bank.script(.notFound, .charge("APPROVED"))
        await replica.recover()
        #expect(try await world.record().status == .succeeded)
        #expect(world.hosts == Array(repeating: "bank-a.test", count: 3))
        #expect(world.charges[0].request.body == world.charges[1].request.body)
    }

    @Test(
        "a gateway that does not answer the question is sent nothing (O4)",
        arguments: [
            FakeTransport.Step.silence, .problem(429, "SLOW"), .problem(401, "WHO"), .fails(.sample(.connectRefused)),
            .charge("APPROVED", secret: "another-secret"), .charge("APPROVED", reference: "pay_another"),
        ])
    func unanswered(_ step: FakeTransport.Step) async throws {
        try await abandon()
        world.bank.script(step)
        await replica.recover()
        #expect(world.charges.count == 1)
        #expect(try await world.record().processingReason == .outcomeUnknown)
    }

    @Test("a payment by card is only asked about: its number was not stored (O3)")
    func card() async throws {
        try await abandon(.payment())
        world.bank.script(.notFound)
        await replica.recover()
        #expect(world.charges.count == 1)
        #expect(try await world.record().processingReason == .outcomeUnknown)
        // The caller brings it again.
        world.bank.script(.notFound, .charge("APPROVED"))
        #expect(try await replica.pay().state == "succeeded")
        #expect(world.hosts.allSatisfy { $0 == "bank-a.test" })
    }

    @Test("a payment whose caller was told 202 is queued once it is proved that nobody holds it, and taken then (R3, R5)")
    func proved() async throws {
        try await abandon(told: true, after: .seconds(302))
        world.bank.script(.notFound)
        await replica.recover()
        #expect(try await world.record().status == .queued)
        #expect(world.bank.sent.count == 2)
        world.time.advance(by: .seconds(30))
        world.bank.script(.charge("APPROVED"))
        await replica.recover()
        #expect(try await world.record().status == .succeeded)
        #expect(world.charges.count == 2)
    }

    @Test("a payment that nobody was told of is not sent after five minutes: asked, then failed (K6)")
    func tooOld() async throws {
        try await abandon(after: .seconds(301))
        world.bank.script(.notFound)
        await replica.recover()
        #expect(try await world.record().processingReason == .outcomeUnknown)
        world.time.advance(by: .seconds(1))
        world.bank.script(.notFound)
        await replica.recover()
        #expect(try await world.record().status == .failed)
        #expect(world.charges.count == 1)
        #expect(try await replica.pay(Self.pix).status == 503)
    }

    @Test("nor is it when it was found in the queue, whatever its route would take (K6)")
    func queuedTooOld() async throws {
        try await abandon(after: .seconds(400))
        world.bank.script(.notFound)
        await replica.recover()
        #expect(try await world.record().failure?.code == "gateway_unavailable")
        // What was left behind is asked once more: a late success would have to be given back (R6).
        world.bank.script(.notFound)
        await replica.recover()
        #expect(world.charges.count == 1)
    }

    @Test("of two replicas one takes it")
    func twoReplicas() async throws {
        try await abandon()
        let third = try World(route: ["bank-a", "bank-b"], beside: world)
        let asked = Gate()
        world.bank.script(.held(by: asked, then: .charge("APPROVED")))
        await replica.recovery.pass()
        await world.bank.sent(atLeast: 2)
        await third.recover()
        #expect(world.bank.sent.count == 2)
        asked.open()
        await replica.inFlight.idle()
        #expect(try await world.record().status == .succeeded)
    }

    @Test(
        "an old owner's approval is not lost, though recovery holds the payment or has given it back (R2)",
        arguments: [true, false])
    func lateApproval(whileAsked: Bool) async throws {
        let (sent, asked) = (Gate(), Gate())
        let first = try await world.beginPaying(Self.pix, held: sent, then: .charge("APPROVED"))
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.lease)
        world.bank.script(.held(by: asked, then: .silence))
        await replica.recovery.pass()
        await world.bank.sent(atLeast: 2)
        if !whileAsked {
            asked.open()
            await replica.inFlight.idle()
        }
        sent.open()
        #expect(try await first.value.state == "succeeded")
        asked.open()
        await replica.inFlight.idle()
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.amountCaptured == 1_000)
        #expect(try await world.stored().leased == false)
    }

    @Test("an old owner's \"not processed\" decides nothing after a takeover, and clears nothing up but its own attempt (R2)")
    func lateNotProcessed() async throws {
        let (sent, asked) = (Gate(), Gate())
        let first = try await world.beginPaying(Self.pix, held: sent, then: .problem(429, "SLOW"))
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.lease)
        world.bank.script(.held(by: asked, then: .silence))
        await replica.recovery.pass()
        await world.bank.sent(atLeast: 2)
        sent.open()
        #expect(try await first.value.state == "processing")
        asked.open()
        await replica.inFlight.idle()
        #expect(world.hosts == ["bank-a.test", "bank-a.test"])
        #expect(try await world.record().status == .queued)
    }

    @Test("while the store is away nothing is taken and nothing is sent; afterwards it goes on")
    func storeAway() async throws {
        try await abandon()
        world.store.fail([.recover], .away)
        await replica.recover()
        #expect(world.bank.sent.count == 1)
        world.store.heal()
        world.bank.script(.charge("APPROVED"))
        await replica.recover()
        #expect(try await world.record().status == .succeeded)
    }

    @Test("a replica that is shutting down takes nothing more")
    func draining() async throws {
        try await abandon()
        replica.inFlight.close()
        await replica.recover()
        #expect(world.bank.sent.count == 1)
    }

    @Test("it looks again every interval, until it is cancelled")
    func runs() async throws {
        try await abandon()
        world.bank.script(.charge("APPROVED"))
        let running = Task { await replica.recovery.run() }
        await world.bank.sent(atLeast: 2)
        await replica.inFlight.idle()
        running.cancel()
        await running.value
        #expect(try await world.record().status == .succeeded)
    }

    // MARK: Unknown outcomes (R4)

    @Test("what is unknown is asked about when its time has come, not before, and given up for an operator (R4)")
    func schedule() async throws {
        let cadence = Cadence(first: .seconds(2), factor: 2, max: .seconds(8), giveUpAfter: .seconds(20))
        let world = try World(policy: .init(maximumRetries: 0, inquiry: cadence))
        world.bank.script(.lost, .silence)
        #expect(try await world.pay().json["processing_reason"] == .string("outcome_unknown"))
        var asked = 2
        for wait in [2, 4, 8, 8] {
            world.time.advance(by: .seconds(wait) - .milliseconds(1))
            await world.recover()
            #expect(world.bank.sent.count == asked)
            world.time.advance(by: .milliseconds(1))
            world.bank.script(.silence)
            await world.recover()
            asked += 1
            #expect(world.bank.sent.count == asked)
        }
        let record = try await world.record()
        #expect(record.status == .manualReview)
        #expect(record.deadLetter?.reason == .outcomeUnknown)
        world.time.advance(by: .seconds(3_600))
        await world.recover()
        #expect(world.bank.sent.count == asked)
    }

    @Test("an approval heard on the schedule settles it, and its caller is shown it (R4)")
    func scheduleFound() async throws {
        world.bank.script(.lost, .silence)
        _ = try await world.pay()
        world.time.advance(by: .seconds(2))
        world.bank.script(.charge("APPROVED"))
        await world.recover()
        let shown = try await world.pay()
        #expect(shown.status == 201)
        #expect(shown.state == "succeeded")
    }

    @Test(
        "what a gateway has taken is asked about too, and \"not found\" does not undo it (R4)",
        arguments: [
            FakeTransport.Step.charge("PENDING"),
            .charge("ACTION_REQUIRED", action: .members([("type", .string("approve_in_app"))])),
        ])
    func pending(_ step: FakeTransport.Step) async throws {
        world.bank.script(step)
        let status = try await world.pay().state
        world.time.advance(by: .seconds(400))
        world.bank.script(.notFound)
        await world.recover()
        #expect(try await world.record().status.rawValue == status)
        world.time.advance(by: .seconds(400))
        world.bank.script(.charge("APPROVED"))
        await world.recover()
        #expect(try await world.record().status == .succeeded)
        #expect(world.charges.count == 1)
    }

    // MARK: The queue (R5)

    @Test("a queued payment is tried again on its schedule at the route's gateways, then given up for an operator (R5)")
    func queue() async throws {
        try await queued(.payment())
        var sent = 2
        for wait in [30, 60] {
            world.time.advance(by: .seconds(wait) - .milliseconds(1))
            await replica.recover()
            #expect(world.bank.sent.count == sent)
            world.time.advance(by: .milliseconds(1))
            world.bank.script(.notTaken, .notTaken)
            await replica.recover()
            sent += 2
            #expect(world.bank.sent.count == sent)
            #expect(try await world.record().status == .queued)
        }
        world.time.advance(by: .seconds(120))
        world.bank.script(.notTaken, .notTaken)
        await replica.recover()
        let record = try await world.record()
        #expect(record.status == .manualReview)
        #expect(record.deadLetter?.reason == .queueGaveUp)
    }

    @Test("a queued card payment is taken with its number and without its CVC, and the number is kept no longer (R5)")
    func queuedCard() async throws {
        try await queued(.payment())
        world.time.advance(by: .seconds(30))
        world.bank.script(.charge("APPROVED"))
        await replica.recover()
        #expect(try await world.record().status == .succeeded)
        let body = try JSON(parsing: try #require(world.charges.last).request.body)
        #expect(body["method"]?["card"]?["number"] == .string("4111111111111111"))
        #expect(body["method"]?["card"]?["cvc"] ?? .null == .null)
        let record = try await world.record()
        let kept = String(decoding: try world.vault.open(record.sealed, for: record.id.text), as: UTF8.self)
        #expect(!kept.contains("4111111111111111"))
    }

    @Test("a void is refused while recovery holds the queued payment, and what the gateway says counts (S)")
    func voidWhileTried() async throws {
        try await queued()
        world.time.advance(by: .seconds(30))
        let gate = Gate()
        world.bank.script(.held(by: gate, then: .charge("APPROVED")))
        await replica.recovery.pass()
        await world.bank.sent(atLeast: 3)
        let answer = try await world.operate(.void, on: try world.id())
        #expect(answer.status == 409)
        gate.open()
        await replica.inFlight.idle()
        #expect(try await world.record().status == .succeeded)
    }

    @Test("a queued payment that was voided is not tried again")
    func voided() async throws {
        try await queued()
        #expect(try await world.operate(.void, on: try world.id()).state == "canceled")
        world.time.advance(by: .seconds(3_600))
        await replica.recover()
        #expect(world.bank.sent.count == 2)
        #expect(try await world.record().status == .canceled)
    }

    @Test("an attempt from the queue whose answer was lost is asked about before anything else is sent (O4)")
    func queueUnknown() async throws {
        try await queued()
        world.time.advance(by: .seconds(30))
        world.bank.script(.lost, .silence)
        await replica.recover()
        #expect(try await world.record().processingReason == .outcomeUnknown)
        world.time.advance(by: .seconds(600))
        world.bank.script(.charge("APPROVED"))
        await replica.recover()
        #expect(try await world.record().status == .succeeded)
        #expect(world.hosts.suffix(3) == ["bank-a.test", "bank-a.test", "bank-a.test"])
    }
}
