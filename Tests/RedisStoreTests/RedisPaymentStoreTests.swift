import AdapterKit
import Payments
import RedisStore
import TestKit
import Testing

@Suite("The Redis store")
struct RedisPaymentStoreTests {
    @Test("keeps the contract of every payment store", .redisServer, arguments: Array(PaymentStoreConformance.all.enumerated()))
    func conforms(_ number: Int, _ check: PaymentStoreConformance) async throws {
        let server = try #require(RedisServer.current)
        try await Subject.with(url: server.url, timeout: .seconds(20), keyPrefix: "check-\(number):") { subject in
            try await check.run(
                StoreUnderTest(store: subject.store, elapse: { try await server.elapse($0) }) {
                    try await server.outbox(of: $0, prefix: "check-\(number):")
                })
        }
    }

    @Test(
        "keeps it also where each claim takes a token", .redisServer,
        arguments: Array(PaymentStoreConformance.allUnderQuota.enumerated()))
    func conformsUnderQuota(_ number: Int, _ check: PaymentStoreConformance) async throws {
        let server = try #require(RedisServer.current)
        try await Subject.with(url: server.url, timeout: .seconds(20), keyPrefix: "check-\(number):") { subject in
            try await check.run(
                StoreUnderTest(store: subject.store, elapse: { try await server.elapse($0) }) {
                    try await server.outbox(of: $0, prefix: "check-\(number):")
                })
        }
    }

    @Test("keeps all keys of a step in one slot, so that a Redis Cluster takes every script")
    func cluster() async throws {
        try await RedisServer.with(options: ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"]) { server in
            #expect(try await server.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383") == "OK")
            try await server.logs("Cluster state changed: ok")
            try await Subject.with(url: server.url) { subject in
                let record = try Sample.payment()
                #expect(try await subject.store.claim(Sample.claim()) == .new)
                var captured = record
                captured.version = 2
                captured.status = .succeeded
                captured.amountCaptured = 100
                let settlement = Settlement(record: captured, expectedVersion: 1, keeping: Sample.keeping)
                #expect(try await subject.store.settle(settlement) == .done)
                let id = try #require(OperationID("ref_" + record.id.text.dropFirst(4)))
                let refund = OperationRecord(
                    id: id, payment: record.id, tenant: "acme", kind: .refund, amount: 0, createdAt: Sample.start, sealed: [])
                let claim = OperationClaim(
                    record: refund, amount: nil, fingerprints: ["f"], lease: Lease(token: "t", duration: .seconds(9)),
                    answered: false, keeping: Sample.keeping)
                guard case .new = try await subject.store.claim(claim) else {
                    Issue.record("not new")
                    return
                }
                try await subject.store.markAnswered(record.id, operation: id)
                #expect(try await subject.store.openOperations(of: record.id).map(\.amount) == [100])
                #expect(try await subject.store.payments(tenant: "acme", reference: "order-1", limit: 1).count == 1)
                #expect(try await subject.store.due(limit: 1).isEmpty)
                #expect(try await subject.store.take(WorkID(record.id), lease: claim.lease) == .gone)
                try await subject.store.bury(WorkID(record.id, id), reason: .unreadable)
                #expect(try await subject.store.listed(on: .dead, after: nil, limit: 1).items.count == 1)
                #expect(try await subject.store.tally() == [Shelf(.dead, gateway: ""): 1])
                #expect(
                    try await subject.store.history(of: record.id).map(\.event)
                        == ["payment.created", "refund.requested", "dead_letter"])
                #expect(try await subject.store.payments(after: nil, limit: 1).ids == [record.id])
                let callback = try #require(CallbackID("cb_" + record.id.text.dropFirst(4)))
                let match = try await subject.store.match(
                    WorkID(record.id), at: "bank-a", orWait: callback, for: .seconds(9))
                #expect(match == .waits)
                #expect(try await subject.store.waiting(for: record.id) == [callback])
                let entry = HistoryEntry(at: Sample.start, version: 2, event: "stale", cause: .callback)
                let mark = CallbackMark(.event, "e", at: "bank-a")
                #expect(try await subject.store.note(mark, entry, on: record.id) == .noted)
            }
        }
    }

    @Test(
        "buries a payment that cannot be read, lists it without its record and goes on with the others",
        arguments: [
            ["HSET", "rec", "garbage"], ["HDEL", "tok"], ["HDEL", "due"], ["HSET", "ver", "many"], ["HSET", "by", "nobody"],
            ["DEL"],
        ])
    func unreadable(_ damage: [String]) async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                let payment = try await subject.queued(1)
                let other = try await subject.queued(2)
                let key = Sample.key("p", payment)
                try await server.command([damage[0], key] + damage.dropFirst())
                if damage == ["DEL"] { try await server.command("SET", key, "text") }
                #expect(Set(try await subject.store.due(limit: 10).map(\.id)) == [WorkID(payment.id), WorkID(other.id)])
                let lease = Lease(token: "taker", duration: .seconds(60))
                let failure = try await subject.failure { _ = try await $0.take(WorkID(payment.id), lease: lease) }
                #expect(failure?.code == .unreadable)
                try await subject.store.bury(WorkID(payment.id), reason: .unreadable)
                #expect(try await subject.store.due(limit: 10).map(\.id) == [WorkID(other.id)])
                let items = try await subject.store.listed(on: .dead, after: nil, limit: 10).items
                #expect(items.map(\.id) == [WorkID(payment.id)])
                // Burying writes the field anew that says when it is due.
                #expect((items.first?.work != nil) == (damage == ["HDEL", "due"]))
                #expect(try await subject.store.take(WorkID(other.id), lease: lease) != .gone)
            }
        }
    }

    @Test("clears away due entries of payments that Redis lost, when somebody wants to take them")
    func lostDue() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                let payment = try await subject.queued(1)
                let other = try await subject.queued(2)
                try await server.command("DEL", Sample.key("p", payment))
                let lease = Lease(token: "taker", duration: .seconds(60))
                #expect(try await subject.store.take(WorkID(payment.id), lease: lease) == .gone)
                #expect(try await subject.store.due(limit: 10).map(\.id) == [WorkID(other.id)])
            }
        }
    }

    @Test("clears away a due entry of another lane that a lost payment left, when it came back")
    func strayDue() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                let payment = try await subject.queued(1)
                try await server.command("DEL", Sample.key("p", payment))
                var moved = payment
                moved.gateway = "bank-b"
                let restored = Settlement(
                    record: moved, expectedVersion: 1, wake: .zero, keeping: Sample.keeping)
                #expect(try await subject.store.settle(restored) == .done)
                #expect(try await subject.store.due(limit: 10).map(\.lane).sorted() == ["bank-a", "bank-b"])
                let work = WorkID(payment.id)
                #expect(try await subject.store.take(work, lease: Lease(token: "a", duration: .seconds(60))) != .gone)
                #expect(try await subject.store.take(work, lease: Lease(token: "b", duration: .seconds(60))) == .gone)
                #expect(try await subject.store.due(limit: 10).isEmpty)
            }
        }
    }

    @Test("writes no personal data and no sealed bytes into the readable part of a record")
    func sealedApart() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                _ = try await subject.store.claim(Sample.claim())
                let key = Sample.key("p", try Sample.payment())
                #expect(try await server.command("HGET", key, "rec").contains("\"sealed\":[]"))
                #expect(try await server.command("HGET", key, "seal") == "1")
            }
        }
    }

    @Test("lets everything of a settled payment expire, and nothing of an open one")
    func expiry() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                _ = try await subject.store.claim(Sample.claim())
                let record = try Sample.payment()
                for kind in ["p", "k"] { #expect(try await server.command("TTL", Sample.key(kind, record)) == "-1") }
                var failed = record
                failed.version = 2
                failed.status = .failed
                let settlement = Settlement(
                    record: failed, expectedVersion: 1, hold: .release(token: "owner"),
                    history: [HistoryEntry(at: Sample.start, version: 2, event: "payment.failed", cause: .response)],
                    keeping: Sample.keeping)
                #expect(try await subject.store.settle(settlement) == .done)
                let callback = try #require(CallbackID("cb_" + record.id.text.dropFirst(4)))
                _ = try await subject.store.match(WorkID(record.id), at: "bank-a", orWait: callback, for: .seconds(600))
                _ = try await subject.store.note(
                    CallbackMark(.event, "e", at: "bank-a"),
                    HistoryEntry(at: Sample.start, version: 2, event: "stale", cause: .callback), on: record.id)
                for (kind, time) in [("a", 3_500...3_600), ("c", 3_500...3_600), ("i", 500...600)] {
                    #expect(time.contains(try #require(Int(try await server.command("TTL", Sample.key(kind, record))))))
                }
                let payment = try #require(Int(try await server.command("TTL", Sample.key("p", record))))
                let mark = try #require(Int(try await server.command("TTL", Sample.key("k", record))))
                #expect((3_500...3_600).contains(payment))
                #expect((7_100...7_200).contains(mark))
                for key in try await server.command("KEYS", "*").split(separator: "\n") {
                    #expect(try await server.command("TTL", String(key)) != "-1")
                }
            }
        }
    }

    @Test("lists the newest thousand payments of a reference and forgets older ones")
    func boundedIndex() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                _ = try await subject.store.claim(Sample.claim())
                let index = try await server.command("KEYS", "*:r")
                try await server.command(
                    "EVAL", "for i = 1, 5000 do redis.call('ZADD', KEYS[1], i, 'x' .. i) end", "1", index)
                _ = try await subject.store.claim(Sample.claim(2))
                #expect(try await server.command("ZCARD", index) == "1000")
                #expect(try await subject.store.payments(tenant: "acme", reference: "order-1", limit: 5_000).count == 2)
            }
        }
    }

    @Test(
        "says unreadable of a record that makes no sense, and does not crash",
        arguments: [
            ["HSET", "rec", "garbage"], ["HSET", "rec", "{}"], ["HSET", "rec", ""], ["HDEL", "rec"], ["HSET", "open", "many"],
            ["HSET", "by", "nobody"], ["HSET", "until", "never"], ["HDEL", "tenant"], ["HDEL", "seal"], ["HDEL", "tok"],
        ])
    func garbage(_ damage: [String]) async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                var claim = try Sample.claim()
                claim.answered = true
                _ = try await subject.store.claim(claim)
                let words = [damage[0], Sample.key("p", claim.record)] + damage.dropFirst()
                try await server.command(words)
                claim.lease = Lease(token: "other", duration: .seconds(1))
                let repeated = claim
                let claiming = try await subject.failure { _ = try await $0.claim(repeated) }
                let reading = try await subject.failure { _ = try await $0.payment(repeated.record.id, tenant: "acme") }
                #expect(claiming?.code == .unreadable)
                #expect(reading?.code == .unreadable)
                await #expect(throws: Never.self) { try await subject.store.ping() }
            }
        }
    }

    @Test("says unreadable of a key that holds something else")
    func wrongType() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                try await server.command("SET", Sample.key("p", try Sample.payment()), "text")
                let failure = try await subject.failure { _ = try await $0.claim(Sample.claim()) }
                #expect(failure?.code == .unreadable)
            }
        }
    }

    @Test("says full when Redis has no memory left, and stores nothing")
    func full() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                try await subject.store.ping()
                try await server.command("CONFIG", "SET", "maxmemory", "1")
                let failure = try await subject.failure { _ = try await $0.claim(Sample.claim()) }
                #expect(failure?.code == .full)
                #expect(try await server.command("DBSIZE") == "0")
            }
        }
    }

    @Test("does not answer a claim that fewer replicas have than wanted")
    func tooFewReplicas() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url, timeout: .seconds(4), waitReplicas: 1) { subject in
                let failure = try await subject.failure { _ = try await $0.claim(Sample.claim()) }
                #expect(failure?.code == .tooFewReplicas)
                await #expect(throws: Never.self) { try await subject.store.ping() }
            }
        }
    }

    @Test("answers a claim that as many replicas have as wanted")
    func enoughReplicas() async throws {
        try await RedisServer.with { server in
            try await RedisServer.with(options: ["--replicaof", "127.0.0.1", String(server.port)]) { replica in
                try await replica.logs("MASTER <-> REPLICA sync: Finished with success")
                try await Subject.with(url: server.url, waitReplicas: 1) { subject in
                    let claim = try Sample.claim()
                    #expect(try await subject.store.claim(claim) == .new)
                    #expect(try await replica.command("EXISTS", Sample.key("p", try Sample.payment())) == "1")
                }
            }
        }
    }

    // MARK: Persistence

    @Test("finds nothing to object to in a Redis that keeps what it is given")
    func persistent() async throws {
        #expect(try await problems(options: []) == [])
    }

    @Test(
        "objects to a Redis without append-only file, and to each policy that evicts",
        arguments: [
            ["--appendonly", "no"], ["--maxmemory-policy", "allkeys-lru"], ["--maxmemory-policy", "volatile-ttl"],
        ])
    func forgetful(_ options: [String]) async throws {
        let problems = try await problems(options: options)
        #expect(problems.count == 1)
        #expect(problems.first?.contains("\(options[0].dropFirst(2)) \(options[1])") == true)
    }

    @Test("objects to nothing where Redis does not let itself be asked")
    func secretive() async throws {
        #expect(try await problems(options: ["--appendonly", "no", "--rename-command", "CONFIG", ""]) == [])
    }

    @Test("does not say that all is well when Redis is not there")
    func unasked() async throws {
        try await RedisServer.with { server in
            await server.stop()
            try await Subject.with(url: server.url, timeout: .milliseconds(100)) { subject in
                let failure = try await subject.failure { _ = try await $0.persistenceProblems() }
                #expect(failure?.code == .unreachable)
            }
        }
    }

    private func problems(options: [String]) async throws -> [String] {
        try await RedisServer.with(options: options) { server in
            try await Subject.with(url: server.url) { try await $0.store.persistenceProblems() }
        }
    }
}
