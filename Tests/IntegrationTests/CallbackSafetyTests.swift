import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("A callback is acknowledged when it is stored, and counts once", .serialized, .timeLimit(.minutes(2)))
struct CallbackSafetyTests {
    @Test("the bank comes again until Redis is back", arguments: [true, false])
    func redisAway(isStopped: Bool) async throws {
        try await World.callingBack(.redis) { world in
            let redis = try #require(RedisServer.current)
            try world.bank.script(.pending, for: .charge)
            let taken = try await world.acme.pay()
            #expect(taken.status == 202)
            if isStopped { await redis.stop() } else { redis.suspend() }
            try world.bank.resolve(taken.id, as: .approve)
            await world.bank.reaches(callbacks: { $0.attempts.count > 1 })
            #expect(world.bank.callbacks.acknowledged == 0)
            if isStopped { try await redis.start() } else { redis.resume() }
            let answers = await world.answersToCallbacks()
            #expect(answers.last == .answered(status: 204))
            #expect(answers.dropLast().allSatisfy { $0 == .answered(status: 503) }, "\(answers)")
            #expect(try await world.acme.payment(taken.id).state == "succeeded")
            #expect(try await world.acme.allEvents(of: taken.id).types == ["payment.processing", "payment.succeeded"])
            #expect(world.bank.counters[.inquiry] == 0)
        }
    }

    @Test("what a killed replica had acknowledged stands, and what it had not comes again to the next")
    func killed() async throws {
        try await World.callingBack(.redis) { world in
            try world.bank.script(.pending, for: .charge, times: 2)
            let (first, second) = (try await world.acme.pay().id, try await world.acme.pay().id)
            try world.bank.resolve(first, as: .approve)
            await world.bank.reaches(callbacks: { $0.acknowledged == 1 })
            await world.gateway.kill()
            try world.bank.resolve(second, as: .decline(code: "05"))
            await world.bank.reaches(callbacks: { !$0.attempts(for: second).isEmpty })
            #expect(world.bank.callbacks.attempts(for: second).first?.result == .unanswered(.unreachable))
            try await RunningGateway.with(world.configuration) { next in
                let paid = try await next.acme.payment(first)
                #expect(paid.state == "succeeded")
                let firstEvents = try await next.acme.events(of: first, until: "payment.succeeded")
                #expect(firstEvents.types == ["payment.processing", "payment.succeeded"])
                let secondEvents = try await next.acme.events(of: second, until: "payment.failed")
                #expect(secondEvents.types == ["payment.processing", "payment.failed"])
                #expect(await world.answersToCallbacks().last == .answered(status: 204))
            }
        }
    }

    @Test("one replica hears of a payment that another has sent, and whoever waits at either is told")
    func replicas() async throws {
        try await World.callingBack(.redis) { world in
            try await RunningGateway.with(world.replica) { owner in
                try world.bank.script(.callback(.late(milliseconds: 1500)), for: .charge)
                let taken = try await owner.acme.pay()
                #expect(taken.status == 202)
                async let here = world.acme.events(of: taken.id, until: "payment.succeeded")
                async let there = owner.acme.events(of: taken.id, until: "payment.succeeded")
                let (heard, owned) = (try await here, try await there)
                #expect(heard == owned)
                #expect(heard.types == ["payment.processing", "payment.succeeded"])
                #expect(heard.last?["cause"]?.text == "callback")
                #expect(try await owner.acme.payment(taken.id).json == heard.last?["data"])
                #expect(await world.gateway.logs("callback received", taken.id, "applied"))
                #expect(!owner.program.output.text.contains("callback received"))
            }
        }
    }

    @Test("a callback at one replica settles a charge that is still under way at the other")
    func overtakenElsewhere() async throws {
        try await World.callingBack(.redis) { world in
            try await RunningGateway.with(world.replica) { owner in
                try world.bank.script(.callback(.beforeAnswer), for: .charge)
                let paid = try await owner.acme.pay(key: "order-7")
                #expect(paid.status == 201)
                #expect(paid.state == "succeeded")
                #expect(world.bank.callbacks.attempts.map(\.result) == [.answered(status: 204)])
                #expect(try await world.acme.pay(key: "order-7").body == paid.body)
                #expect(try await world.acme.allEvents(of: paid.id).types == ["payment.succeeded"])
                #expect(world.bank.ledger[paid.id]?.moneyMovements == 1)
            }
        }
    }

    @Test("one event that comes to two replicas at once is one change")
    func sameEventTwice() async throws {
        try await World.callingBack(.redis) { world in
            try await RunningGateway.with(world.replica) { second in
                try world.bank.script(.pending, for: .charge)
                let taken = try await world.acme.pay()
                let reference = try #require(world.bank.ledger[taken.id]?.bankReference)
                let event = World.event("evt_once", of: taken.id, bankReference: reference)
                let replicas = [world.gateway.callbacks, second.callbacks]
                let answers = try await withThrowingTaskGroup { group in
                    for number in 0..<16 { group.addTask { try await world.post(event, port: replicas[number % 2]) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers == Array(repeating: .answered(status: 204), count: 16))
                #expect(try await world.acme.allEvents(of: taken.id).types == ["payment.processing", "payment.succeeded"])
                let history = try await world.gateway.ask("/admin/audit?payment=\(taken.id)")["data"]?.elements ?? []
                #expect(history.count { $0["cause"]?.text == "callback" } == 1, "\(history)")
            }
        }
    }
}
