import AdapterKit
import Payments
import TestKit
import Testing

@Suite("Asking the gateway what became of it", .timeLimit(.minutes(1)))
struct SyncTests {
    private let world: World

    init() throws { world = try World(route: ["bank-a", "bank-b"]) }

    private func sync() async throws -> Answer { await world.service.sync(try world.id(), call: world.call("sync")) }

    private func unknown(_ body: JSON = .payment()) async throws {
        world.bank.script(.lost, .silence)
        try #require(try await world.pay(body).status == 202)
    }

    @Test("asks by our own reference, at the gateway that was sent to (O4)")
    func question() async throws {
        try await unknown()
        world.bank.script(.charge("APPROVED"))
        _ = try await sync()
        #expect(world.sent.last == "GET /v1/charges/\(try world.id())")
        #expect(world.hosts == ["bank-a.test", "bank-a.test", "bank-a.test"])
        #expect(world.bank.sent[2].request.headers.single("Idempotency-Key") == nil)
    }

    @Test(
        "what the gateway holds settles the payment",
        arguments: [
            (FakeTransport.Step.charge("APPROVED"), "succeeded"), (.charge("AUTHORIZED"), "authorized"),
            (.charge("DECLINED", code: "51"), "failed"), (.charge("VOIDED"), "canceled"),
            (.charge("APPROVED", amount: 999), "manual_review"), (.charge("APPROVED", currency: "USD"), "manual_review"),
            (.charge("ACTION_REQUIRED", action: .members([("type", .string("approve_in_app"))])), "requires_action"),
        ])
    func found(step: FakeTransport.Step, state: String) async throws {
        try await unknown()
        world.bank.script(step)
        let answer = try await sync()
        #expect(answer.status == 200)
        #expect(answer.state == state)
        let record = try await world.record()
        #expect(record.status.rawValue == state)
        #expect(record.attempts.map(\.operation) == [.payment, .inquiry])
    }

    @Test("pending: the gateway has it, and it is awaited")
    func pending() async throws {
        try await unknown()
        world.bank.script(.charge("PENDING"))
        #expect(try await sync().json["processing_reason"] == .string("awaiting_gateway"))
    }

    @Test("\"not found\" right after the charge proves nothing (O4)")
    func notFoundEarly() async throws {
        try await unknown(.payment(("on_unavailable", .string("fail"))))
        world.time.advance(by: .seconds(2) - .milliseconds(1))
        world.bank.script(.notFound)
        let answer = try await sync()
        #expect(answer.status == 200)
        #expect(answer.state == "processing")
        #expect(answer.json["processing_reason"] == .string("outcome_unknown"))
    }

    @Test("after the declared delay it proves that nothing is held", arguments: [("queue", "queued"), ("fail", "failed")])
    func notFoundLate(onUnavailable: String, state: String) async throws {
        try await unknown(.payment(("on_unavailable", .string(onUnavailable))))
        world.time.advance(by: .seconds(2))
        world.bank.script(.notFound)
        #expect(try await sync().state == state)
    }

    @Test("the delay counts from the end of the attempt, not from its start (O4)")
    func delayFromEnd() async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .lost)
        world.bank.script(.silence)
        world.time.advance(by: World.attempt)
        gate.open()
        _ = try await answer.value
        world.time.advance(by: .seconds(1))
        world.bank.script(.notFound)
        #expect(try await sync().state == "processing")
        world.time.advance(by: .seconds(1))
        world.bank.script(.notFound)
        #expect(try await sync().state == "queued")
    }

    @Test("nor from an end that seems earlier than it was because the claim took long (O4)")
    func delayFromRealEnd() async throws {
        let world = world
        world.store.before(.claim) { world.time.advance(by: .seconds(3)) }
        world.bank.script(
            FakeTransport.Step.lost.after { _ in world.time.advance(by: .seconds(1)) }, .silence)
        _ = try await world.pay(.payment(("on_unavailable", .string("fail"))))
        world.time.advance(by: .seconds(2) - .milliseconds(1))
        world.bank.script(.notFound, .notFound)
        #expect(try await sync().state == "processing")
        world.time.advance(by: .milliseconds(1))
        #expect(try await sync().state == "failed")
    }

    @Test("\"not found\" by another account proves nothing (O5)")
    func anotherAccount() async throws {
        try await unknown()
        world.time.advance(by: .seconds(3_600))
        let replica = try World(account: "acme-456", beside: world)
        replica.bank.script(.notFound)
        let answer = await replica.service.sync(try world.id(), call: world.call("sync"))
        #expect(answer.state == "processing")
    }

    @Test(
        "an inquiry that fails says nothing of the payment: 503, and nothing changes (O4)",
        arguments: [
            FakeTransport.Step.problem(500, "OOPS"), .problem(429, "SLOW"), .problem(401, "WHO"), .problem(403, "WHO"),
            .problem(404, "NO_SUCH_PAGE"), .problem(503, "DOWN", headers: [("X-Not-Processed", "true")]),
            .bank(404) { _ in Array("<html>".utf8) }, .bank { _ in [] }, .charge("APPROVED", secret: "another-secret"),
            .charge("APPROVED", reference: "pay_another"), .charge("DECLINED", amount: 999),
            .unsigned(GatewayResponse(status: 404, body: Array(#"{"code":"NOT_FOUND"}"#.utf8))),
            .fails(.sample(.connectRefused)), .fails(.sample(.attemptTimedOut)),
        ])
    func unanswered(_ step: FakeTransport.Step) async throws {
        try await unknown(.payment(("on_unavailable", .string("fail"))))
        let before = try await world.record()
        world.time.advance(by: .seconds(3_600))
        world.bank.script(step)
        let answer = try await sync()
        #expect(answer.status == 503)
        #expect(answer.code == "gateways_unavailable")
        #expect(try await world.record() == before)
    }

    @Test("while its owner is at work \"not found\" changes nothing, and an approval counts (R2)")
    func inFlight() async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        world.bank.script(.notFound, .charge("APPROVED"))
        #expect(try await sync().json["processing_reason"] == .string("in_flight"))
        #expect(try await sync().state == "succeeded")
        gate.open()
        #expect(try await answer.value.state == "succeeded")
        let record = try await world.record()
        #expect(record.amountCaptured == 1_000)
        #expect(record.attempts.map(\.end?.outcome) == [.approved, .approved])
        #expect(record.attempts.map(\.number) == [1, 2])
    }

    @Test("\"not found\" does not undo what a gateway has taken")
    func pendingNotFound() async throws {
        world.bank.script(.charge("PENDING"), .notFound)
        _ = try await world.pay(.payment(("on_unavailable", .string("fail"))))
        world.time.advance(by: .seconds(3_600))
        #expect(try await sync().json["processing_reason"] == .string("awaiting_gateway"))
    }

    @Test("a payment whose owner died is settled by \"not found\" once its request cannot be taken any more (R3)")
    func abandoned() async throws {
        try await world.abandonPayment(after: .seconds(302) - .milliseconds(1))
        world.bank.script(.notFound, .notFound)
        #expect(try await sync().state == "processing")
        world.time.advance(by: .milliseconds(1))
        #expect(try await sync().state == "queued")
    }

    @Test("while somebody holds the lease, \"not found\" decides nothing")
    func leased() async throws {
        try await world.abandonPayment(after: .seconds(302))
        let asked = Gate()
        world.bank.script(.held(by: asked, then: .notFound), .notFound)
        let world = world
        let owner = Task { try await world.pay() }
        await world.bank.sent(atLeast: 2)
        #expect(try await sync().json["processing_reason"] == .string("in_flight"))
        asked.open()
        #expect(try await owner.value.status == 503)
    }

    @Test(
        "nobody is asked about a payment that no gateway can have news of",
        arguments: [FakeTransport.Step.charge("APPROVED"), .charge("DECLINED"), .charge("VOIDED"), .problem(429, "SLOW")])
    func nobodyAsked(_ step: FakeTransport.Step) async throws {
        world.bank.script(step, .problem(429, "SLOW"))
        _ = try await world.pay()
        let sent = world.sent
        #expect(try await sync().status == 200)
        #expect(world.sent == sent)
    }

    @Test("a later word moves pending and requires_action on, never back (S)")
    func forward() async throws {
        world.bank.script(.charge("PENDING"), .charge("AUTHORIZED"), .charge("PENDING"), .charge("DECLINED", code: "54"))
        _ = try await world.pay(.authorization)
        #expect(try await sync().state == "authorized")
        #expect(try await sync().state == "authorized")
        #expect(try await sync().state == "failed")
    }

    @Test("no such payment, another tenant's, a store that is away")
    func refused() async throws {
        try await unknown()
        #expect(await world.service.sync(try world.id("never"), call: world.call()).status == 404)
        #expect(await world.service.sync(try world.id(), call: world.call(tenant: "other")).status == 404)
        world.store.fail([.read], .away)
        #expect(try await sync().code == "state_store_unavailable")
        #expect(world.bank.sent.count == 2)
    }

    private func told(_ state: String) -> Int {
        world.log.lines.count { $0.contains("payment decided") && $0.contains(state) }
    }

    @Test("the log says once that asking decided a payment, and nothing where it did not")
    func logged() async throws {
        try await unknown()
        #expect(told("processing") == 1)
        world.bank.script(.problem(500, "OOPS"), .notFound, .charge("APPROVED"))
        for _ in 0..<2 { _ = try await sync() }
        #expect(told("") == 1)
        for _ in 0..<3 { _ = try await sync() }
        #expect(told("succeeded") == 1)
        #expect(told("") == 2)
    }

    @Test("asks once more where an idle connection had closed under the question, the same question")
    func connectionClosed() async throws {
        try await unknown()
        world.bank.script(.fails(.sample(.resendPrevented)), .charge("APPROVED"))
        #expect(try await sync().state == "succeeded")
        #expect(world.sent.suffix(2) == Array(repeating: "GET /v1/charges/\(try world.id())", count: 2))
        #expect(try await world.record().attempts.map(\.operation) == [.payment, .inquiry])
    }

    @Test("and not twice more: 503, and nothing changes (O4)")
    func connectionClosedTwice() async throws {
        try await unknown()
        let before = try await world.record()
        world.bank.script(.fails(.sample(.resendPrevented)), .fails(.sample(.resendPrevented)))
        #expect(try await sync().status == 503)
        #expect(world.bank.sent.count == 4)
        #expect(try await world.record() == before)
    }

    @Test("a question that may have been heard is not asked again by itself")
    func askedOnce() async throws {
        try await unknown()
        world.bank.script(.fails(.sample(.connectionLost)))
        #expect(try await sync().status == 503)
        #expect(world.bank.sent.count == 3)
    }

    // MARK: Operations

    private func openRefund() async throws -> PaymentID {
        let id = try await world.paid()
        world.bank.script(.lost, .silence)
        try #require(try await world.operate(.refund, on: id, amount: 400).status == 202)
        return id
    }

    @Test("an open refund is asked about by its own reference, and settled by what the gateway says")
    func refundFound() async throws {
        let id = try await openRefund()
        world.bank.script(.refund("APPROVED", amount: 400))
        #expect(try await sync().json["amount_refunded"] == .integer(400))
        #expect(world.sent.last == "GET /v1/charges/\(id)/refunds/\(try world.operation(.refund, of: id))")
        #expect(try await world.operate(.refund, on: id, amount: 400).state == "succeeded")
        #expect(try await world.stored().reservations.refundsOpen == 0)
    }

    @Test("a refund that the gateway declined is failed, and what it reserved is free again")
    func refundDeclined() async throws {
        let id = try await openRefund()
        world.bank.script(.refund("DECLINED", amount: 400))
        _ = try await sync()
        #expect(try await world.operate(.refund, on: id, amount: 400).state == "failed")
        #expect(try await world.stored().reservations.refundsOpen == 0)
    }

    @Test("a refund that is not there stays open and is not sent by asking, however late (O8)")
    func refundNotDone() async throws {
        _ = try await openRefund()
        world.time.advance(by: .seconds(400))
        world.bank.script(.notFound)
        #expect(try await sync().json["amount_refunded"] == .integer(0))
        #expect(try await world.stored().reservations.refundsOpen == 400)
        #expect(world.bank.sent.count == 4)
    }

    @Test(
        "a question about a refund that fails leaves it open: 503 (O4)",
        arguments: [
            FakeTransport.Step.problem(500, "OOPS"), .problem(404, "NO_SUCH_PAGE"), .fails(.sample(.connectionLost)),
            .refund("DECLINED", amount: 399),
        ])
    func refundUnanswered(_ step: FakeTransport.Step) async throws {
        _ = try await openRefund()
        world.time.advance(by: .seconds(60))
        world.bank.script(step)
        #expect(try await sync().status == 503)
        #expect(try await world.stored().reservations.refundsOpen == 400)
    }

    @Test(
        "an open capture or void is judged by its charge",
        arguments: [
            (OperationRecord.Kind.capture, FakeTransport.Step.charge("APPROVED"), "succeeded"),
            (.void, .charge("VOIDED"), "canceled"),
        ])
    func captureFound(kind: OperationRecord.Kind, step: FakeTransport.Step, state: String) async throws {
        let id = try await world.paid(.authorization)
        world.bank.script(.lost, .silence, step)
        #expect(try await world.operate(kind, on: id).status == 202)
        #expect(try await sync().state == state)
        #expect(try await world.stored().reservations.capturing == nil)
        #expect(try await world.operate(kind, on: id).status == 200)
    }

    @Test("a capture whose charge is still authorised stays open and is not sent by asking")
    func captureNotDone() async throws {
        let id = try await world.paid(.authorization)
        world.bank.script(.lost, .silence)
        _ = try await world.operate(.capture, on: id, amount: 400)
        world.time.advance(by: .seconds(60))
        world.bank.script(.charge("AUTHORIZED"))
        #expect(try await sync().state == "authorized")
        #expect(try await world.stored().reservations.capturing != nil)
        #expect(world.bank.sent.count == 4)
    }

    @Test("a capture of another amount than asked stays with the operator, however often the bank is asked (O6)")
    func captureOfAnotherAmount() async throws {
        let id = try await world.paid(.authorization)
        world.bank.script(.lost, .silence)
        _ = try await world.operate(.capture, on: id, amount: 400)
        for _ in 0..<3 {
            world.bank.script(.charge("APPROVED", captured: 1_000))
            #expect(try await sync().state == "manual_review")
        }
        #expect(try await world.record().amountCaptured == 0)
    }
}
