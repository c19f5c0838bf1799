import AdapterKit
import Logging
import NIOPosix
import Payments
import RedisStore
import TestKit
import Testing

@Suite("The audit trail in Redis", .timeLimit(.minutes(2)))
struct RedisAuditTests {
    private func entry(_ event: String = "breaker.reset") -> HistoryEntry {
        HistoryEntry(at: Sample.start, version: 0, event: event, cause: .operator, actor: "ann")
    }

    @Test("The log keeps the contract of every audit log", .redisServer, arguments: Array(AuditLogConformance.all.enumerated()))
    func conforms(_ number: Int, _ check: AuditLogConformance) async throws {
        let server = try #require(RedisServer.current)
        try await Subject.with(url: server.url, keyPrefix: "log-\(number):") { subject in
            try await check.run(RedisAuditLog(beside: subject.store))
        }
    }

    @Test("An entry that is sent again, as after a lost reply, is there once", .redisServer)
    func repeated() async throws {
        let server = try #require(RedisServer.current)
        try await Subject.with(url: server.url, keyPrefix: "twice:") { subject in
            let log = RedisAuditLog(beside: subject.store)
            for _ in 0..<3 { try await log.append(entry(), to: .configuration) }
            let trail = try await log.trail(of: .configuration, after: 0, limit: 10)
            #expect(trail.head?.number == 1 && trail.faults == [])
        }
    }

    @Test("A log holds a bounded number of entries, the newest, and verifies", .redisServer)
    func bounded() async throws {
        let server = try #require(RedisServer.current)
        try await Subject.with(url: server.url, keyPrefix: "many:") { subject in
            let log = RedisAuditLog(beside: subject.store)
            for number in 1...3 { try await log.append(entry("e\(number)"), to: .configuration) }
            // As if so many had been written: the head is the only thing that counts them.
            let key = "many:{audit}:configuration"
            let words = try await server.command("HGET", key, "head").split(separator: " ")
            try await server.command("HSET", key, "head", "10002 \(words[1]) \(words[2])")
            try await log.append(entry("late"), to: .configuration)
            #expect(try await server.command("HEXISTS", key, "3") == "0")
            #expect(try await log.trail(of: .configuration, after: 0, limit: 10).rows == [])
            #expect(try await log.trail(of: .configuration, after: 10_002, limit: 10).rows.map(\.number) == [10_003])
        }
    }

    @Test(
        "What is changed, dropped or swapped by hand is named", .redisServer,
        arguments: ["change", "drop", "swap", "behead", "garble"])
    func tampered(_ how: String) async throws {
        let server = try #require(RedisServer.current)
        let prefix = "hand-\(how):"
        try await Subject.with(url: server.url, keyPrefix: prefix) { subject in
            let record = try await subject.queued(1)
            for number in 1...3 {
                let mark = CallbackMark(.event, "\(number)", at: "bank-a")
                _ = try await subject.store.note(mark, entry("note.\(number)"), on: record.id)
            }
            #expect(try await subject.store.trail(of: record.id).faults == [])
            let key = "\(prefix){\(record.id.bucket)}:a:\(record.id)"
            let (second, third) = (try await server.command("HGET", key, "2"), try await server.command("HGET", key, "3"))
            let expected: String
            switch how {
            case "change":
                try await server.command("HSET", key, "2", second.replacing("ann", with: "bob"))
                expected = "changed 2"
            case "drop":
                try await server.command("HDEL", key, "4")
                expected = "dropped 4"
            case "swap":
                try await server.command("HSET", key, "2", third, "3", second)
                expected = "reordered 2"
            case "behead":
                try await server.command("HDEL", key, "head")
                expected = "wrong_head 1"
            default:
                try await server.command("HSET", key, "3", "nonsense")
                expected = "changed 3"
            }
            let faults = try await subject.store.trail(of: record.id).faults
            #expect(faults.first.map { "\($0.kind.rawValue) \($0.number ?? 0)" } == expected, "\(faults)")
        }
    }

    @Test("A newest entry that was taken away leaves a gap, also behind the entries that come later", .redisServer)
    func gap() async throws {
        let server = try #require(RedisServer.current)
        try await Subject.with(url: server.url, keyPrefix: "gap:") { subject in
            let record = try await subject.queued(1)
            func note(_ number: Int) async throws {
                let mark = CallbackMark(.event, "\(number)", at: "bank-a")
                _ = try await subject.store.note(mark, entry("note.\(number)"), on: record.id)
            }
            try await note(1)
            try await server.command("HDEL", "gap:{\(record.id.bucket)}:a:\(record.id)", "2")
            try await note(2)
            let faults = try await subject.store.trail(of: record.id).faults
            #expect(faults.map(\.kind) == [.dropped])
            #expect(faults.first?.number == 2)
        }
    }

    @Test("A head that cannot be read stops no payment, and every verification names it", .redisServer)
    func unreadableHead() async throws {
        let server = try #require(RedisServer.current)
        try await Subject.with(url: server.url, keyPrefix: "blind:") { subject in
            let record = try await subject.queued(1)
            let before = try await subject.store.history(of: record.id).count
            try await server.command("HSET", "blind:{\(record.id.bucket)}:a:\(record.id)", "head", "nonsense")
            let mark = CallbackMark(.event, "1", at: "bank-a")
            #expect(try await subject.store.note(mark, entry("note.1"), on: record.id) == .noted)
            // Nothing that stood there was written over.
            #expect(try await subject.store.history(of: record.id).count == before + 1)
            #expect(try await !subject.store.trail(of: record.id).faults.isEmpty)
        }
    }

    @Test("A breaker that an operator sets has its entry in the same step, with how it was before", .redisServer)
    func breakers() async throws {
        let server = try #require(RedisServer.current)
        let configuration = try RedisConfiguration(url: server.url, keyPrefix: "set:")
        let store = try RedisBreakerStore(
            configuration: configuration, time: ManualTime(), random: SeededRandom(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, group: MultiThreadedEventLoopGroup.singleton)
        await store.start()
        try await Subject.with(url: server.url, keyPrefix: "set:") { subject in
            let log = RedisAuditLog(beside: subject.store)
            try await store.force("bank-a", .forcedOpen, reason: "window 4111 1111 1111 1111", actor: "ann", limit: .seconds(60))
            try await store.force("bank-a", .closed, reason: "done", actor: "bob", limit: nil)
            let trail = try await log.trail(of: .gateway("bank-a"), after: 0, limit: 10)
            #expect(trail.faults == [])
            let entries = try trail.entries
            #expect(entries.map(\.actor) == ["ann", "bob"])
            #expect(entries.map(\.reason) == ["window <masked>", "done"])
            #expect(entries.map(\.from) == ["closed", "forced_open"])
            #expect(entries.map(\.to) == ["forced_open", "closed"])
            #expect(try await log.subjects() == [.gateway("bank-a")])
            // No change without its entry: where that cannot be written, nothing is changed.
            try await server.command("SET", "set:{breakers}:audit:bank-a", "text")
            await #expect(throws: StoreFailure.self) {
                try await store.force("bank-a", .forcedOpen, reason: "r", actor: "ann", limit: nil)
            }
            #expect(try await store.breakers(of: ["bank-a"])["bank-a"]?.state == .closed)
        }
        await store.shutdown()
    }

    @Test("A claim whose entry cannot be written is not there either", .redisServer)
    func claim() async throws {
        let server = try #require(RedisServer.current)
        try await Subject.with(url: server.url, keyPrefix: "not:") { subject in
            let record = try Sample.payment(1)
            try await server.command("SET", "not:{\(record.id.bucket)}:a:\(record.id)", "text")
            await #expect(throws: StoreFailure.self) { try await subject.store.claim(Sample.claim(1)) }
            #expect(try await subject.store.work(WorkID(record.id)) == nil)
        }
    }
}
