import AdapterKit
import Payments
import RedisStore
import TestKit
import Testing

@Suite("The Redis store of callbacks", .timeLimit(.minutes(2)))
struct RedisCallbackStoreTests {
    private static let hour = Duration.seconds(3_600)
    private let mark = CallbackMark(.nonce, "n 1}", at: "bank-a")
    private let reference = GatewayReference("ch_1", at: "bank-a")

    @Test("keeps the contract of every callback store", .redisServer, arguments: Array(CallbackStoreConformance.all.enumerated()))
    func conforms(_ number: Int, _ check: CallbackStoreConformance) async throws {
        let server = try #require(RedisServer.current)
        try await RedisCallbacks.with(server.url, timeout: .seconds(20), keyPrefix: "check-\(number):") { store in
            try await check.run(CallbackStoreUnderTest(store: store) { try await server.elapse($0) })
        }
    }

    @Test("keeps all keys of a step in one slot, so that a Redis Cluster takes every script")
    func cluster() async throws {
        try await RedisServer.with(options: ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"]) { server in
            #expect(try await server.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383") == "OK")
            try await server.logs("Cluster state changed: ok")
            try await RedisCallbacks.with(server.url) { store in
                #expect(try await store.claim(mark, for: Self.hour))
                try await store.remember([mark, CallbackMark(.event, "e", at: "b")], for: Self.hour)
                #expect(try await store.isKnown([mark, CallbackMark(.hint, "p", at: "b")]) == [true, false])
                try await store.release(mark)
                #expect(try await store.find(reference, orWait: try id(1), for: Self.hour) == nil)
                #expect(try await store.bind(reference, to: try work(), for: Self.hour) == [try id(1)])
                #expect(try await store.keep(try callback(1), limit: 1) == .kept)
                #expect(try await store.kept(try id(1)) == (try callback(1)))
                #expect(try await store.listed(.unmatched, after: nil, limit: 1).callbacks.count == 1)
                #expect(try await store.tally().count == 1)
                try await store.drop(id(1))
            }
        }
    }

    @Test("names keys without what gateways and payers wrote, and lets all but kept callbacks expire")
    func keys() async throws {
        try await RedisServer.with { server in
            try await RedisCallbacks.with(server.url) { store in
                let secret = CallbackMark(.event, "4111111111111111", at: "bank-a")
                try await store.remember([secret], for: Self.hour)
                #expect(try await store.claim(mark, for: Self.hour))
                _ = try await store.find(GatewayReference("4111", at: "bank-a"), orWait: id(1), for: Self.hour)
                _ = try await store.bind(GatewayReference("4222", at: "bank-a"), to: work(), for: Self.hour)
                let names = try await server.command("KEYS", "*").split(separator: "\n")
                #expect(names.count == 4)
                // The SHA-256 of 4111111111111111, computed outside this project.
                let digest = "9bbef19476623ca56c17da75fd57734dbf82530686043a6e491c6d71befe8f6e"
                #expect(names.contains("db:{m:event:bank-a:\(digest)}"))
                for name in names {
                    #expect(!name.contains("4111"))
                    let left = try #require(Int(try await server.command("PTTL", String(name))))
                    #expect((3_590_000...3_600_000).contains(left), "\(name)")
                }
            }
        }
    }

    @Test("leaves nothing of callbacks that were dropped but the number of the last")
    func clean() async throws {
        try await RedisServer.with { server in
            try await RedisCallbacks.with(server.url) { store in
                for number in 1...3 { _ = try await store.keep(callback(number), limit: 10) }
                for number in 1...3 { try await store.drop(id(number)) }
                #expect(try await server.command("KEYS", "*") == "db:{callbacks}:kept")
                #expect(try await server.command("HGETALL", "db:{callbacks}:kept") == "last\n3")
            }
        }
    }

    @Test(
        "lists the others where one callback cannot be read, says so of that one, and can drop it",
        arguments: [
            ["HSET", "", "garbage"], ["HSET", "", "{}"], ["HDEL", ""], ["HDEL", ":seal"], ["HDEL", "", ":shelf"],
            ["HSET", "", "\u{7F}"],
        ])
    func unreadable(_ damage: [String]) async throws {
        let log = RecordedLog()
        try await RedisServer.with { server in
            try await RedisCallbacks.with(server.url, log: log) { store in
                for number in 1...3 { _ = try await store.keep(callback(number), limit: 10) }
                let damaged = try id(2)
                let fields = damage[0] == "HDEL" ? damage.dropFirst().map { damaged.text + $0 } : [damaged.text, damage[2]]
                try await server.command([damage[0], "db:{callbacks}:kept"] + fields)
                let page = try await store.listed(.unmatched, after: nil, limit: 3)
                #expect(page == KeptCallbackPage(callbacks: [try callback(1), try callback(3)], next: nil))
                #expect(try await failure { _ = try await store.kept(try id(2)) }?.code == .unreadable)
                try await store.drop(id(2))
                #expect(try await store.kept(try id(2)) == nil)
                #expect(try await server.command("ZCARD", "db:{callbacks}:unmatched") == "2")
            }
        }
        #expect(log.lines.contains { $0.contains("a kept callback is not listed") })
    }

    @Test(
        "says unreadable of what makes no sense, and does not crash",
        arguments: [
            ["SET", "g", "nobody"], ["SET", "g", "pay_x token"], ["HSET", "g", "a", "b"], ["SET", "g:waiting", "x"],
            ["ZADD", "g:waiting", "inf", "nobody"],
        ])
    func garbage(_ damage: [String]) async throws {
        try await RedisServer.with { server in
            try await RedisCallbacks.with(server.url) { store in
                // The SHA-256 of ch_1, computed outside this project.
                let digest = "a434dc27af9120e64586a8600988f17bbd3379739dd3219f6719801b76dbdf94"
                let key = "db:{g:bank-a:\(digest)}" + damage[1].dropFirst()
                try await server.command([damage[0], key] + damage.dropFirst(2))
                let failures = [
                    try await failure { _ = try await store.find(reference, orWait: try id(1), for: Self.hour) },
                    try await failure { _ = try await store.bind(reference, to: try work(), for: Self.hour) },
                ]
                #expect(failures.contains { $0?.code == .unreadable })
                #expect(try await store.find(GatewayReference("ch_2", at: "bank-a"), orWait: nil, for: Self.hour) == nil)
            }
        }
    }

    @Test("knows its own claim and its own binding again by their token, as when a lost reply made it send them once more")
    func repeated() async throws {
        try await RedisServer.with { server in
            try await RedisCallbacks.with(server.url, random: SameRandom(byte: 1)) { one in
                _ = try await one.find(reference, orWait: id(1), for: Self.hour)
                for _ in 1...2 {
                    #expect(try await one.claim(mark, for: Self.hour))
                    #expect(try await one.bind(reference, to: try work(), for: Self.hour) == [try id(1)])
                }
            }
            try await RedisCallbacks.with(server.url, random: SameRandom(byte: 2)) { other async throws in
                #expect(try await !other.claim(mark, for: Self.hour))
                #expect(try await other.bind(reference, to: try work(), for: Self.hour).isEmpty)
            }
        }
    }

    /// Gives every step the same token.
    private struct SameRandom: RandomSource {
        let byte: UInt8
        func bytes(_ count: Int) -> [UInt8] { Array(repeating: byte, count: count) }
        func unit() -> Double { 0 }
    }

    @Test("says that it does not answer, in time")
    func away() async throws {
        try await RedisServer.with { server in
            try await RedisCallbacks.with(server.url, timeout: .milliseconds(100)) { store in
                await server.stop()
                let failures = [
                    try await failure { _ = try await store.claim(mark, for: Self.hour) },
                    try await failure { _ = try await store.find(reference, orWait: nil, for: Self.hour) },
                    try await failure { _ = try await store.keep(try callback(1), limit: 1) },
                ]
                for failure in failures { #expect(failure?.code == .unreachable || failure?.code == .timeout) }
            }
        }
    }

    // MARK: Samples

    private func id(_ number: Int) throws -> CallbackID {
        try #require(CallbackID("cb_" + String(repeating: "0", count: 25) + String(number)))
    }

    private func work() throws -> WorkID { WorkID(try Sample.payment().id) }

    private func callback(_ number: Int) throws -> KeptCallback {
        KeptCallback(
            id: try id(number), gateway: "bank-a", kind: .unmatched, eventID: "e", subject: nil, outcome: .approved,
            receivedAt: Sample.start, sealed: [1, 2])
    }

    private func failure(_ body: () async throws -> Void) async throws -> StoreFailure? {
        do {
            try await body()
            return nil
        } catch let failure as StoreFailure {
            return failure
        }
    }
}
