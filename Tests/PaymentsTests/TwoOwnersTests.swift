import AdapterKit
import Payments
import TestKit
import Testing

/// The first owner's lease ran out while its request was out, and a repeat of the key took the operation over.
@Suite("Two owners of one operation (R2, R6)", .timeLimit(.minutes(1)))
struct TwoOwnersTests {
    private let world: World

    init() throws { world = try World() }

    /// What both owners hear, and who is heard first.
    private struct Words: Sendable {
        let first: FakeTransport.Step
        let second: FakeTransport.Step
        let firstComesFirst: Bool
    }

    private static let declined = FakeTransport.Step.refund("DECLINED", amount: 600)
    private static let rejected = FakeTransport.Step.problem(422, "E77")
    private static let approved = FakeTransport.Step.refund("APPROVED", amount: 600)

    private static let contradictions = [
        Words(first: declined, second: approved, firstComesFirst: true),
        Words(first: declined, second: approved, firstComesFirst: false),
        Words(first: rejected, second: approved, firstComesFirst: true),
        Words(first: rejected, second: approved, firstComesFirst: false),
        Words(first: approved, second: declined, firstComesFirst: true),
        Words(first: approved, second: declined, firstComesFirst: false),
        Words(first: approved, second: rejected, firstComesFirst: true),
        Words(first: approved, second: rejected, firstComesFirst: false),
    ]

    /// An owner whose request is with the bank until its gate is opened.
    private struct Owner {
        let answer: Task<Answer, any Error>
        let word: Gate
    }

    /// - Parameter asking: the second one asks first; it is told that nothing was done so far.
    private func owner(
        _ kind: OperationRecord.Kind, of id: PaymentID, amount: Int64?, hearing step: FakeTransport.Step, asking: Bool = false
    ) async -> Owner {
        let (world, word, earlier) = (world, Gate(), world.bank.sent.count)
        if asking { world.bank.script(kind == .refund ? .notFound : .charge("AUTHORIZED")) }
        world.bank.script(.held(by: word, then: step))
        let answer = Task { try await world.operate(kind, on: id, amount: amount) }
        await world.bank.sent(atLeast: earlier + (asking ? 2 : 1))
        return Owner(answer: answer, word: word)
    }

    private func owners(
        _ kind: OperationRecord.Kind, of id: PaymentID, amount: Int64?, hearing first: FakeTransport.Step,
        _ second: FakeTransport.Step
    ) async -> (Owner, Owner) {
        let one = await owner(kind, of: id, amount: amount, hearing: first)
        world.time.advance(by: World.lease)
        return (one, await owner(kind, of: id, amount: amount, hearing: second, asking: true))
    }

    private func hear(_ owner: Owner) async throws -> Answer {
        owner.word.open()
        return try await owner.answer.value
    }

    /// A refund of 600 of the 1000 whose repeat was declined, while the word to its first owner is still to come: an approval.
    private func declinedRefund(of id: PaymentID) async throws -> Owner {
        let (first, second) = await owners(.refund, of: id, amount: 600, hearing: Self.approved, Self.declined)
        try #require(try await hear(second).state == "failed")
        return first
    }

    // MARK: Refunds

    @Test("one hears a refusal, the other an approval: succeeded, and counted once", arguments: contradictions.indices)
    func contradiction(_ index: Int) async throws {
        let words = Self.contradictions[index]
        let id = try await world.paid()
        let (first, second) = await owners(.refund, of: id, amount: 600, hearing: words.first, words.second)
        let order = words.firstComesFirst ? [first, second] : [second, first]
        for owner in order { _ = try await hear(owner) }
        await world.inFlight.idle()
        let stored = try await world.stored()
        #expect(stored.record.amountRefunded == 600)
        #expect(stored.record.attempts.map(\.operation) == [.payment, .refund, .refund])
        #expect(stored.record.attempts.map(\.number) == [1, 2, 3])
        #expect(stored.record.attempts.allSatisfy { $0.end != nil })
        #expect(stored.reservations.refundsOpen == 0)
        #expect(try await world.store.openOperations(of: id).isEmpty)
        #expect(try await world.operate(.refund, on: id, key: "op-2", amount: 401).status == 422)
        world.bank.script(.refund("APPROVED", amount: 400))
        #expect(try await world.operate(.refund, on: id, key: "op-3", amount: 400).state == "succeeded")
        #expect(try await world.record().amountRefunded == 1_000)
    }

    @Test("both hear an approval: counted once")
    func bothApproved() async throws {
        let id = try await world.paid()
        let (first, second) = await owners(.refund, of: id, amount: 600, hearing: Self.approved, Self.approved)
        #expect(try await hear(second).state == "succeeded")
        #expect(try await hear(first).state == "succeeded")
        #expect(try await world.record().amountRefunded == 600)
        #expect(try await world.stored().reservations.refundsOpen == 0)
    }

    @Test("the owner whose approval comes after the other's refusal tells its caller that the refund succeeded")
    func lateApprovalTold() async throws {
        let first = try await declinedRefund(of: try await world.paid())
        let answer = try await hear(first)
        #expect(answer.status == 201)
        #expect(answer.state == "succeeded")
        #expect(answer.json["failure"] == .null)
    }

    @Test("an approval of a failed refund whose room another has used is manual_review, however often the bank is asked")
    func roomUsed() async throws {
        let id = try await world.paid()
        let first = try await declinedRefund(of: id)
        world.bank.script(.refund("APPROVED", amount: 500))
        #expect(try await world.operate(.refund, on: id, key: "op-2", amount: 500).state == "succeeded")
        #expect(try await hear(first).state == "manual_review")
        for _ in 0..<2 {
            world.bank.script(Self.approved)
            #expect(await world.service.sync(id, call: world.call("sync")).json["amount_refunded"] == .integer(500))
        }
        #expect(try await world.store.openOperations(of: id).map(\.status) == [.manualReview])
        #expect(try await world.record().status == .succeeded)
    }

    @Test("an approval of a failed refund whose room another has reserved counts, and the other's then is manual_review")
    func roomReserved() async throws {
        let id = try await world.paid()
        let first = try await declinedRefund(of: id)
        world.bank.script(.lost, .silence)
        #expect(try await world.operate(.refund, on: id, key: "op-2", amount: 500).status == 202)
        #expect(try await hear(first).state == "succeeded")
        world.bank.script(.refund("APPROVED", amount: 500))
        #expect(await world.service.sync(id, call: world.call("sync")).json["amount_refunded"] == .integer(600))
        #expect(try await world.store.openOperations(of: id).map(\.status) == [.manualReview])
        #expect(try await world.operate(.refund, on: id, key: "op-3", amount: 1).status == 422)
    }

    // MARK: Captures and voids

    @Test(
        "a late approval of a refused capture or void never changes a payment that another capture has made final (S)",
        arguments: [
            (OperationRecord.Kind.capture, FakeTransport.Step.charge("APPROVED", captured: 300)),
            (.capture, .charge("APPROVED", captured: 400)), (.capture, .charge("APPROVED", currency: "USD", captured: 300)),
            (.void, .charge("VOIDED")), (.void, .charge("VOIDED", amount: 1)),
        ])
    func finalStays(kind: OperationRecord.Kind, late: FakeTransport.Step) async throws {
        let id = try await world.paid(.authorization)
        let amount: Int64? = kind == .capture ? 300 : nil
        let (first, second) = await owners(kind, of: id, amount: amount, hearing: late, .charge("DECLINED"))
        #expect(try await hear(second).status == 409)
        world.bank.script(.charge("APPROVED", captured: 400))
        #expect(try await world.operate(.capture, on: id, key: "op-2", amount: 400).state == "succeeded")
        #expect(try await hear(first).state == "succeeded")
        #expect(try await world.store.openOperations(of: id).map(\.status) == [.manualReview])
        world.bank.script(late)
        #expect(await world.service.sync(id, call: world.call("sync")).state == "succeeded")
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.amountCaptured == 400)
        #expect(try await world.stored().reservations == Reservations())
    }

    @Test("one hears that a capture was refused, the other that it was done: it is done", arguments: [true, false])
    func captureContradiction(firstComesFirst: Bool) async throws {
        let id = try await world.paid(.authorization)
        let done = FakeTransport.Step.charge("APPROVED", captured: 400)
        let (first, second) = await owners(.capture, of: id, amount: 400, hearing: .charge("DECLINED"), done)
        for owner in firstComesFirst ? [first, second] : [second, first] { _ = try await hear(owner) }
        await world.inFlight.idle()
        let stored = try await world.stored()
        #expect(stored.record.status == .succeeded)
        #expect(stored.record.amountCaptured == 400)
        #expect(stored.reservations == Reservations())
    }
}
