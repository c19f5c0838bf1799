import AdapterKit
import Payments
import RedisStore
import TestKit
import Testing

@Suite("An append-only file that ends in the middle of a settlement")
struct RedisTornLogTests {
    /// Redis 7.0 leaves the beginning of a torn transaction in the file, and carries it out at the start after the next one.
    @Test("holds no change whose event or entry is lost, and no mark of a change that is lost")
    func torn() async throws {
        var seen: [Remains] = []
        for cut in stride(from: 5, to: 4_000, by: 75) where seen.last?.isUntouched != true {
            let remains = try await remains(without: cut)
            #expect(remains.version == "1" || remains.events == "1", "\(cut): \(remains)")
            #expect(remains.marks == "0" || remains.version == "2", "\(cut): \(remains)")
            #expect(remains.version == "1" || remains.entries == 2, "\(cut): \(remains)")
            #expect(remains.faults == [], "\(cut)")
            seen.append(remains)
        }
        #expect(seen.last?.isUntouched == true)
        #expect(seen.contains { $0.version == "2" && $0.marks == "0" })
        #expect(seen.contains { $0.version == "1" && $0.events == "1" })
    }

    private func remains(without cut: Int) async throws -> Remains {
        try await RedisServer.with(options: ["--appendfsync", "always"]) { server in
            try await settleOne(at: server)
            await server.stop()
            try server.lose(lastBytes: cut)
            try await server.start()
            try await server.command("EVAL", "for i = 1, 2 do redis.call('SET', KEYS[1], i) end", "1", "later")
            await server.stop()
            try await server.start()
            return try await remains(at: server)
        }
    }

    private struct Remains {
        let version: String
        let events: String
        let marks: String
        let entries: Int
        let faults: [AuditFault]

        var isUntouched: Bool { version == "1" && events == "0" }
    }

    private func remains(at server: RedisServer) async throws -> Remains {
        let payment = try Sample.payment()
        let trail = try await Subject.with(url: server.url) { try await $0.store.trail(of: payment.id) }
        return Remains(
            version: try await server.command("HGET", Sample.key("p", payment), "ver"),
            events: try await server.command("XLEN", "db:{\(payment.id.bucket)}:outbox"),
            marks: try await server.command("ZCARD", Sample.key("c", payment)), entries: trail.head?.number ?? 0,
            faults: trail.faults)
    }

    private func settleOne(at server: RedisServer) async throws {
        try await Subject.with(url: server.url) { subject in
            _ = try await subject.store.claim(Sample.claim())
            var record = try Sample.payment()
            record.version = 2
            let event = PaymentEvent(
                tenant: "acme", payment: record.id, object: record.id.text, version: 2, kind: .paymentProcessing,
                cause: .callback,
                createdAt: Sample.start, sealed: [])
            let settlement = Settlement(
                record: record, expectedVersion: 1,
                history: [HistoryEntry(at: Sample.start, version: 2, event: "payment.processing", cause: .callback)],
                events: [event], mark: CallbackMark(.event, "e", at: "bank-a"), keeping: Sample.keeping)
            #expect(try await subject.store.settle(settlement) == .done)
        }
    }
}
