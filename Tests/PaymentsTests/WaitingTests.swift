import AdapterKit
import Payments
import Synchronization
import TestKit
import Testing

@Suite("Time: the caller's waiting, the attempt's, and the store's", .timeLimit(.minutes(1)))
struct WaitingTests {
    private let world: World

    init() throws { world = try World() }

    @Test("the attempt is stored before a byte of it leaves (O5)")
    func storedFirst() async throws {
        let world = world
        let seen = Mutex<StoredPayment?>(nil)
        world.bank.script(
            FakeTransport.Step.charge("APPROVED").after { _ in
                let stored = try? await world.stored()
                seen.withLock { $0 = stored }
            })
        _ = try await world.pay()
        let stored = try #require(seen.withLock { $0 })
        #expect(stored.leased)
        #expect(stored.record.status == .processing)
        #expect(stored.record.processingReason == .inFlight)
        let attempt = try #require(stored.record.attempts.first)
        #expect(attempt.gateway == "bank-a")
        #expect(attempt.reference == stored.record.id.text)
        #expect(attempt.end == nil)
        #expect(attempt.identity == stored.record.gatewayIdentity)
        #expect(attempt.startedAt.rfc3339WholeSeconds == world.bank.sent[0].request.headers.single("X-Timestamp"))
    }

    // MARK: T1, R1

    @Test("no attempt starts with less time left than it may take (T1)", arguments: ["queue", "fail"])
    func tooLate(onUnavailable: String) async throws {
        let body = JSON.payment(("on_unavailable", .string(onUnavailable)))
        let call = world.call()
        world.time.advance(by: World.deadline - World.attempt + .milliseconds(1))
        let answer = await world.service.create(try PaymentRequest(body), body: body, call: call)
        #expect(world.bank.sent.isEmpty)
        #expect(answer.status == (onUnavailable == "queue" ? 202 : 503))
        let record = try await world.record()
        #expect(record.status == (onUnavailable == "queue" ? .queued : .failed))
        #expect(record.attempts.map(\.end?.code) == ["deadline_too_near"])
    }

    @Test("an attempt starts with just as much time left as it may take (T1)")
    func inTime() async throws {
        let call = world.call()
        world.time.advance(by: World.deadline - World.attempt)
        world.bank.script(.charge("APPROVED"))
        let answer = await world.service.create(try PaymentRequest(.payment()), body: .payment(), call: call)
        #expect(answer.status == 201)
    }

    @Test("where an attempt may outlast the deadline it starts, and its caller gets 202 (T2)")
    func longerThanTheDeadline() async throws {
        let world = try World(deadline: World.attempt)
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.attempt)
        #expect(try await answer.value.status == 202)
        gate.open()
        await world.inFlight.idle()
        #expect(try await world.record().status == .succeeded)
    }

    @Test("nothing is sent under a lease that would run out meanwhile (R1)")
    func leaseTooShort() async throws {
        let world = world
        world.store.before(.claim) { world.time.advance(by: World.lease - World.attempt + .milliseconds(1)) }
        let answer = try await world.pay()
        #expect(answer.state == "queued")
        #expect(world.bank.sent.isEmpty)
        #expect(try await world.record().attempts.map(\.end?.code) == ["lease_too_short"])
    }

    // MARK: T2

    @Test("at the deadline the caller gets 202, and the owner still settles what it hears (T2)")
    func deadline() async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.deadline)
        let told = try await answer.value
        #expect(told.status == 202)
        #expect(told.state == "processing")
        #expect(told.json["processing_reason"] == .string("in_flight"))
        #expect(told.location == "/v1/payments/\(try world.id())")
        gate.open()
        await world.inFlight.idle()
        #expect(try await world.record().status == .succeeded)
        let now = try await world.pay()
        #expect(now.status == 201)
        #expect(now.state == "succeeded")
        #expect(world.bank.sent.count == 1)
    }

    @Test(
        "after the deadline what is heard still decides, and no other gateway is tried (T2)",
        arguments: [
            (FakeTransport.Step.problem(429, "SLOW"), "queue", PaymentRecord.Status.queued),
            (.problem(429, "SLOW"), "fail", .failed), (.charge("DECLINED", code: "51"), "queue", .failed),
            (.fails(.sample(.attemptTimedOut)), "queue", .processing),
        ])
    func afterDeadline(step: FakeTransport.Step, onUnavailable: String, status: PaymentRecord.Status) async throws {
        let gate = Gate()
        let body = JSON.payment(("on_unavailable", .string(onUnavailable)))
        let answer = try await world.beginPaying(body, held: gate, then: step)
        world.bank.script(.silence)
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.deadline)
        #expect(try await answer.value.status == 202)
        gate.open()
        await world.inFlight.idle()
        #expect(try await world.record().status == status)
        #expect(world.charges.count == 1)
        // Told 202, the caller is shown the payment, not a fixed answer (K3).
        #expect(try await world.pay(body).state == status.rawValue)
    }

    @Test("a caller who waits a second gets 202 after a second; the attempt goes on (T1)")
    func wait() async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(patience: .seconds(1), held: gate, then: .charge("APPROVED"))
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: .seconds(1))
        #expect(try await answer.value.status == 202)
        #expect(try await world.pay().status == 202)
        world.time.advance(by: .seconds(1))
        gate.open()
        await world.inFlight.idle()
        #expect(try await world.record().status == .succeeded)
    }

    @Test("patience longer than the deadline ends at the deadline")
    func patience() async throws {
        let answer = try await world.beginPaying(patience: .seconds(60), held: Gate(), then: .charge("APPROVED"))
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.deadline)
        #expect(try await answer.value.status == 202)
    }

    @Test("respond-async is told 202 at once, and its repeat is shown the payment, never 409 (K3)")
    func asynchronous() async throws {
        let gate = Gate()
        world.bank.script(.held(by: gate, then: .charge("APPROVED")))
        let answer = try await world.pay(patience: .zero)
        #expect(answer.status == 202)
        #expect(answer.json["processing_reason"] == .string("in_flight"))
        #expect(try await world.pay(patience: .zero).status == 202)
        gate.open()
        await world.inFlight.idle()
        #expect(try await world.pay().state == "succeeded")
        #expect(world.bank.sent.count == 1)
    }

    // MARK: T4

    @Test("a store that is away at the settle: 202, and it is settled when the store is back (T4)")
    func storeAway() async throws {
        world.store.fail([.settle, .markAnswered], .away)
        world.bank.script(.charge("APPROVED"))
        let answer = try await world.pay()
        #expect(answer.status == 202)
        #expect(answer.state == "processing")
        #expect(try await world.record().status == .processing)
        world.store.heal()
        await world.finish()
        #expect(try await world.record().status == .succeeded)
        #expect(try await world.pay().state == "succeeded")
        #expect(world.bank.sent.count == 1)
    }

    @Test("a settle whose reply was lost changes nothing when it is repeated (R2)")
    func settleReplyLost() async throws {
        world.store.fail([.settle], .replyLost, times: 3)
        world.bank.script(.charge("APPROVED"))
        #expect(try await world.pay().status == 202)
        await world.finish(pauses: 3)
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.version == 2)
        #expect(record.attempts.count == 1)
    }

    @Test(
        "a settle whose reply was lost is the same settle when it is repeated later: told once (R2)",
        arguments: [
            (FakeTransport.Step.charge("APPROVED"), "succeeded"), (.problem(429, "SLOW"), "queued"),
            (.charge("PENDING"), "processing"),
        ])
    func settleReplyLostTold(step: FakeTransport.Step, state: String) async throws {
        world.store.fail([.settle], .replyLost, times: 1)
        world.bank.script(step)
        #expect(try await world.pay().status == 202)
        await world.finish()
        let record = try await world.record()
        #expect(record.status.rawValue == state)
        #expect(record.version == 2)
        #expect(record.attempts.count == 1)
        let told = world.log.lines.filter { $0.contains("payment decided") }
        #expect(told.count == 1)
        #expect(told.first?.contains(state) == true)
    }

    @Test("nobody is told 201 before the settle is stored (T4)")
    func settledFirst() async throws {
        let world = world
        let gate = Gate()
        let isSettling = Gate()
        world.store.before(.settle) {
            isSettling.open()
            await gate.passed()
        }
        world.bank.script(.charge("APPROVED"))
        let answer = Task { try await world.pay() }
        await isSettling.passed()
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.deadline)
        #expect(try await answer.value.status == 202)
        gate.open()
        await world.inFlight.idle()
        #expect(try await world.record().status == .succeeded)
    }

    @Test("a store that is away when 202 is due does not keep the caller waiting (T4)")
    func markAway() async throws {
        let answer = try await world.beginPaying(patience: .seconds(1), held: Gate(), then: .charge("APPROVED"))
        world.store.fail([.markAnswered], .away)
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: .seconds(1))
        #expect(try await answer.value.status == 202)
    }

    // MARK: The caller goes away

    @Test("a caller who hangs up changes nothing about the settlement")
    func cancelled() async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        answer.cancel()
        gate.open()
        #expect(try await answer.value.status == 201)
        await world.inFlight.idle()
        #expect(try await world.record().status == .succeeded)
        #expect(world.bank.sent.count == 1)
    }
}
