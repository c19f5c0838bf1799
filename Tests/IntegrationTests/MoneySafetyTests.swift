import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("Money is safe", .serialized, .timeLimit(.minutes(2)))
struct MoneySafetyTests {
    @Test("nothing is sent while Redis is away, and the same key pays once it is back")
    func redisAway() async throws {
        try await World.with(.redis) { world in
            let redis = try #require(RedisServer.current)
            let held = try await world.acme.authorize()
            await redis.stop()
            let replies = [
                try await world.acme.pay(key: "order-7"), try await world.acme.capture(held.id),
                try await world.acme.void(held.id), try await world.acme.payment(held.id),
            ]
            #expect(replies.map(\.status) == [503, 503, 503, 503])
            #expect(replies.map(\.code) == Array(repeating: "state_store_unavailable", count: 4))
            let ready = try await world.gateway.ask("/ready")
            #expect(ready.status == 503)
            #expect(ready["ready"]?.bool == false)
            #expect(world.requestsAtBank == 1)
            try await redis.start()
            let paid = try await world.payOnceRedisIsBack(key: "order-7")
            #expect(paid.status == 201)
            #expect(world.bank.counters[.charge] == 2)
        }
    }

    @Test("what the bank said while Redis went away is kept, told as 202, and settled when Redis is back")
    func redisKilledBeforeSettle() async throws {
        try await World.with(.redis) { world in
            let redis = try #require(RedisServer.current)
            try world.bank.script(.slowAfter(milliseconds: 1500), for: .charge)
            async let answer = world.acme.pay(key: "order-7")
            await world.bank.reaches { ledger, _ in ledger.moneyMovements == 1 }
            await redis.stop()
            let reply = try await answer
            #expect(reply.status == 202)
            #expect(reply.state == "processing")
            try await redis.start()
            #expect(await world.gateway.logs("payment decided", reply.id))
            #expect(try await world.acme.payment(reply.id).state == "succeeded")
            #expect(try await world.acme.pay(key: "order-7").status == 201)
            #expect(world.bank.counters[.charge] == 1)
            #expect(world.bank.ledger.moneyMovements == 1)
        }
    }

    @Test("a payment whose process was killed after the bank had acted is taken over by the next one, and paid once")
    func killed() async throws {
        try await World.with(.redis, try Setup { $0.attempt = "1s" }) { world in
            try world.bank.script(.slowAfter(milliseconds: 60_000), for: .charge)
            let lost = Task { try await world.acme.pay(key: "order-7") }
            await world.bank.reaches { ledger, _ in ledger.moneyMovements == 1 }
            await world.gateway.kill()
            await #expect(throws: Wire.NoAnswer.self) { try await lost.value }
            try await RunningGateway.with(world.configuration) { next in
                let early = try await next.acme.pay(key: "order-7")
                #expect(early.status == 409)
                #expect(early.code == "idempotency_in_progress")
                // Once the dead owner's lease is over.
                #expect(await next.logs("payment decided", "succeeded"))
                let repeated = try await next.acme.pay(key: "order-7")
                #expect(repeated.status == 201)
                #expect(repeated.state == "succeeded")
            }
            #expect(world.bank.counters[.charge] == 1)
            #expect(world.bank.counters[.inquiry] == 1)
            #expect(world.bank.ledger.moneyMovements == 1)
        }
    }

    @Test("nothing is sent twice when the bank closes idle connections under requests", arguments: StoreKind.allCases)
    func idleConnections(store: StoreKind) async throws {
        let payments = 60
        let setup = try Setup {
            $0.gatewayLines = [
                "retry: { base: 10ms, max: 20ms, budget: { min_per_second: 1000 } }", "inquiry: { first_after: 100ms, max: 1s }",
                Self.noBreaker,
            ]
            $0.lines = ["queue: { retry: { first: 100ms, max: 1s } }"]
        }
        try await World.with(store, setup) { world in
            try world.bank.script(.closeIdle, for: .charge, times: payments)
            let replies = try await Volume(payments: payments, inFlight: 4).run(at: world.acme)
            // A connection that closes under a request leaves its outcome unknown: the bank is asked before anything goes again.
            #expect(replies.count { $0.state == "succeeded" } > payments / 2)
            for reply in replies where reply.status != 201 {
                #expect(reply.reason == "outcome_unknown", "\(reply.text)")
                #expect(await world.gateway.decides(reply.id))
            }
            let (ledger, counters) = (world.bank.ledger, world.bank.counters)
            #expect(counters[.charge] == payments)
            #expect(Set(ledger.charges.keys) == Set(replies.map(\.id)))
            #expect(ledger.moneyMovements == payments)
        }
    }

    @Test("one key sent many times at once, to two replicas, is one payment")
    func replicas() async throws {
        try await World.with(.redis) { world in
            try await RunningGateway.with(world.configuration) { second in
                let callers = [world.acme, second.acme]
                let replies = try await withThrowingTaskGroup { group in
                    for number in 0..<24 { group.addTask { try await callers[number % 2].pay(key: "order-7") } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                let paid = replies.filter { $0.status == 201 }
                #expect(!paid.isEmpty)
                #expect(Set(paid.map(\.body)).count == 1)
                #expect(paid.count { !$0.isReplayed } == 1)
                #expect(replies.allSatisfy { $0.status == 201 || $0.code == "idempotency_in_progress" })
            }
            #expect(world.bank.counters[.charge] == 1)
            #expect(world.bank.ledger.moneyMovements == 1)
        }
    }

    /// That never opens: so many failures on purpose would make everything wait for probes.
    private static let noBreaker = "breaker: { consecutive_failures: 1000 }"

    static let troubles: [Misbehaviour] = [
        .cutBefore, .cutAfter, .cutMidAnswer, .closeIdle, .status500, .status500After, .notProcessed, .garbage, .truncated,
        .badSignature, .noSignature, .decline(code: "05"), .rateLimited, .credentials,
    ]

    @Test("what is said of each payment is what the bank's books say, whatever goes wrong", arguments: StoreKind.allCases)
    func troubled(store: StoreKind) async throws {
        let times = 8
        // Short, so that everything comes to its end here: unknown ones are asked about, queued ones paid.
        let setup = try Setup {
            $0.gatewayLines = [
                "retry: { base: 10ms, max: 40ms }", "inquiry: { first_after: 100ms, max: 1s }", Self.noBreaker,
            ]
            $0.lines = ["queue: { retry: { first: 100ms, max: 1s } }"]
        }
        try await World.with(store, setup) { world in
            for trouble in Self.troubles { try world.bank.script(trouble, for: .charge, times: times) }
            let replies = try await Volume(payments: (Self.troubles.count + 2) * times, inFlight: 16).run(at: world.acme)
            for reply in replies where reply.status == 201 { expect(reply, toBeAsIn: world.bank.ledger) }
            for reply in replies {
                #expect([201, 202].contains(reply.status))
                if reply.status == 202 { #expect(await world.gateway.decides(reply.id)) }
                expect(try await world.acme.payment(reply.id), toBeAsIn: world.bank.ledger)
            }
            #expect(world.bank.ledger.moneyMovements == world.bank.ledger.charges.values.count { $0.status == .approved })
        }
    }

    private func expect(_ reply: Reply, toBeAsIn ledger: Ledger) {
        let charge = ledger[reply.id]
        #expect(["succeeded", "failed"].contains(reply.state), "\(reply.text)")
        #expect((reply.state == "succeeded") == (charge?.status == .approved), "\(reply.text)")
        #expect(reply["amount_captured"]?.integer == charge?.captured ?? 0)
    }

    @Test("a caller that hangs up changes nothing about its payment")
    func hangsUp() async throws {
        try await World.with { world in
            try world.bank.script(.slowAfter(milliseconds: 500), for: .charge)
            let caller = Task { try await world.open.pay(key: "order-7") }
            await world.bank.reaches { ledger, _ in ledger.moneyMovements == 1 }
            caller.cancel()
            _ = await caller.result
            #expect(await world.gateway.logs("payment decided"))
            #expect(try await world.open.pay(key: "order-7").state == "succeeded")
            #expect(world.bank.counters[.charge] == 1)
        }
    }
}

extension World {
    /// The first connection to a Redis that is back takes a moment: until then the answer is the problem that says "repeat".
    fileprivate func payOnceRedisIsBack(key: String) async throws -> Reply {
        var reply = try await acme.pay(key: key)
        while reply.code == "state_store_unavailable" {
            try Task.checkCancellation()
            reply = try await acme.pay(key: key)
        }
        return reply
    }
}
