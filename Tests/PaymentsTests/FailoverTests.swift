import AdapterKit
import Resilience
import Synchronization
import TestKit
import Testing

@testable import Payments

@Suite("Retry and failover", .timeLimit(.minutes(1)))
struct FailoverTests {
    private static let usual = Gateway.Policy()

    /// Two banks, three retries each.
    private func world(
        _ route: [String] = ["bank-a", "bank-b"], _ policy: Gateway.Policy = usual, softDeclines: Set<FailureCategory> = [],
        breaker: CircuitBreaker.Settings? = nil
    ) throws -> World {
        try World(route: route, policy: policy, softDeclines: softDeclines, breaker: breaker)
    }

    /// Two banks, one attempt at each.
    private func once(softDeclines: Set<FailureCategory> = []) throws -> World {
        try world(["bank-a", "bank-b"], World.once, softDeclines: softDeclines)
    }

    private func paying(_ world: World, _ body: JSON = .payment()) -> Task<Answer, any Error> {
        Task { try await world.pay(body) }
    }

    private static let fail = JSON.payment(("on_unavailable", .string("fail")))

    // MARK: The same gateway again

    @Test(
        "what was not processed is sent again after its backoff: the same reference and bytes, a fresh signature",
        arguments: [FakeTransport.Step.notTaken, .problem(429, "SLOW"), .fails(.sample(.connectRefused))])
    func retried(_ step: FakeTransport.Step) async throws {
        let world = try world(["bank-a"])
        world.bank.script(step, .charge("APPROVED"))
        let answer = paying(world)
        await world.pause(of: .seconds(1))
        #expect(try await answer.value.state == "succeeded")
        let requests = world.charges.map(\.request)
        try #require(requests.count == 2)
        #expect(requests[0].body == requests[1].body)
        for name in ["Idempotency-Key", "X-Key-Id"] {
            #expect(requests[0].headers.single(name) == requests[1].headers.single(name))
        }
        for name in ["X-Request-Id", "X-Timestamp", "X-Signature"] {
            #expect(requests[0].headers.single(name) != requests[1].headers.single(name))
        }
        #expect(try await world.record().attempts.map(\.end?.outcome) == [.notProcessed, .approved])
        #expect(try await world.record().attempts.map(\.number) == [1, 2])
    }

    @Test("three retries at the most; then it is queued, and its caller told 202")
    func exhausted() async throws {
        let world = try world(["bank-a"], .init(backoff: Backoff(base: .milliseconds(500), ceiling: .milliseconds(500))))
        world.bank.script(.notTaken, .notTaken, .notTaken, .notTaken)
        let answer = paying(world)
        for _ in 0..<3 { await world.pause(of: .milliseconds(500)) }
        #expect(try await answer.value.state == "queued")
        #expect(world.bank.sent.count == 4)
    }

    @Test("with on_unavailable fail: 503, stored, and the same 503 for the same key (T3)")
    func failed() async throws {
        let world = try once()
        world.bank.script(.notTaken, .problem(429, "SLOW"))
        let answer = try await world.pay(Self.fail)
        #expect(answer.status == 503)
        #expect(try await world.record().status == .failed)
        let again = try await world.pay(Self.fail)
        #expect(again.body == answer.body)
        #expect(again.replayed)
        #expect(world.bank.sent.count == 2)
    }

    @Test("Retry-After is honoured to the millisecond")
    func retryAfter() async throws {
        let world = try world(["bank-a"])
        world.bank.script(.problem(429, "SLOW", headers: [("Retry-After", "3")]), .charge("APPROVED"))
        let answer = paying(world)
        await world.pause(of: .milliseconds(2_999))
        #expect(world.bank.sent.count == 1)
        await world.pause(of: .milliseconds(1))
        #expect(try await answer.value.state == "succeeded")
    }

    @Test("a Retry-After beyond the deadline is not waited for: the next gateway takes it at once")
    func retryAfterTooLong() async throws {
        let world = try world()
        world.bank.script(.problem(429, "SLOW", headers: [("Retry-After", "60")]), .charge("APPROVED"))
        #expect(try await world.pay().state == "succeeded")
        #expect(world.hosts == ["bank-a.test", "bank-b.test"])
    }

    @Test("a lost answer whose question finds the charge is settled, and nothing is sent again")
    func found() async throws {
        let world = try world()
        world.bank.script(.lost, .charge("APPROVED"))
        let answer = try await world.pay()
        #expect(answer.status == 201)
        #expect(world.charges.count == 1)
        let record = try await world.record()
        #expect(record.attempts.map(\.operation) == [.payment, .inquiry])
        #expect(record.unresolvedAttempts.isEmpty)
    }

    @Test("a lost answer with nobody else to go to is sent again there under the same reference (O3)")
    func lostAgain() async throws {
        let world = try world(["bank-a"])
        world.bank.script(.lost, .notFound, .charge("APPROVED"))
        let answer = paying(world)
        await world.pause(of: .seconds(1))
        #expect(try await answer.value.state == "succeeded")
        #expect(world.charges.map(\.request.body)[0] == world.charges.map(\.request.body)[1])
    }

    // MARK: The next gateway

    @Test(
        "what was certainly not processed goes to the next gateway, with the same reference",
        arguments: [
            FakeTransport.Step.fails(.sample(.connectRefused)), .fails(.sample(.nameNotResolved)), .fails(.sample(.tlsFailed)),
            .fails(.sample(.clientCertificateExpired)), .notTaken, .problem(429, "SLOW"), .problem(401, "WHO"),
        ])
    func failover(_ step: FakeTransport.Step) async throws {
        let world = try once()
        world.bank.script(step, .charge("APPROVED"))
        let answer = try await world.pay()
        #expect(answer.state == "succeeded")
        #expect(answer.json["gateway"] == .string("bank-b"))
        #expect(world.hosts == ["bank-a.test", "bank-b.test"])
        #expect(
            world.charges[0].request.headers.single("Idempotency-Key")
                == world.charges[1].request.headers.single("Idempotency-Key"))
        let record = try await world.record()
        #expect(record.attempts.map(\.gateway) == ["bank-a", "bank-b"])
        #expect(record.reversalsDue.isEmpty)
        #expect(try await world.store.openOperations(of: record.id).isEmpty)
        let events = try await world.store.history(of: record.id).map(\.event)
        #expect(events.contains("failover"))
    }

    @Test(
        "what may have happened never goes to the next gateway while that is not proved (O4, P1)",
        arguments: [
            FakeTransport.Step.lost, .fails(.sample(.connectionLost)), .problem(500, "OOPS"), .problem(503, "OOPS"),
            .bank { _ in [] }, .charge("APPROVED", secret: "another-secret"), .charge("APPROVED", reference: "pay_another"),
            .problem(409, "REFERENCE_MISMATCH"),
        ],
        [FakeTransport.Step.silence, .problem(429, "SLOW"), .problem(404, "NO_SUCH_PAGE"), .fails(.sample(.connectRefused))])
    func unknownStays(_ step: FakeTransport.Step, _ question: FakeTransport.Step) async throws {
        let world = try once()
        world.bank.script(step, question)
        #expect(try await world.pay().json["processing_reason"] == .string("outcome_unknown"))
        #expect(world.hosts == ["bank-a.test", "bank-a.test"])
    }

    @Test("out of unknown it goes to the next gateway once \"not found\" is proof, within the same deadline (O4)")
    func proved() async throws {
        let world = try once()
        let clock = world.time
        world.bank.script(
            FakeTransport.Step.lost.after { _ in clock.advance(by: World.attempt) }, .notFound, .notFound, .charge("APPROVED"))
        let answer = paying(world)
        await world.pause(of: .seconds(2) - .milliseconds(1))
        #expect(world.bank.sent.count == 2)
        await world.pause(of: .milliseconds(1))
        #expect(try await answer.value.json["gateway"] == .string("bank-b"))
        #expect(world.hosts == ["bank-a.test", "bank-a.test", "bank-a.test", "bank-b.test"])
    }

    @Test("where the proof would come too late for the next gateway, nothing is sent there (T1, O4)")
    func provedTooLate() async throws {
        let world = try once()
        let clock = world.time
        world.bank.script(FakeTransport.Step.lost.after { _ in clock.advance(by: .milliseconds(5_001)) }, .notFound)
        #expect(try await world.pay().json["processing_reason"] == .string("outcome_unknown"))
        #expect(world.hosts == ["bank-a.test", "bank-a.test"])
    }

    @Test("an earlier unknown is not forgotten for a later 429 at that gateway (O1)")
    func earlierUnknown() async throws {
        let world = try world(["bank-a", "bank-b"], .init(maximumRetries: 1))
        let clock = world.time
        world.bank.script(
            FakeTransport.Step.lost.after { _ in clock.advance(by: .milliseconds(5_001)) }, .notFound, .problem(429, "SLOW"),
            .notFound)
        let answer = paying(world)
        await world.pause(of: .seconds(1))
        #expect(try await answer.value.json["processing_reason"] == .string("outcome_unknown"))
        #expect(world.hosts == Array(repeating: "bank-a.test", count: 4))
    }

    @Test("a decline moves on only for the categories that the route lists")
    func softDeclines() async throws {
        for (code, hosts, state) in [
            ("51", ["bank-a.test", "bank-b.test"], "succeeded"), ("05", ["bank-a.test"], "failed"),
            ("59", ["bank-a.test"], "failed"),
        ] {
            let world = try once(softDeclines: [.insufficientFunds])
            world.bank.script(.charge("DECLINED", code: code), .charge("APPROVED"))
            #expect(try await world.pay().state == state)
            #expect(world.hosts == hosts)
        }
    }

    @Test("the decline of the last gateway is final, and so is a decline after which nobody else took it")
    func lastDecline() async throws {
        for (last, category) in [
            (FakeTransport.Step.charge("DECLINED", code: "51"), "insufficient_funds"),
            (.charge("DECLINED", code: "05"), "do_not_honor"),
            (.notTaken, "insufficient_funds"), (.fails(.sample(.connectRefused)), "insufficient_funds"),
        ] {
            let world = try once(softDeclines: [.insufficientFunds])
            world.bank.script(.charge("DECLINED", code: "51"), last)
            let answer = try await world.pay()
            #expect(answer.status == 201)
            #expect(answer.state == "failed")
            #expect(answer.json["failure"]?["category"] == .string(category))
            #expect(world.bank.sent.count == 2)
        }
    }

    @Test("a payment pinned to a gateway goes nowhere else (O7)")
    func pinned() async throws {
        let world = try once()
        world.bank.script(.notTaken)
        #expect(try await world.pay(.payment(("gateway", .string("bank-a")))).state == "queued")
        #expect(world.hosts == ["bank-a.test"])
    }

    @Test("a gateway whose breaker is open is passed over; where both are, nothing is sent and nothing is tried")
    func breakers() async throws {
        let world = try world(["bank-a", "bank-b"], World.once, breaker: .init(consecutiveFailures: 1))
        world.bank.script(.notTaken, .charge("APPROVED"), .charge("APPROVED"), .notTaken)
        #expect(try await world.pay(key: "key-1").state == "succeeded")
        #expect(try await world.pay(key: "key-2").state == "succeeded")
        #expect(world.hosts == ["bank-a.test", "bank-b.test", "bank-b.test"])
        #expect(try await world.pay(key: "key-3").state == "queued")
        let answer = try await world.pay(Self.fail, key: "key-4")
        #expect(answer.status == 503)
        #expect(try await world.record("key-4").attempts.isEmpty)
        #expect(world.bank.sent.count == 4)
    }

    // MARK: Stored first (O5), in time (T1)

    @Test("every attempt is stored before a byte of it leaves, also at the next gateway (O5)")
    func storedFirst() async throws {
        let world = try once()
        let seen = Mutex<[[AttemptRecord]]>([])
        func looking(_ step: FakeTransport.Step) -> FakeTransport.Step {
            step.after { _ in
                let attempts = try? await world.record().attempts
                seen.withLock { $0.append(attempts ?? []) }
            }
        }
        world.bank.script(looking(.notTaken), looking(.charge("APPROVED")))
        _ = try await world.pay()
        let stored = seen.withLock { $0 }
        #expect(stored.map { $0.map(\.gateway) } == [["bank-a"], ["bank-a", "bank-b"]])
        #expect(stored.map { $0.map(\.end?.outcome) } == [[nil], [.notProcessed, nil]])
        #expect(stored.last?.last?.startedAt.rfc3339WholeSeconds == world.bank.sent[1].request.headers.single("X-Timestamp"))
    }

    @Test(
        "an attempt that could not be stored is not sent, and the payment waits for recovery (O5)",
        arguments: [FaultyStore.Fault.away, .replyLost])
    func notStored(_ fault: FaultyStore.Fault) async throws {
        let world = try once()
        world.bank.script(FakeTransport.Step.notTaken.after { _ in world.store.fail([.settle], fault, times: 1) })
        #expect(try await world.pay().state == "queued")
        #expect(world.bank.sent.count == 1)
        #expect(try await world.record().status == .queued)
        #expect(try await world.record().attempts.map(\.end?.code) == ["gateway_unavailable", "not_stored"])
    }

    @Test(
        "nor is a repeat at the same gateway whose attempt could not be stored (O5)",
        arguments: [FaultyStore.Fault.away, .replyLost])
    func repeatNotStored(_ fault: FaultyStore.Fault) async throws {
        let world = try world(["bank-a"])
        world.bank.script(.lost, .notFound)
        let answer = paying(world)
        await world.time.sleepers(atLeast: 2)
        world.store.fail([.settle], fault, times: 1)
        world.time.advance(by: .seconds(1))
        #expect(try await answer.value.json["processing_reason"] == .string("outcome_unknown"))
        #expect(world.charges.count == 1)
    }

    @Test("nothing starts too late: the next gateway is left alone where its attempt could outlast the deadline (T1)")
    func tooLate() async throws {
        for (elapsed, count) in [(Duration.seconds(7), 2), (.milliseconds(7_001), 1)] {
            let world = try once()
            let clock = world.time
            world.bank.script(FakeTransport.Step.notTaken.after { _ in clock.advance(by: elapsed) }, .charge("APPROVED"))
            _ = try await world.pay()
            #expect(world.bank.sent.count == count)
        }
    }

    @Test("a caller that was told 202 at its deadline gets no new gateway (T2)")
    func afterDeadline() async throws {
        let world = try once()
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .notTaken)
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.deadline)
        #expect(try await answer.value.status == 202)
        gate.open()
        await world.inFlight.idle()
        #expect(world.hosts == ["bank-a.test"])
        #expect(try await world.record().status == .queued)
    }

    // MARK: A gateway's word between decision and attempt

    @Test(
        "a gateway's word that comes before the next attempt is stored keeps it from being sent (P1, R6)",
        arguments: [
            ("APPROVED", PaymentRecord.Status.succeeded), ("PENDING", .processing), ("DECLINED", .failed), ("VOIDED", .canceled),
        ])
    func wordFirst(word: String, status: PaymentRecord.Status) async throws {
        let world = try once()
        let said = Mutex(false)
        world.bank.script(.lost, .notFound, .notFound)
        let id = try world.id()
        let money = Money(minorUnits: 1_000, currency: try #require(Currency("EUR")))
        let outcome: Outcome =
            switch word {
            case "PENDING": .pending(gatewayReference: nil)
            case "DECLINED": .declined(Decline(category: .other, code: nil, message: nil))
            case "VOIDED": .approved(Approval(state: .voided, gatewayReference: "x", money: money))
            default: .approved(Approval(state: .captured, gatewayReference: "x", money: money))
            }
        let answer = paying(world)
        await world.time.sleepers(atLeast: 2)
        world.store.before(.settle) {
            guard
                said.withLock({ told in
                    defer { told = true }
                    return !told
                })
            else { return }
            _ = try? await world.hear(outcome, of: id.text)
        }
        world.time.advance(by: .seconds(2))
        _ = try await answer.value
        #expect(world.hosts == Array(repeating: "bank-a.test", count: 3))
        #expect(try await world.record().status == status)
        #expect(try await world.record().attempts.count { $0.operation == .payment } == 1)
    }
}
