import AdapterKit
import Payments
import Synchronization
import TestKit
import Testing

@Suite("The key of a capture, void or refund", .timeLimit(.minutes(1)))
struct OperationKeyTests {
    private let world: World

    init() throws { world = try World() }

    @Test("the same key replays the answer byte for byte; another request under it is 422 (K2, K3)")
    func replay() async throws {
        let id = try await world.paid()
        world.bank.script(.refund("APPROVED", amount: 400), .refund("APPROVED", amount: 100))
        let first = try await world.operate(.refund, on: id, amount: 400)
        _ = try await world.operate(.refund, on: id, key: "op-2", amount: 100)
        let again = try await world.operate(.refund, on: id, amount: 400)
        #expect(again.body == first.body)
        #expect(again.status == first.status)
        #expect(again.replayed)
        #expect(try await world.operate(.refund, on: id, amount: 401).code == "idempotency_key_reused")
        #expect(world.bank.sent.count == 3)
    }

    @Test("while it is at work its repeat gets 409 at once (K4); told 202, it is shown (K3)")
    func running() async throws {
        let id = try await world.paid()
        let gate = Gate()
        world.bank.script(.held(by: gate, then: .refund("APPROVED", amount: 400)))
        let world = world
        let first = Task { try await world.operate(.refund, on: id, amount: 400, patience: .seconds(1)) }
        await world.bank.sent(atLeast: 2)
        #expect(try await world.operate(.refund, on: id, amount: 400).code == "idempotency_in_progress")
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: .seconds(1))
        #expect(try await first.value.status == 202)
        let shown = try await world.operate(.refund, on: id, amount: 400)
        #expect(shown.status == 202)
        #expect(shown.state == "processing")
        gate.open()
        await world.inFlight.idle()
        #expect(try await world.record().amountRefunded == 400)
    }

    @Test("a store that is away at the claim: 503, and nothing is sent (K5)")
    func claimAway() async throws {
        let id = try await world.paid()
        world.store.fail([.claim], .away)
        #expect(try await world.operate(.refund, on: id).code == "state_store_unavailable")
        #expect(world.bank.sent.count == 1)
    }

    @Test(
        "a store that is away at the settle: 202, and settled once when it is back (T4, R2)",
        arguments: [FaultyStore.Fault.away, .replyLost])
    func settleAway(_ fault: FaultyStore.Fault) async throws {
        let id = try await world.paid()
        world.store.fail([.settle], fault, times: 3)
        world.bank.script(.refund("APPROVED", amount: 400))
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 202)
        await world.finish(pauses: 3)
        let record = try await world.record()
        #expect(record.amountRefunded == 400)
        #expect(record.attempts.count == 2)
        #expect(try await world.stored().reservations.refundsOpen == 0)
    }

    @Test("an open one whose settle reply was lost is listed once (R2)")
    func openReplyLost() async throws {
        let id = try await world.paid()
        world.store.fail([.settle], .replyLost, times: 2)
        world.bank.script(.lost, .silence)
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 202)
        await world.finish(pauses: 2)
        #expect(try await world.record().attempts.count == 2)
    }

    /// A refund whose owner died after it was sent.
    private func abandonRefund(of id: PaymentID) async throws {
        world.store.fail([.markAnswered], .away)
        let sent = world.bank.sent.count
        world.bank.script(.held(by: Gate(), then: .refund("APPROVED", amount: 400)))
        let world = world
        _ = Task { try await world.operate(.refund, on: id, amount: 400) }
        await world.bank.sent(atLeast: sent + 1)
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.lease)
        world.store.heal()
    }

    @Test("its owner dead, the repeat asks, then sends it again under the same reference (K4, O3)")
    func takenOver() async throws {
        let id = try await world.paid()
        try await abandonRefund(of: id)
        world.bank.script(.notFound, .refund("APPROVED", amount: 400))
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 201)
        #expect(world.sent[2] == "GET /v1/charges/\(id)/refunds/\(try world.operation(.refund, of: id))")
        #expect(world.bank.sent[3].request.body == world.bank.sent[1].request.body)
        #expect(try await world.record().amountRefunded == 400)
    }

    @Test("its owner dead, the repeat takes the gateway's word for what it did, and sends nothing (K4)")
    func takenOverFound() async throws {
        let id = try await world.paid()
        try await abandonRefund(of: id)
        world.bank.script(.refund("APPROVED", amount: 400))
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 201)
        #expect(world.bank.sent.count == 3)
        #expect(try await world.record().amountRefunded == 400)
    }

    @Test(
        "a repeat that is refused says nothing of the first one: the refund stays open, and its reservation (O1, O8)",
        arguments: [FakeTransport.Step.problem(401, "WHO"), .problem(422, "WRONG"), .problem(409, "WRONG")])
    func repeatRefused(_ step: FakeTransport.Step) async throws {
        let id = try await world.paid()
        try await abandonRefund(of: id)
        world.bank.script(.notFound, step)
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 202)
        #expect(try await world.stored().reservations.refundsOpen == 400)
        #expect(world.bank.sent.count == 4)
    }

    // MARK: O5

    @Test(
        "the first attempt is signed with the time-stamp that was stored at its claim, however long that took (O5)",
        arguments: [
            (OperationRecord.Kind.capture, FakeTransport.Step.charge("APPROVED")), (.void, .charge("VOIDED")),
            (.refund, .refund("APPROVED", amount: 1_000)),
        ])
    func signedAtClaim(kind: OperationRecord.Kind, step: FakeTransport.Step) async throws {
        let world = world
        let seen = Mutex<OperationRecord?>(nil)
        let id = try await world.paid(kind == .refund ? .payment() : .authorization)
        world.store.before(.claim) { world.time.advance(by: .seconds(3)) }
        world.bank.script(
            step.after { _ in
                let open = try? await world.store.openOperations(of: id).first
                seen.withLock { $0 = open }
            })
        let claimed = world.time.now()
        _ = try await world.operate(kind, on: id)
        let stored = try #require(seen.withLock { $0 })
        #expect(stored.createdAt == claimed)
        #expect(world.bank.sent[1].request.headers.single("X-Timestamp") == claimed.rfc3339WholeSeconds)
        #expect(try await world.record().attempts.map(\.startedAt).last == claimed)
    }

    @Test("a repeat's attempt is stored before a byte of it leaves, and shown once (O5)")
    func repeatStoredFirst() async throws {
        let world = world
        let seen = Mutex<[AttemptRecord]>([])
        let id = try await world.paid()
        try await abandonRefund(of: id)
        world.bank.script(
            .notFound,
            FakeTransport.Step.refund("APPROVED", amount: 400).after { _ in
                let attempts = try? await world.record().attempts
                seen.withLock { $0 = attempts ?? [] }
            })
        let repeated = world.time.now()
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 201)
        let stored = seen.withLock { $0 }
        #expect(stored.map(\.operation) == [.payment, .refund])
        #expect(stored.last?.end == nil)
        #expect(stored.last?.reference == (try world.operation(.refund, of: id).text))
        #expect(stored.last?.startedAt == repeated)
        #expect(world.bank.sent[3].request.headers.single("X-Timestamp") == repeated.rfc3339WholeSeconds)
        let attempts = try await world.record().attempts
        #expect(attempts.map(\.operation) == [.payment, .refund])
        #expect(attempts.map(\.end?.outcome) == [.approved, .approved])
    }

    @Test("a repeat whose attempt cannot be stored is not sent, and the refund stays open (O5)")
    func repeatNotStored() async throws {
        let id = try await world.paid()
        try await abandonRefund(of: id)
        world.bank.script(.notFound)
        world.store.fail([.settle], .away, times: 1)
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 202)
        #expect(world.bank.sent.count == 3)
        #expect(try await world.stored().reservations.refundsOpen == 400)
    }
}
