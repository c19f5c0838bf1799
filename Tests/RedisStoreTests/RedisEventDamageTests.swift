import Payments
import RedisStore
import TestKit
import Testing

@Suite("The Redis store of events, where something is damaged", .timeLimit(.minutes(2)))
struct RedisEventDamageTests {
    private static let payment = "pay_00000000000000000000000001"
    private static let secret = "never-in-a-log"
    private static let whole = [
        "tenant": "acme", "payment": payment, "object": payment, "version": "2", "kind": "payment.processing",
        "cause": "callback", "at": "1767225600000", "data": secret,
    ]

    private static func fields(_ changes: [String: String?] = [:]) -> [String] {
        var fields = whole
        for (name, value) in changes { fields[name] = value }
        return fields.flatMap { [$0.key, $0.value] }
    }

    @Test(
        "takes out of the way what cannot be read in an outbox, keeps it and says so without what it holds", .redisServer,
        arguments: [
            ["tenant": nil], ["tenant": ""], ["payment": nil], ["payment": "pay_1"], ["object": nil], ["object": ""],
            ["version": nil], ["version": "two"], ["kind": "payment.lost"], ["cause": "chance"], ["at": nil], ["at": "today"],
            ["data": nil],
        ] as [[String: String?]])
    func corrupt(_ changes: [String: String?]) async throws {
        let server = try #require(RedisServer.current)
        let log = RecordedLog()
        let prefix = "check-\(changes):"
        try await RedisEvents.with(server, keyPrefix: prefix, log: log) { test in
            let outbox = "\(prefix){00}:outbox"
            try await server.command(["XADD", outbox, "*"] + Self.fields(changes))
            try await server.command(["XADD", outbox, "*"] + Self.fields())
            #expect(try await relay(test) == ["acme"])
            #expect(try await feed(test).map(\.sealed) == [Array(Self.secret.utf8)])
            #expect(try await server.command("XLEN", outbox) == "0")
            #expect(try await server.command("LLEN", outbox + ":corrupt") == "1")
            let said = log.lines.filter { $0.hasPrefix("warning") }
            #expect(said.count == 1)
            #expect(!log.lines.joined().contains(Self.secret) && !log.lines.joined().contains(Self.payment))
            #expect(try await relay(test).isEmpty)
        }
    }

    @Test("keeps no more than a hundred that cannot be read of one bucket", .redisServer)
    func bounded() async throws {
        let server = try #require(RedisServer.current)
        try await RedisEvents.with(server) { test in
            for _ in 1...130 { try await server.command("XADD", "db:{00}:outbox", "*", "x", "y") }
            _ = try await relay(test)
            #expect(try await server.command("LLEN", "db:{00}:outbox:corrupt") == "100")
            #expect(try await server.command("XLEN", "db:{00}:outbox") == "0")
        }
    }

    @Test("relays the other buckets where one outbox is no stream, and fails", .redisServer)
    func noStream() async throws {
        let server = try #require(RedisServer.current)
        try await RedisEvents.with(server) { test in
            try await server.command("SET", "db:{00}:outbox", "text")
            try await server.command(["XADD", "db:{zz}:outbox", "*"] + Self.fields())
            #expect(try await failure { _ = try await relay(test) }?.code == .unreadable)
            #expect(try await feed(test).count == 1)
        }
    }

    @Test(
        "relays the other tenants where one tenant's feed is damaged, and keeps what could not be appended", .redisServer,
        arguments: ["feed", "v:\(payment)"])
    func damagedTenant(_ key: String) async throws {
        let server = try #require(RedisServer.current)
        let prefix = "check-\(key):"
        try await RedisEvents.with(server, keyPrefix: prefix) { test in
            try await server.command("SET", "\(prefix){t:acme}:\(key)", "text")
            for tenant in ["acme", "globex"] {
                try await server.command(["XADD", "\(prefix){00}:outbox", "*"] + Self.fields(["tenant": tenant]))
            }
            #expect(try await failure { _ = try await relay(test) }?.code == .unreadable)
            #expect(try await feed(test, of: "globex").count == 1)
            #expect(try await server.command("XLEN", "\(prefix){00}:outbox") == "1")
            try await server.command("DEL", "\(prefix){t:acme}:\(key)")
            #expect(try await relay(test) == ["acme"])
            #expect(try await feed(test).count == 1)
        }
    }

    @Test(
        "says unreadable of what makes no sense in a feed or of an endpoint, and does not crash", .redisServer,
        arguments: [
            ["XADD", "feed", "*", "object", "x"], ["XADD", "feed", "*", "version", "many"], ["SET", "feed", "text"],
            ["SET", "trimmed", "text"], ["HSET", "e:we_1:state", "attempt", "never"], ["SET", "e:we_1:state", "text"],
            ["SET", "e:we_1:tries", "text"], ["SET", "e:we_1:dead", "text"], ["ZADD", "e:we_1:dead", "0", "1-1"],
        ])
    func garbage(_ damage: [String]) async throws {
        let server = try #require(RedisServer.current)
        let prefix = "check-\(damage):"
        try await RedisEvents.with(server, keyPrefix: prefix) { test in
            let reply = try await server.command([damage[0], "\(prefix){t:acme}:\(damage[1])"] + damage.dropFirst(2))
            #expect(!reply.contains("ERR"))
            let endpoint = EndpointID(tenant: "acme", name: "we_1")
            let failures = [
                try await failure { _ = try await test.store.events(of: "acme", after: nil, limit: 10) },
                try await failure { _ = try await test.store.status(of: endpoint) },
                try await failure { _ = try await test.store.take(for: endpoint, limit: 10, hold: .zero) },
                try await failure { _ = try await test.store.deadLetters(of: endpoint, after: nil, limit: 10) },
            ]
            let codes = Set(failures.compactMap { $0?.code })
            #expect(codes == (damage[1] == "trimmed" ? [] : [.unreadable]))
        }
    }

    @Test("drops a delivery whose event is nowhere any more, says so, and goes on", .redisServer)
    func lost() async throws {
        let server = try #require(RedisServer.current)
        let log = RecordedLog()
        try await RedisEvents.with(server, log: log) { test in
            for version in ["2", "3"] {
                try await server.command(["XADD", "db:{00}:outbox", "*"] + Self.fields(["version": version]))
            }
            _ = try await relay(test)
            guard case .page(let events, _) = try await test.store.events(of: "acme", after: nil, limit: 1) else { return }
            let id = try #require(events.first?.id.text.dropFirst(EventID.prefix.count))
            #expect(try await server.command("XDEL", "db:{t:acme}:feed", String(id)) == "1")
            let endpoint = EndpointID(tenant: "acme", name: "we_1")
            #expect(try await test.store.take(for: endpoint, limit: 10, hold: .zero).map(\.event.event.version) == [3])
            #expect(try await test.store.status(of: endpoint).pending == 1)
            #expect(log.lines.filter { $0.hasPrefix("error") }.count == 1)
        }
    }

    @Test("says that Redis does not answer, in time")
    func away() async throws {
        try await RedisServer.with { server in
            try await RedisEvents.with(server, timeout: .milliseconds(100)) { test in
                await server.stop()
                let endpoint = EndpointID(tenant: "acme", name: "we_1")
                for failure in [
                    try await failure { _ = try await relay(test) },
                    try await failure { _ = try await test.store.events(of: "acme", after: nil, limit: 1) },
                    try await failure { _ = try await test.store.take(for: endpoint, limit: 1, hold: .zero) },
                    try await failure { try await test.store.disable(endpoint, reason: "gone") },
                ] {
                    #expect(failure?.code == .unreachable || failure?.code == .timeout)
                }
            }
        }
    }

    private func relay(_ test: EventStoreUnderTest) async throws -> Set<String> {
        try await test.store.relay(of: nil) { [EndpointID(tenant: $0.tenant, name: "we_1")] }
    }

    private func feed(_ test: EventStoreUnderTest, of tenant: String = "acme") async throws -> [PaymentEvent] {
        guard case .page(let events, _) = try await test.store.events(of: tenant, after: nil, limit: 1_000) else { return [] }
        return events.map(\.event)
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
