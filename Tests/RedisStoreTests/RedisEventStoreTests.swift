import Payments
import RedisStore
import TestKit
import Testing

@Suite("The Redis store of events", .timeLimit(.minutes(4)))
struct RedisEventStoreTests {
    private static let outbox = "db:{00}:outbox"
    private static let endpoint = EndpointID(tenant: "acme", name: "we_1")

    @Test("keeps the contract of every store of events", .redisServer, arguments: Array(EventStoreConformance.all.enumerated()))
    func conforms(_ number: Int, _ check: EventStoreConformance) async throws {
        let server = try #require(RedisServer.current)
        try await RedisEvents.with(server, keyPrefix: "check-\(number):", limits: check.limits) { try await check.run($0) }
    }

    // MARK: Relays that race or crash

    @Test("appends each event once and in order where two replicas relay at once", .redisServer)
    func race() async throws {
        let server = try #require(RedisServer.current)
        try await RedisEvents.with(server) { one in
            try await RedisEvents.with(server) { two in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 1...4 {
                        let bucket = number % 2 == 0 ? "00" : "zz"
                        group.addTask { try await one.publish(try (2...40).map { try event($0, of: number, bucket: bucket) }) }
                    }
                    for _ in 1...10 {
                        for test in [one, two] { group.addTask { _ = try await relay(test) } }
                    }
                    try await group.waitForAll()
                }
                _ = try await relay(two)
                let feed = try await feed(one)
                #expect(feed.count == 4 * 39)
                for payment in Set(feed.map(\.payment)) {
                    #expect(feed.filter { $0.payment == payment }.map(\.version) == Array(2...40))
                }
                #expect(try await two.store.status(of: Self.endpoint).pending == feed.count)
            }
        }
    }

    @Test("neither loses nor repeats what was appended before a crash, and still lies in the outbox", .redisServer)
    func crash() async throws {
        let server = try #require(RedisServer.current)
        try await RedisEvents.with(server) { test in
            try await test.publish(try (2...4).map { try event($0) })
            #expect(try await server.command("COPY", Self.outbox, "db:{00}:before") == "1")
            #expect(try await relay(test) == ["acme"])
            try await test.publish([event(5)])
            // As it would stand had the replica died before it took the first three out.
            let entries = try await server.command("XRANGE", Self.outbox, "-", "+")
            #expect(entries.contains("version\n5") && !entries.contains("version\n4"))
            try await server.command("RENAME", "db:{00}:before", Self.outbox)
            #expect(try await relay(test).isEmpty)
            try await test.publish([event(5), event(6)])
            #expect(try await relay(test) == ["acme"])
            #expect(try await feed(test).map(\.version) == Array(2...6))
            #expect(try await test.store.status(of: Self.endpoint).pending == 5)
            #expect(try await server.command("XLEN", Self.outbox) == "0")
        }
    }

    @Test(
        "loses nothing and keeps the order where the log of Redis ends in the middle of a relay",
        arguments: 1...18)
    func torn(_ eighteenths: Int) async throws {
        try await RedisServer.with { server in
            try await RedisEvents.with(server) { test in try await test.publish(try (2...6).map { try event($0) }) }
            await server.stop()
            let published = try server.logLength()
            try await server.start()
            try await RedisEvents.with(server) { test in _ = try await relay(test) }
            await server.stop()
            // No more than the relay wrote: what was published before it is on the disk.
            try server.lose(lastBytes: (try server.logLength() - published) * eighteenths / 18)
            try await server.start()
            try await RedisEvents.with(server) { test in
                _ = try await relay(test)
                // A second time, as a repeat of the first only counts where it was not lost.
                try await test.publish([event(7)])
                _ = try await relay(test)
            }
            // What was torn off may take effect only now: Redis 7.0 leaves its beginning in the log.
            await server.stop()
            try await server.start()
            try await RedisEvents.with(server) { test in
                let taken = try await test.store.take(for: Self.endpoint, limit: 100, hold: .seconds(60))
                for versions in [try await feed(test).map(\.version), taken.map(\.event.event.version)] {
                    #expect(Set(versions) == Set(2...7))
                    #expect(versions.last == 7)
                }
            }
        }
    }

    @Test("keeps feeds and deliveries over a restart of Redis, and its scripts when Redis forgets them")
    func restart() async throws {
        try await RedisServer.with { server in
            try await RedisEvents.with(server) { test in
                try await test.publish([event(2), event(3)])
                _ = try await relay(test)
                try await server.command("SCRIPT", "FLUSH")
                #expect(try await test.store.take(for: Self.endpoint, limit: 1, hold: .seconds(60)).count == 1)
            }
            await server.stop()
            try await server.start()
            try await RedisEvents.with(server) { test in
                #expect(try await feed(test).map(\.version) == [2, 3])
                let taken = try await test.store.take(for: Self.endpoint, limit: 10, hold: .seconds(60))
                #expect(taken.map(\.event.event.version) == [3])
                try await test.publish([event(3)])
                #expect(try await relay(test).isEmpty)
            }
        }
    }

    // MARK: Amounts

    @Test("moves a long outbox in several relays", .redisServer)
    func long() async throws {
        let server = try #require(RedisServer.current)
        try await RedisEvents.with(server) { test in
            try await test.publish(try (2...451).map { try event($0) })
            var relays = 0
            while try await !relay(test).isEmpty { relays += 1 }
            #expect(relays == 3)
            #expect(try await feed(test).map(\.version) == Array(2...451))
        }
    }

    @Test("gives and takes at most a thousand at a time, and redrives all the same", .redisServer)
    func thousands() async throws {
        let server = try #require(RedisServer.current)
        try await RedisEvents.with(server) { test in
            for number in 1...6 { try await test.publish(try (2...201).map { try event($0, of: number) }) }
            while try await !relay(test).isEmpty {}
            #expect(try await feed(test, limit: 5_000).count == 1_000)
            var taken = 0
            while case let deliveries = try await test.store.take(for: Self.endpoint, limit: 5_000, hold: .seconds(60)),
                !deliveries.isEmpty
            {
                #expect(deliveries.count <= 1_000)
                for delivery in deliveries { try await test.store.finish(delivery, .dead(error: "gave_up"), status: nil) }
                taken += deliveries.count
            }
            #expect(taken == 1_200)
            #expect(try await test.store.redrive(Self.endpoint, event: nil, .asked(Self.endpoint)) == 1_200)
            #expect(try await test.store.status(of: Self.endpoint).dead == 0)
        }
    }

    @Test("trims more than a thousand events step by step", .redisServer)
    func trims() async throws {
        let server = try #require(RedisServer.current)
        var limits = FeedLimits.standard
        try await RedisEvents.with(server, limits: limits) { test in
            for number in 1...6 { try await test.publish(try (2...201).map { try event($0, of: number) }) }
            while try await !relay(test).isEmpty {}
        }
        limits.events = 10
        try await RedisEvents.with(server, limits: limits) { test in
            #expect(try await feed(test).count == 200)
            #expect(try await feed(test).count == 10)
            let status = try await test.store.status(of: Self.endpoint)
            #expect((status.pending, status.dead) == (10, 1_190))
        }
    }

    @Test("leaves nothing behind of what was delivered, but what it must remember", .redisServer)
    func clean() async throws {
        let server = try #require(RedisServer.current)
        var limits = FeedLimits.standard
        (limits.age, limits.memory, limits.deadLetters) = (.seconds(1), .seconds(1), 1)
        try await RedisEvents.with(server, limits: limits) { test in
            try await test.publish(try (2...5).map { try event($0) })
            _ = try await relay(test)
            let ends: [DeliveryEnd] = [
                .dead(error: "gave_up"), .dead(error: "gave_up"), .failed(error: "timeout", retryAfter: .zero), .delivered,
            ]
            for (delivery, end) in zip(try await test.store.take(for: Self.endpoint, limit: 4, hold: .zero), ends) {
                try await test.store.finish(delivery, end, status: nil)
            }
            #expect(try await test.store.redrive(Self.endpoint, event: nil, .asked(Self.endpoint)) == 1)
            for delivery in try await test.store.take(for: Self.endpoint, limit: 4, hold: .zero) {
                try await test.store.finish(delivery, .delivered, status: nil)
            }
            try await test.elapse(.seconds(1))
            #expect(try await feed(test).isEmpty)
            let keys = try await server.command("KEYS", "db:{t:acme}:*").split(separator: "\n").sorted()
            #expect(keys == ["audit", "e:we_1:state", "endpoints", "feed", "trimmed"].map { "db:{t:acme}:\($0)" })
        }
    }

    // MARK: Cluster

    @Test("keeps all keys of a tenant in one slot, so that a Redis Cluster takes every script")
    func cluster() async throws {
        try await RedisServer.with(options: ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"]) { server in
            #expect(try await server.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383") == "OK")
            try await server.logs("Cluster state changed: ok")
            var limits = FeedLimits.standard
            limits.events = 2
            try await RedisEvents.with(server, limits: limits) { test in
                try await test.publish([event(2), event(3), event(4), event(2, of: 2, bucket: "zz", tenant: "globex")])
                #expect(try await relay(test) == ["acme", "globex"])
                for delivery in try await test.store.take(for: Self.endpoint, limit: 1, hold: .seconds(60)) {
                    try await test.store.finish(delivery, .dead(error: "gave_up"), status: 500)
                }
                #expect(try await test.store.redrive(Self.endpoint, event: nil, .asked(Self.endpoint)) == 2)
                try await test.store.disable(Self.endpoint, reason: "gone")
                try await test.store.enable(Self.endpoint, .asked(Self.endpoint))
                #expect(try await test.store.deadLetters(of: Self.endpoint, after: nil, limit: 10).isEmpty)
                #expect(try await feed(test).map(\.version) == [3, 4])
                let keys = try await server.command("KEYS", "*").split(separator: "\n").filter { $0.contains("{t:acme}") }
                #expect(keys.count >= 6)
                var slots: Set<String> = []
                for key in keys { slots.insert(try await server.command("CLUSTER", "KEYSLOT", String(key))) }
                #expect(slots.count == 1)
            }
        }
    }
}

private func event(
    _ version: Int, of number: Int = 1, bucket: String = "00", tenant: String = "acme"
) throws -> PaymentEvent {
    let digits = String(number)
    let id = "pay_" + bucket + String(repeating: "0", count: 24 - digits.count) + digits
    return PaymentEvent(
        tenant: tenant, payment: try #require(PaymentID(id)), object: id, version: version, kind: .paymentProcessing,
        cause: .response, createdAt: Sample.start, sealed: [0, 13, 10, 255])
}

private func relay(_ test: EventStoreUnderTest) async throws -> Set<String> {
    try await test.store.relay(of: nil) { [EndpointID(tenant: $0.tenant, name: "we_1")] }
}

private func feed(_ test: EventStoreUnderTest, limit: Int = 1_000) async throws -> [PaymentEvent] {
    guard case .page(let events, _) = try await test.store.events(of: "acme", after: nil, limit: limit) else { return [] }
    return events.map(\.event)
}
