import AdapterKit
import Payments
import Synchronization
import TestKit
import Testing

@Suite("A repeat whose payment's owner is dead", .timeLimit(.minutes(1)))
struct TakeoverTests {
    private let world: World

    init() throws { world = try World(route: ["bank-a", "bank-b"]) }

    private var charge: String { get throws { "GET /v1/charges/\(try world.id())" } }

    @Test("asks first, and takes the gateway's word for it (K4)")
    func found() async throws {
        try await world.abandonPayment()
        world.bank.script(.charge("APPROVED"))
        let answer = try await world.pay()
        #expect(answer.status == 201)
        #expect(answer.state == "succeeded")
        #expect(try world.sent == ["POST /v1/charges", charge])
        let record = try await world.record()
        #expect(record.attempts.map(\.operation) == [.payment, .inquiry])
        #expect(record.attempts.map(\.number) == [1, 2])
        #expect(try await world.pay().body == answer.body)
    }

    @Test(
        "shows whatever else the gateway says of it (K4)",
        arguments: [
            (FakeTransport.Step.charge("DECLINED", code: "51"), 201, "failed"), (.charge("PENDING"), 202, "processing"),
            (.charge("APPROVED", amount: 999), 202, "manual_review"), (.charge("VOIDED"), 201, "canceled"),
            (.charge("ACTION_REQUIRED", action: .members([("type", .string("approve_in_app"))])), 201, "requires_action"),
        ])
    func said(step: FakeTransport.Step, status: Int, state: String) async throws {
        try await world.abandonPayment()
        world.bank.script(step)
        let answer = try await world.pay()
        #expect(answer.status == status)
        #expect(answer.state == state)
        #expect(world.bank.sent.count == 2)
    }

    @Test("sends again only to the same gateway, the same bytes under the same reference (K4, O3)")
    func sentAgain() async throws {
        try await world.abandonPayment()
        world.bank.script(.notFound, .charge("APPROVED"))
        let answer = try await world.pay()
        #expect(answer.state == "succeeded")
        #expect(world.hosts == ["bank-a.test", "bank-a.test", "bank-a.test"])
        let (first, again) = (world.bank.sent[0].request, world.bank.sent[2].request)
        #expect(again.target == first.target)
        #expect(again.body == first.body)
        #expect(again.headers.single("Idempotency-Key") == first.headers.single("Idempotency-Key"))
        #expect(again.headers.single("X-Request-Id") != first.headers.single("X-Request-Id"))
        #expect(again.headers.single("X-Timestamp") != first.headers.single("X-Timestamp"))
    }

    @Test("stores the new attempt before a byte of it leaves (O5)")
    func storedFirst() async throws {
        let world = world
        let seen = Mutex<[AttemptRecord]>([])
        try await world.abandonPayment()
        let look = FakeTransport.Step.charge("APPROVED").after { _ in
            let attempts = try? await world.record().attempts
            seen.withLock { $0 = attempts ?? [] }
        }
        world.bank.script(.notFound, look)
        _ = try await world.pay()
        let stored = seen.withLock { $0 }
        #expect(stored.count == 2)
        #expect(stored.last?.end == nil)
        #expect(stored.last?.startedAt.rfc3339WholeSeconds == world.bank.sent[2].request.headers.single("X-Timestamp"))
    }

    @Test("sends nothing where the new attempt cannot be stored (O5)")
    func notStored() async throws {
        try await world.abandonPayment()
        world.bank.script(.notFound)
        world.store.fail([.settle], .away, times: 1)
        let answer = try await world.pay()
        #expect(answer.status == 202)
        #expect(answer.json["processing_reason"] == .string("outcome_unknown"))
        #expect(world.bank.sent.count == 2)
    }

    @Test(
        "a question that is not answered proves nothing: the same gateway is sent the same reference, no other one is (O3, O4)",
        arguments: [
            FakeTransport.Step.problem(500, "OOPS"), .problem(429, "SLOW"), .problem(401, "WHO"), .problem(404, "NO_SUCH_PAGE"),
            .fails(.sample(.connectRefused)), .fails(.sample(.attemptTimedOut)), .bank { _ in Array("<html>".utf8) },
            .charge("APPROVED", secret: "another-secret"), .charge("APPROVED", reference: "pay_another"),
            .unsigned(GatewayResponse(status: 404, body: Array(#"{"code":"NOT_FOUND"}"#.utf8))),
        ])
    func unanswered(_ step: FakeTransport.Step) async throws {
        try await world.abandonPayment(.payment(("on_unavailable", .string("fail"))))
        world.bank.script(step, .lost, .silence)
        let answer = try await world.pay(.payment(("on_unavailable", .string("fail"))))
        #expect(answer.status == 202)
        #expect(answer.json["processing_reason"] == .string("outcome_unknown"))
        #expect(world.hosts == Array(repeating: "bank-a.test", count: 4))
        #expect(world.charges.map(\.request.body) == Array(repeating: world.bank.sent[0].request.body, count: 2))
    }

    @Test(
        "a repeat that is refused or not taken says nothing of the first attempt (O1)",
        arguments: [
            FakeTransport.Step.problem(429, "SLOW"), .fails(.sample(.connectRefused)), .problem(401, "WHO"),
            .problem(422, "WRONG"),
            .lost,
        ], ["queue", "fail"])
    func repeatNotTaken(_ step: FakeTransport.Step, onUnavailable: String) async throws {
        let body = JSON.payment(("on_unavailable", .string(onUnavailable)))
        try await world.abandonPayment(body)
        world.bank.script(.notFound, step, .notFound)
        let answer = try await world.pay(body)
        #expect(answer.status == 202)
        #expect(answer.state == "processing")
        #expect(answer.json["processing_reason"] == .string("outcome_unknown"))
    }

    @Test("sends nothing with too little time left, and does not call that an answer (T1, O1)")
    func tooLate() async throws {
        let world = world
        try await world.abandonPayment()
        world.bank.script(FakeTransport.Step.notFound.after { _ in world.time.advance(by: .seconds(7.5)) })
        let answer = try await world.pay()
        #expect(answer.status == 202)
        #expect(answer.json["processing_reason"] == .string("outcome_unknown"))
        #expect(world.bank.sent.count == 2)
    }

    @Test("never sends to another gateway, though the route names only that one by now (P1)")
    func routeChanged() async throws {
        try await world.abandonPayment()
        let replica = try World(route: ["bank-b"], beside: world)
        replica.bank.script(.notFound, .problem(429, "SLOW"), .notFound)
        let answer = try await replica.pay()
        #expect(answer.status == 202)
        #expect(world.hosts == Array(repeating: "bank-a.test", count: 4))
    }

    @Test("never sends under another identity, where \"not found\" proves nothing: it waits for an operator (O5, R9)")
    func identityChanged() async throws {
        let body = JSON.payment(("on_unavailable", .string("fail")))
        try await world.abandonPayment(body, after: .seconds(400))
        let replica = try World(account: "acme-456", beside: world)
        let answer = try await replica.pay(body)
        #expect(answer.status == 202)
        #expect(answer.state == "manual_review")
        #expect(try await world.record().deadLetter?.reason == .gatewayChanged)
        #expect(world.bank.sent.count == 1)
    }

    @Test("after five minutes only asks, and waits while \"not found\" proves nothing (K6, R3)")
    func old() async throws {
        let world = try World()
        try await world.abandonPayment(after: .seconds(301))
        world.bank.script(.notFound)
        let answer = try await world.pay()
        #expect(answer.status == 202)
        #expect(answer.json["processing_reason"] == .string("outcome_unknown"))
        #expect(world.bank.sent.count == 2)
    }

    @Test("is still sent at five minutes, no later (K6)")
    func atTheLimit() async throws {
        let world = try World()
        try await world.abandonPayment(after: .seconds(300))
        world.bank.script(.notFound, .charge("APPROVED"))
        #expect(try await world.pay().state == "succeeded")
    }

    @Test("after five minutes closes what nobody holds, and fixes that answer (K6)", arguments: ["queue", "fail"])
    func closed(onUnavailable: String) async throws {
        let body = JSON.payment(("on_unavailable", .string(onUnavailable)))
        try await world.abandonPayment(body, after: .seconds(302))
        world.bank.script(.notFound)
        let answer = try await world.pay(body)
        #expect(answer.status == 503)
        #expect(try await world.record().status == .failed)
        #expect(try await world.pay(body).body == answer.body)
        #expect(world.bank.sent.count == 2)
    }

    @Test("tells a caller who does not wait 202, and shows its repeat the payment (K3)")
    func asynchronous() async throws {
        try await world.abandonPayment()
        let gate = Gate()
        world.bank.script(.held(by: gate, then: .charge("APPROVED")))
        #expect(try await world.pay(patience: .zero).status == 202)
        await world.bank.sent(atLeast: 2)
        #expect(try await world.pay().status == 202)
        gate.open()
    }

    // MARK: R2

    /// The first owner's request is held until after a second one took the payment over.
    private func overtaken(
        _ word: FakeTransport.Step, _ body: JSON = .payment()
    ) async throws -> (first: Answer, second: Task<Answer, any Error>, asked: Gate) {
        let (sent, asked) = (Gate(), Gate())
        let first = try await world.beginPaying(body, held: sent, then: word)
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.lease)
        world.bank.script(.held(by: asked, then: .notFound))
        let world = world
        let second = Task { try await world.pay(body) }
        await world.bank.sent(atLeast: 2)
        sent.open()
        return (try await first.value, second, asked)
    }

    @Test("an approval counts though its owner has lost the lease (R2)")
    func lateApproval() async throws {
        let (first, second, asked) = try await overtaken(.charge("APPROVED"))
        #expect(first.status == 201)
        #expect(first.state == "succeeded")
        asked.open()
        #expect(try await second.value.state == "succeeded")
        #expect(world.bank.sent.count == 2)
        #expect(try await world.record().amountCaptured == 1_000)
    }

    @Test("\"not processed\" from an owner that has lost the lease decides nothing (R2)", arguments: ["queue", "fail"])
    func lateNotProcessed(onUnavailable: String) async throws {
        let body = JSON.payment(("on_unavailable", .string(onUnavailable)))
        let (first, second, asked) = try await overtaken(.problem(429, "SLOW"), body)
        #expect(first.status == 202)
        #expect(first.state == "processing")
        #expect(try await world.record().status == .processing)
        #expect(try await world.record().attempts.first?.end?.outcome == .notProcessed)
        world.bank.script(.charge("APPROVED"))
        asked.open()
        #expect(try await second.value.state == "succeeded")
        #expect(world.hosts == Array(repeating: "bank-a.test", count: 3))
    }

    @Test("both owners' answers about one reference are one payment (P1)")
    func bothApproved() async throws {
        let (sent, again) = (Gate(), Gate())
        let first = try await world.beginPaying(held: sent, then: .charge("APPROVED"))
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.lease)
        world.bank.script(.notFound, .held(by: again, then: .charge("APPROVED")))
        let world = world
        let second = Task { try await world.pay() }
        await world.bank.sent(atLeast: 3)
        sent.open()
        #expect(try await first.value.state == "succeeded")
        again.open()
        #expect(try await second.value.state == "succeeded")
        let record = try await world.record()
        #expect(record.amountCaptured == 1_000)
        #expect(record.attempts.map(\.end?.outcome) == [.approved, .approved])
    }

    @Test("a takeover changes the version, so that the old owner's settlement meets it (R2)")
    func version() async throws {
        let store = MemoryPaymentStore(time: world.time)
        let record = PaymentRecord(
            id: try world.id(), tenant: "acme", money: Money(minorUnits: 1, currency: try #require(Currency("EUR"))),
            reference: "r", capture: .automatic, methodKind: .card, pinnedGateway: nil, onUnavailable: .queue,
            createdAt: world.time.now(), sealed: [])
        let keeping = Keeping(retention: .seconds(60), keys: .seconds(60))
        func claim(_ token: String) -> PaymentClaim {
            let lease = Lease(token: token, duration: World.lease)
            return PaymentClaim(record: record, fingerprints: ["f"], lease: lease, answered: false, keeping: keeping)
        }
        #expect(try await store.claim(claim("one")) == .new)
        world.time.advance(by: World.lease)
        guard case .takenOver(let stored) = try await store.claim(claim("two")) else {
            Issue.record("not taken over")
            return
        }
        #expect(stored.record.version == 2)
        #expect(stored.leased)
        let late = try await store.settle(
            Settlement(record: record, expectedVersion: 1, hold: .release(token: "one"), keeping: keeping))
        #expect(late == .conflict(stored, nil))
    }

    @Test("an attempt whose owner died is shown as unknown, until the gateway's word is heard")
    func shown() async throws {
        try await world.abandonPayment()
        world.bank.script(.silence, .lost, .silence)
        #expect(try await world.pay().json["attempts"]?.elements?.first?["outcome"] == .string("unknown"))
    }
}
