import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("Recovery of captures, voids and refunds (O7, O8, R4)", .timeLimit(.minutes(1)))
struct OperationRecoveryTests {
    private static let cadence = Cadence(first: .seconds(2), factor: 2, max: .seconds(8), giveUpAfter: .seconds(10))
    private let world: World

    init() throws {
        world = try World(route: ["bank-a", "bank-b"], policy: .init(maximumRetries: 0, inquiry: Self.cadence))
    }

    private func recover(_ steps: FakeTransport.Step..., after wait: Duration = .seconds(2)) async {
        world.time.advance(by: wait)
        for step in steps { world.bank.script(step) }
        await world.recover()
    }

    /// An operation whose answer was lost, and whose question was not answered.
    private func lost(_ kind: OperationRecord.Kind, amount: Int64? = nil) async throws -> PaymentID {
        let id = try await world.paid(kind == .refund ? .payment() : .authorization)
        world.bank.script(.lost, .silence)
        try #require(try await world.operate(kind, on: id, amount: amount).status == 202)
        return id
    }

    private func operation(_ kind: OperationRecord.Kind, of id: PaymentID) async throws -> OperationRecord {
        let work = try await world.store.work(WorkID(id, try world.operation(kind, of: id)))
        return try #require(work?.operation?.record)
    }

    private func isReserved(_ kind: OperationRecord.Kind) async throws -> Bool {
        let reservations = try await world.stored().reservations
        return kind == .refund ? reservations.refundsOpen > 0 : reservations.capturing != nil
    }

    private static let done: [(OperationRecord.Kind, FakeTransport.Step, PaymentRecord.Status)] = [
        (.capture, .charge("APPROVED"), .succeeded), (.void, .charge("VOIDED"), .canceled),
        (.refund, .refund("APPROVED", amount: 1_000), .succeeded),
    ]
    private static let notDone: [(OperationRecord.Kind, FakeTransport.Step)] = [
        (.capture, .charge("AUTHORIZED")), (.void, .charge("AUTHORIZED")), (.refund, .notFound),
    ]

    @Test("a lost one is asked about, and settled by what the gateway says", arguments: done.indices)
    func found(_ index: Int) async throws {
        let (kind, step, status) = Self.done[index]
        let id = try await lost(kind)
        #expect(try await isReserved(kind))
        await recover(step)
        #expect(try await operation(kind, of: id).status == .succeeded)
        #expect(try await world.record().status == status)
        #expect(try await !isReserved(kind))
        #expect(world.bank.sent.count == 4)
        #expect(try await world.operate(kind, on: id).status == (kind == .refund ? 201 : 200))
    }

    @Test("one that was not done is sent again under the same reference, to the same gateway (O3, O7)", arguments: done.indices)
    func sentAgain(_ index: Int) async throws {
        let (kind, step, status) = Self.done[index]
        let id = try await lost(kind)
        await recover(Self.notDone[index].1, step)
        #expect(try await operation(kind, of: id).status == .succeeded)
        #expect(try await world.record().status == status)
        let sent = world.bank.sent.filter { $0.request.method == .post }.map(\.request)
        try #require(sent.count == 3)
        #expect(sent[1].body == sent[2].body)
        #expect(sent[1].target == sent[2].target)
        #expect(world.hosts.allSatisfy { $0 == "bank-a.test" })
    }

    @Test("it is not looked at before its time", arguments: done.indices)
    func tooEarly(_ index: Int) async throws {
        _ = try await lost(Self.done[index].0)
        await recover(after: .milliseconds(1_999))
        #expect(world.bank.sent.count == 3)
    }

    @Test(
        "a gateway that does not answer the question is sent nothing, and the reservation stays (O4, O8)",
        arguments: [OperationRecord.Kind.capture, .void, .refund],
        [FakeTransport.Step.silence, .problem(429, "SLOW"), .problem(404, "NO_SUCH_PAGE"), .fails(.sample(.connectRefused))])
    func unanswered(kind: OperationRecord.Kind, step: FakeTransport.Step) async throws {
        let id = try await lost(kind)
        await recover(step)
        #expect(try await operation(kind, of: id).status == .processing)
        #expect(try await isReserved(kind))
        #expect(world.bank.sent.count == 4)
    }

    @Test("a final refusal ends the reservation, and leaves the payment as it was (O7, O8)")
    func refused() async throws {
        let id = try await lost(.refund, amount: 400)
        await recover(.refund("DECLINED", amount: 400, code: "05"))
        #expect(try await operation(.refund, of: id).status == .failed)
        #expect(try await !isReserved(.refund))
        #expect(try await world.record().amountRefunded == 0)
        #expect(try await world.operate(.refund, on: id, amount: 400).state == "failed")
    }

    @Test("a repeat that is rejected says nothing of what was sent before it: the reservation stays (O1, O8)")
    func repeatRejected() async throws {
        let id = try await lost(.refund, amount: 400)
        await recover(.notFound, .problem(422, "WRONG"))
        #expect(try await operation(.refund, of: id).status == .processing)
        #expect(try await isReserved(.refund))
    }

    @Test("one that cannot be settled is given up for an operator, with its reservation kept (R4, O8)", arguments: done.indices)
    func givenUp(_ index: Int) async throws {
        let kind = Self.done[index].0
        let id = try await lost(kind)
        for wait in [2, 2, 4, 8] { await recover(.silence, after: .seconds(wait)) }
        let given = try await operation(kind, of: id)
        #expect(given.status == .manualReview)
        #expect(given.deadLetter?.reason == .outcomeUnknown)
        #expect(try await isReserved(kind))
        #expect(try await world.record().status == (kind == .refund ? .succeeded : .authorized))
        let sent = world.bank.sent.count
        await recover(after: .seconds(3_600))
        #expect(world.bank.sent.count == sent)
        let dead = try await world.store.listed(on: .dead, after: nil, limit: 10)
        #expect(dead.items.map(\.id) == [WorkID(id, given.id)])
    }

    @Test("what was certainly not processed is tried again on the schedule (O7)")
    func notProcessed() async throws {
        let id = try await world.paid()
        world.bank.script(.notTaken)
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 202)
        await recover(.notFound, .refund("APPROVED", amount: 400))
        #expect(try await world.record().amountRefunded == 400)
        #expect(world.hosts.allSatisfy { $0 == "bank-a.test" })
    }

    @Test("a dead owner's operation is taken over once its lease has run out, and asked about first")
    func deadOwner() async throws {
        let replica = try World(route: ["bank-a", "bank-b"], beside: world)
        let id = try await world.paid()
        world.bank.script(.held(by: Gate(), then: .refund("APPROVED", amount: 400)))
        let world = world
        let sent = world.bank.sent.count
        _ = Task { try await world.operate(.refund, on: id, amount: 400) }
        await world.bank.sent(atLeast: sent + 1)
        world.time.advance(by: World.lease - .milliseconds(1))
        await replica.recover()
        #expect(world.bank.sent.count == sent + 1)
        world.time.advance(by: .milliseconds(1))
        world.bank.script(.notFound, .refund("APPROVED", amount: 400))
        await replica.recover()
        #expect(world.sent[sent + 1].hasPrefix("GET /v1/charges/\(id)/refunds/"))
        #expect(try await world.record().amountRefunded == 400)
        #expect(try await world.stored().reservations.refundsOpen == 0)
    }

    @Test("under another account it is neither asked nor sent: an operator has it, with its reservation (R9)")
    func anotherAccount() async throws {
        let id = try await lost(.refund, amount: 400)
        let replica = try World(account: "acme-456", beside: world)
        world.time.advance(by: .seconds(2))
        await replica.recover()
        #expect(world.bank.sent.count == 3)
        #expect(try await operation(.refund, of: id).deadLetter?.reason == .gatewayChanged)
        #expect(try await isReserved(.refund))
    }

    @Test("a word that settles the refund before it is sent again keeps it from being sent (P1)")
    func wordFirst() async throws {
        let id = try await lost(.refund, amount: 400)
        let refund = try world.operation(.refund, of: id).text
        let (asked, world) = (Gate(), world)
        let money = Money(minorUnits: 400, currency: try #require(Currency("EUR")))
        world.time.advance(by: .seconds(2))
        world.bank.script(.held(by: asked, then: .notFound))
        await world.recovery.pass()
        await world.bank.sent(atLeast: 4)
        let said = Outcome.approved(Approval(state: .refunded, gatewayReference: "said", money: money))
        #expect(try await world.hear(said, of: id.text, refund: refund) == .applied)
        asked.open()
        await world.inFlight.idle()
        #expect(world.bank.sent.count == 4)
        #expect(try await world.record().amountRefunded == 400)
    }
}
