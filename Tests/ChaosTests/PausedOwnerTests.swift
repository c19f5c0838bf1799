import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@testable import RedisStore

@Suite("A replica that sleeps past its lease and wakes up", .serialized, .timeLimit(.minutes(3)))
struct PausedOwnerTests {
    /// The attempt's time-out and the five seconds for the steps around it, and a little more.
    private static let lease = Duration.milliseconds(5_600)

    @Test("sends nothing, and is heard: what the bank told it alone is not lost")
    func wakesUp() async throws {
        // Together, because most of the time is spent waiting for a lease to end.
        async let claimed: Void = sendsNothing()
        async let pausing: Void = sendsNothingAgain()
        async let queueing: Void = sendsNothingOutOfLine()
        async let heard: Void = isHeard()
        _ = try await (claimed, pausing, queueing, heard)
    }

    /// It was about to send.
    private func sendsNothing() async throws {
        // It hears of its claim when it wakes, and not that Redis took too long: its own count of the lease has to stop it.
        let patiently: @Sendable (inout Setup) -> Void = { $0.redisTimeout = "8s" }
        try await Fleet.with(.always, patiently) { fleet in
            let bank = fleet.banks[0].mock
            let frozen = fleet.first.redis.freeze(at: .answer(to: RedisScript.claimPayment.digest))
            let caller = try fleet.first.caller
            let sleeper = Task { try await caller.pay(key: "order-7") }
            #expect(await frozen.reached())
            await fleet.first.pause()
            // Its claim has been granted: that is the first thing it reads when it wakes.
            fleet.first.redis.thaw()
            try await fleet.redis.elapse(Self.lease)
            let paid = try await Customer(at: [fleet.second]).pay(Caller.order(), key: "order-7")
            #expect(paid.status == 201)
            let sent = bank.counters[.charge]
            fleet.first.resume()
            let woken = try await sleeper.value
            #expect([201, 202, 409, 503].contains(woken.status), "\(woken.text)")
            try await Self.expectOnePayment(paid, in: fleet)
            #expect(bank.counters[.charge] == sent, "\(woken.status) \(woken.text)")
        }
    }

    /// It was waiting to send again.
    private func sendsNothingAgain() async throws {
        let retry = "retry: { max_retries: 3, base: 800ms, max: 800ms, jitter: none }"
        let slowly: @Sendable (inout Setup) -> Void = { $0.gatewayLines[0] = retry }
        try await Fleet.with(.always, slowly) { fleet in
            let bank = fleet.banks[0].mock
            try bank.script(.notProcessed, for: .charge)
            let frozen = fleet.first.redis.freeze(at: .answer(to: RedisScript.settle.digest))
            let caller = try fleet.first.caller
            let sleeper = Task { try await caller.pay(key: "order-7") }
            // The second attempt is stored and waits for its time.
            #expect(await frozen.reached())
            await fleet.first.pause()
            fleet.first.redis.thaw()
            try await fleet.redis.elapse(Self.lease)
            let customer = Customer(at: [fleet.second])
            _ = try await customer.pay(Caller.order(), key: "order-7")
            let paid = try await customer.payment(try await customer.pay(Caller.order(), key: "order-7").id) {
                $0.state == "succeeded"
            }
            let sent = bank.counters[.charge] + fleet.banks[1].mock.counters[.charge]
            fleet.first.resume()
            _ = try await sleeper.value
            try await Self.expectOnePayment(paid, in: fleet)
            #expect(bank.counters[.charge] + fleet.banks[1].mock.counters[.charge] == sent)
        }
    }

    /// Its attempt was stored, and stood in line for the only place at the bank.
    private func sendsNothingOutOfLine() async throws {
        try await Fleet.with(.always, { $0.gatewayLines.append("limits: { concurrency: 1 }") }, Self.wakeInLine)
    }

    @Sendable private static func wakeInLine(_ fleet: Fleet) async throws {
        let bank = fleet.banks[0].mock
        try bank.script(.slowBefore(milliseconds: 450), for: .charge)
        let (caller, other) = (try fleet.first.caller, try fleet.second.caller)
        let blocker = Task { try await caller.pay(key: "blocker") }
        await bank.reaches { _, counters in counters[.charge] == 1 }
        let sleeper = Task { try await caller.pay(key: "order-7") }
        // Its claim is there once another replica says so. Until then this asks nobody's bank.
        var asked = try await other.get("/v1/payments?reference=order-1")
        while asked["data"]?.elements?.count != 2 { asked = try await other.get("/v1/payments?reference=order-1") }
        await fleet.first.pause()
        try await fleet.redis.elapse(lease)
        let customer = Customer(at: [fleet.second])
        let blocking = try await customer.pay(Caller.order(), key: "blocker")
        let paid = try await customer.pay(Caller.order(), key: "order-7")
        let sent = bank.counters[.charge]
        fleet.first.resume()
        _ = try await (blocker.value, sleeper.value)
        #expect([blocking.status, paid.status] == [201, 201])
        #expect(bank.counters[.charge] == sent)
        #expect(bank.ledger.moneyMovements == 2)
    }

    /// It was about to store what the bank had said.
    private func isHeard() async throws {
        try await Fleet.with { fleet in
            let bank = fleet.banks[0].mock
            let frozen = fleet.first.redis.freeze(at: .before(RedisScript.settle.digest))
            let caller = try fleet.first.caller
            let sleeper = Task { try await caller.pay(key: "order-7") }
            #expect(await frozen.reached())
            await fleet.first.pause()
            // From now on the bank says nothing to anybody, under this or another reference.
            await fleet.banks[0].proxy.close()
            try await fleet.redis.elapse(Self.lease)
            let told = try await Customer(at: [fleet.second]).pay(Caller.order(), key: "order-7")
            #expect(told.status == 202)
            #expect(told.reason == "outcome_unknown")
            fleet.first.redis.thaw()
            fleet.first.resume()
            _ = try await sleeper.value
            let known = try await Customer(at: [fleet.second]).payment(told.id) { $0.state != "processing" }
            #expect(known.state == "succeeded")
            #expect(known["gateway"]?.text == "bank-a")
            #expect(bank.counters[.inquiry] == 0)
            try await fleet.banks[0].proxy.open()
            try await Self.expectOnePayment(known, in: fleet)
        }
    }

    private static func expectOnePayment(_ reply: Reply, in fleet: Fleet) async throws {
        let customer = Customer(at: fleet.replicas)
        let purchase = Purchase(key: "order-7", order: Caller.order(), paid: reply)
        let told = try await customer.review(purchase, until: .now + .seconds(10))
        let ledgers = Promises(fleet)
        // What was read of a payment is no answer to its key.
        let answers = told.answers.map { Told.Answered(what: $0.what, first: $0.again, again: $0.again) }
        let violations = ledgers.violations([Told(id: told.id, key: told.key, answers: answers, last: told.last)])
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
        #expect(told.last.state == "succeeded")
    }
}
