import Payments
import RedisStore
import Resilience
import TestKit
import Testing

@Suite("The Redis store of breakers", .timeLimit(.minutes(2)))
struct RedisBreakerStoreTests {
    private static let gateway = "bank-a"

    private func report(
        _ replica: String = "a", generation: Int = 0, _ settings: CircuitBreaker.Settings = .init()
    ) -> BreakerReport {
        BreakerReport(gateway: Self.gateway, generation: generation, replica: replica, settings: settings)
    }

    private func failure(_ body: () async throws -> Void) async throws -> StoreFailure? {
        do {
            try await body()
            return nil
        } catch let failure as StoreFailure {
            return failure
        }
    }

    @Test("keeps the contract of every breaker store", .redisServer, arguments: Array(BreakerStoreConformance.all.enumerated()))
    func conforms(_ number: Int, _ check: BreakerStoreConformance) async throws {
        let server = try #require(RedisServer.current)
        try await RedisBreakers.with(server, timeout: .seconds(20), keyPrefix: "check-\(number):") { store in
            try await check.run(BreakerStoreUnderTest(store: store) { try await server.elapse($0) })
        }
    }

    @Test("keeps all keys in one slot, so that a Redis Cluster takes every script")
    func cluster() async throws {
        try await RedisServer.with(options: ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"]) { server in
            #expect(try await server.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383") == "OK")
            try await server.logs("Cluster state changed: ok")
            try await RedisBreakers.with(server) { store in
                let heard = FollowedBreakers()
                let following = Task { await store.follow({ [Self.gateway] }) { heard.add($0) } }
                let settings = CircuitBreaker.Settings(openFor: .milliseconds(1))
                try await store.reportTrip(report())
                try await store.reportFailures(5, id: "1", report("a", settings))
                try await store.reportSuccess(report())
                try await store.reportFailures(5, id: "2", report("a", settings))
                try await store.reportFailures(5, id: "3", report("b", settings))
                try await heard.until { $0[Self.gateway]?.state == .open }
                let opened = report(generation: heard.newest[Self.gateway]?.generation ?? 0)
                try await server.elapse(.milliseconds(1))
                #expect(try await store.takeProbe("t", opened))
                try await store.endProbe("t", .success, opened)
                try await store.force("bank-b", .forcedOpen, reason: "r", actor: "o", limit: nil)
                try await heard.until { $0[Self.gateway]?.state == .closed }
                following.cancel()
                await following.value
            }
        }
    }

    @Test("leaves nothing of a count that has ended, and nothing but the generation of a breaker that is well again")
    func clean() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.with(server) { store in
                try await store.reportFailures(4, id: "1", report("a"))
                try await store.reportSuccess(report())
                #expect(try await server.command("EXISTS", "db:{breakers}:bank-a") == "0")
                try await store.force(Self.gateway, .forcedOpen, reason: "r", actor: "o", limit: nil)
                #expect(try await server.command("TTL", "db:{breakers}:bank-a") == "-1")
                try await store.force(Self.gateway, .closed, reason: "r", actor: "o", limit: nil)
                #expect(try await server.command("HKEYS", "db:{breakers}:bank-a") == "gen")
            }
        }
    }

    @Test("keeps a bounded number of announcements")
    func boundedStream() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.with(server) { store in
                for _ in 0..<3_000 {
                    try await store.force(Self.gateway, .closed, reason: "r", actor: "o", limit: nil)
                }
                let length = try #require(Int(try await server.command("XLEN", "db:{breakers}")))
                #expect((1_000..<1_200).contains(length))
            }
        }
    }

    @Test("cuts a reason that is too long")
    func longReason() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.with(server) { store in
                let reason = String(repeating: "é", count: 100_000)
                try await store.force(Self.gateway, .forcedOpen, reason: reason, actor: "o", limit: nil)
                let forced = try await store.breakers(of: [Self.gateway])[Self.gateway]
                #expect(forced?.reason == String(reason.prefix(1_000)))
            }
        }
    }

    @Test(
        "says unreadable of a breaker that makes no sense, and does not crash",
        arguments: [
            ["HSET", "gen", "many"], ["HSET", "state", "ajar"], ["HSET", "until", "never"], ["HSET", "fails", "x"],
            ["SET", "text"],
        ])
    func garbage(_ damage: [String]) async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.with(server) { store in
                try await server.command([damage[0], "db:{breakers}:bank-a"] + damage.dropFirst())
                let failure = try await failure { _ = try await store.breakers(of: [Self.gateway]) }
                #expect(failure?.code == .unreadable)
                #expect(try await store.breakers(of: ["bank-b"]) == ["bank-b": SharedBreaker()])
            }
        }
    }

    @Test("says that it does not answer, in time")
    func away() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.with(server, timeout: .milliseconds(100)) { store in
                await server.stop()
                let failure = try await failure { try await store.reportSuccess(report()) }
                #expect(failure?.code == .unreachable || failure?.code == .timeout)
            }
        }
    }

    @Test("follows again when Redis is back, and hears what changed meanwhile")
    func reconnects() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.with(server) { store in
                let heard = FollowedBreakers()
                let following = Task { await store.follow({ [Self.gateway] }) { heard.add($0) } }
                try await heard.until { $0[Self.gateway]?.state == .closed }
                try await server.command("CLIENT", "KILL", "TYPE", "normal")
                try await store.force(Self.gateway, .forcedOpen, reason: "r", actor: "o", limit: nil)
                try await heard.until { $0[Self.gateway]?.state == .forcedOpen }
                await server.stop()
                try await server.start()
                try await store.force(Self.gateway, .closed, reason: "r", actor: "o", limit: nil)
                try await heard.until { $0[Self.gateway]?.state == .closed }
                following.cancel()
                await following.value
            }
        }
    }

    @Test("ends at once when who follows is cancelled, also where Redis does not answer")
    func cancelled() async throws {
        try await RedisServer.with { server in
            try await RedisBreakers.with(server) { store in
                let heard = FollowedBreakers()
                let following = Task { await store.follow({ [Self.gateway] }) { heard.add($0) } }
                try await heard.until { $0[Self.gateway] != nil }
                server.suspend()
                let started = ContinuousClock.now
                following.cancel()
                await following.value
                #expect(ContinuousClock.now - started < .seconds(4))
                server.resume()
            }
        }
    }
}
