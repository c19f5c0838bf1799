import Payments
import RedisStore
import Resilience
import TestKit
import Testing

@Suite("Circuit breakers over Redis", .timeLimit(.minutes(1)))
struct RedisBreakerFleetTests {
    private static let quick = CircuitBreaker.Settings(openFor: .milliseconds(50))
    private let time = ManualTime()

    private func open(_ one: BreakerReplica, _ two: BreakerReplica) async throws {
        await one.call(.failure, times: 4)
        try await two.hears(\.isCounting)
        await two.call(.failure)
        try await one.hears(.open)
        try await two.hears(.open)
    }

    /// Returns when the breaker may be probed, by all clocks.
    private func due(_ server: RedisServer) async throws {
        try await server.elapse(Self.quick.openFor)
        time.advance(by: Self.quick.openFor)
    }

    /// Promised within 250 ms (issue 3); asserted with room for a slow machine, and printed.
    @Test("the other replica sees a trip quickly")
    func tripTime() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.fleet(server) { one, two in
                await one.call(.failure, times: 4)
                try await two.hears(\.isCounting)
                let started = ContinuousClock.now
                await two.call(.failure)
                try await one.hears(.open)
                let taken = ContinuousClock.now - started
                #expect(one.refuses)
                #expect(taken < .seconds(2))
                print("trip seen by the other replica after \(taken)")
            }
        }
    }

    @Test("two replicas that are closed and clean ask Redis next to nothing")
    func idle() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.fleet(server) { one, two in
                try await server.command("CONFIG", "RESETSTAT")
                await one.call(.success, times: 10_000)
                await two.call(.success, times: 10_000)
                let calls = try await server.command("INFO", "commandstats")
                #expect(!calls.contains("cmdstat_eval:"))
                #expect(!calls.contains("cmdstat_hset:"))
            }
        }
    }

    @Test("one probe goes out for both, and closes both")
    func oneProbe() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.fleet(server, Self.quick, time: time) { one, two in
                try await open(one, two)
                try await due(server)
                let permits = await withTaskGroup { group in
                    for replica in [one, two] {
                        for _ in 0..<10 { group.addTask { (replica, await replica.permit()) } }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                let probes = permits.filter { $0.1 != .refused }
                #expect(probes.count == 1)
                for (replica, probe) in probes { replica.record(probe, .success) }
                for replica in [one, two] {
                    try await replica.hears { $0.state == .closed && $0.generation > 0 }
                    #expect(replica.state == .closed)
                }
            }
        }
    }

    @Test("one replica's broken path opens only its own")
    func brokenPath() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.fleet(server) { one, two in
                await one.call(.failure, times: 5)
                try await one.hears(\.isCounting)
                try await two.hears(\.isCounting)
                await two.call(.success)
                try await one.hears { !$0.isCounting }
                #expect(one.state == .open)
                #expect(two.state == .closed)
                #expect(two.store.asked == ["success"])
            }
        }
    }

    @Test("without Redis each goes on by itself, and they agree again when it is back")
    func withoutRedis() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.fleet(server, Self.quick, timeout: .milliseconds(200), time: time) { one, two in
                try await open(one, two)
                try await server.elapse(Self.quick.openFor)
                await server.stop()
                #expect(one.state == .open)
                #expect(one.refuses)
                time.advance(by: Self.quick.openFor)
                await one.call(.success)
                #expect(one.state == .closed)
                #expect(two.state == .open)
                try await server.start()
                // Each try waits for its connection to come back.
                while (try? await two.store.breakers(of: [BreakerReplica.gateway])) == nil {}
                // What Redis kept is still open: the next call is the probe for both.
                try await one.hears { $0.state == .open && $0.remaining == .zero }
                try await two.hears { $0.state == .open && $0.remaining == .zero }
                await two.call(.success)
                for replica in [one, two] {
                    try await replica.hears(.closed)
                    #expect(replica.state == .closed)
                }
            }
        }
    }

    @Test("a Redis that stands still holds no probe up for longer than its time-out, and hears of it afterwards")
    func suspended() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.fleet(server, Self.quick, timeout: .milliseconds(200), time: time) { one, two in
                try await open(one, two)
                try await due(server)
                server.suspend()
                let started = ContinuousClock.now
                let probe = await one.permit()
                #expect(probe != .refused)
                #expect(ContinuousClock.now - started < .seconds(3))
                server.resume()
                // What was asked for in vain was done after all: the right is this replica's.
                try await two.hears(.halfOpen)
                #expect(await two.permit() == .refused)
                one.record(probe, .success)
                #expect(one.state == .closed)
                try await two.hears { $0.state == .closed && $0.generation > 0 }
                #expect(two.state == .closed)
            }
        }
    }

    @Test("what an operator forces holds everywhere, with its reason, also where one starts later")
    func forced() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.fleet(server) { one, two in
                try await one.breakers.force(
                    BreakerReplica.gateway, .forcedOpen, reason: "maintenance", actor: "ops", limit: .seconds(600))
                try await two.hears(.forcedOpen)
                #expect(two.refuses)
                try await RedisBreakers.fleet(server) { late, _ in
                    try await late.hears(.forcedOpen)
                    let status = try #require(late.breakers.status(of: BreakerReplica.gateway))
                    #expect(status.state == .forcedOpen)
                    #expect(status.reason == "maintenance")
                    #expect(status.actor == "ops")
                    #expect(try #require(status.remaining) > .seconds(300))
                }
            }
        }
    }
}
