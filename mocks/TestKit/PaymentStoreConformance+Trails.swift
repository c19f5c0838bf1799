import AdapterKit
import Payments
import Testing

extension PaymentStoreConformance {
    private static func claims(_ record: PaymentRecord, by actor: String, token: String = "owner", lease: Duration = Sample.long)
        -> PaymentClaim
    {
        PaymentClaim(
            record: record, fingerprints: ["f1"], lease: Lease(token: token, duration: lease), answered: false,
            keeping: Sample.kept, by: actor)
    }

    static let trails: [PaymentStoreConformance] = [
        .init("A claim alone leaves its entry: who asked, when, and what for") { test in
            let record = try Sample.payment()
            try #require(try await test.store.claim(claims(record, by: "acme/key-1")) == .new)
            let trail = try await test.store.trail(of: record.id)
            #expect(trail.faults == [])
            let entry = try #require(try trail.entries.first)
            #expect(entry.event == "payment.created" && entry.actor == "acme/key-1" && entry.cause == .request)
            #expect(entry.at == record.createdAt && entry.from == nil && entry.to == "processing" && entry.amount == 10_000)
        },
        .init("A claim that is repeated, or is another's, leaves no entry") { test in
            let record = try Sample.payment()
            for _ in 0..<3 { _ = try await test.store.claim(claims(record, by: "a")) }
            _ = try await test.store.claim(claims(record, by: "b", token: "stranger"))
            _ = try await test.store.claim(Sample.claim(record, fingerprints: ["f2"], token: "thief"))
            #expect(try await test.store.history(of: record.id).map(\.event) == ["payment.created"])
        },
        .init("A claim that takes over from an owner who is gone leaves an entry of its own") { test in
            let record = try Sample.payment()
            try #require(try await test.store.claim(claims(record, by: "a", lease: Sample.short)) == .new)
            try await test.elapse(Sample.short)
            guard case .takenOver = try await test.store.claim(claims(record, by: "b", token: "next")) else {
                Issue.record("not taken over")
                return
            }
            let entries = try await test.store.history(of: record.id)
            #expect(entries.map(\.event) == ["payment.created", "taken_over"])
            #expect(entries.map(\.actor) == ["a", "b"])
        },
        .init("Numbers and links go on over claim, settlement, operation, note and grave") { test in
            let payment = try await test.settled(.authorized)
            try await test.write([Sample.entry(1), Sample.entry(2)], next: payment.next(.succeeded, captured: 10_000))
            let refund = try await test.begin(.refund, of: payment, amount: 100)
            let mark = CallbackMark(.event, "e", at: "bank-a")
            #expect(try await test.store.note(mark, Sample.entry(3), on: payment.id) == .noted)
            try await test.store.bury(WorkID(payment.id, refund.id), reason: .unreadable)
            let trail = try await test.store.trail(of: payment.id)
            #expect(trail.faults == [])
            #expect(
                try trail.entries.map(\.event) == [
                    "payment.created", "payment.changed", "payment.changed", "refund.requested", "payment.changed", "dead_letter",
                ])
            #expect(trail.rows.map(\.number) == Array(1...6))
            let asked = try #require(try trail.entries.first { $0.event == "refund.requested" })
            #expect(asked.amount == 100 && asked.operation == refund.id && asked.to == "processing")
        },
        .init("An operation that is refused leaves no entry, and one that is repeated no other") { test in
            let payment = try await test.settled(.succeeded, captured: 100)
            let before = try await test.store.trail(of: payment.id)
            _ = try await test.store.claim(Sample.claim(try Sample.operation(.refund, of: payment), amount: 101))
            _ = try await test.store.claim(Sample.claim(try Sample.operation(.capture, of: payment)))
            #expect(try await test.store.trail(of: payment.id) == before)
            for _ in 0..<2 { _ = try await test.begin(.refund, of: payment, amount: 1) }
            #expect(try await test.store.trail(of: payment.id).head?.number == 2)
        },
        .init("Recovery leaves an entry where it takes over from an owner, and none for a turn of its schedule") { test in
            let record = try Sample.payment()
            try #require(try await test.store.claim(claims(record, by: "a", lease: Sample.short)) == .new)
            try await test.elapse(Sample.short)
            let lease = Lease(token: "taker", duration: Sample.long)
            guard case .taken = try await test.store.take(WorkID(record.id), lease: lease) else {
                Issue.record("not taken")
                return
            }
            let entry = try #require(try await test.store.history(of: record.id).last)
            #expect(entry.event == "taken_over" && entry.cause == .reconciliation && entry.actor == nil)
            let waiting = try await test.settled(.queued, number: 2, wake: .zero)
            _ = try await test.store.take(WorkID(waiting.id), lease: lease)
            #expect(try await test.store.history(of: waiting.id).map(\.event) == ["payment.created"])
        },
        .init("A conflict and a duplicate leave no entry") { test in
            let payment = try await test.settled(.authorized)
            let before = try await test.store.trail(of: payment.id)
            let late = Settlement(
                record: payment.next(.failed), expectedVersion: 1, history: [Sample.entry(2)], keeping: Sample.kept)
            _ = try await test.store.settle(late)
            #expect(try await test.store.trail(of: payment.id) == before)
        },
        .init("A payment that a settlement restores begins a trail that verifies") { test in
            var record = try Sample.payment()
            record.version = 3
            let settlement = Settlement(
                record: record, expectedVersion: 2, history: [Sample.entry(3)], keeping: Sample.kept)
            try #require(try await test.store.settle(settlement) == .done)
            let trail = try await test.store.trail(of: record.id)
            #expect(trail.faults == [])
            #expect(try trail.entries == [Sample.entry(3)])
        },
        .init("Many writers at once make one chain") { test in
            let payment = try await test.settled(.succeeded, captured: 1_000)
            let store = test.store
            try await withThrowingTaskGroup { group in
                for number in 1...20 {
                    group.addTask {
                        let mark = CallbackMark(.event, "e\(number)", at: "bank-a")
                        _ = try await store.note(mark, Sample.entry(number), on: payment.id)
                    }
                    let claim = Sample.claim(try Sample.operation(.refund, number, of: payment), amount: 1, token: "t\(number)")
                    group.addTask { _ = try await store.claim(claim) }
                }
                try await group.waitForAll()
            }
            let trail = try await test.store.trail(of: payment.id)
            #expect(trail.faults == [])
            #expect(trail.head?.number == 41)
        },
        .init("The oldest of too many go, and what is left verifies") { test in
            let payment = try await test.settled(.authorized)
            let many = (0..<2 * StoreLimits.historyEntries).map { Sample.entry($0) }
            try await test.write(many, next: payment.next(.authorized))
            try await test.write([Sample.entry(7)], next: payment.next(.authorized).next(.authorized))
            let trail = try await test.store.trail(of: payment.id)
            #expect(trail.faults == [])
            #expect(trail.rows.count == StoreLimits.historyEntries)
            #expect(trail.head?.number == StoreLimits.historyEntries + 2)
        },
        .init("Of what is not there, there is no trail") { test in
            let trail = try await test.store.trail(of: try Sample.paymentID(404))
            #expect(trail.head == nil && trail.rows == [])
        },
        .init("All payments are walked page by page, of all tenants") { test in
            var ids: Set<PaymentID> = []
            for number in 1...25 {
                let record = try Sample.payment(number, bucket: number % 2 == 0 ? "00" : "zz", tenant: "tenant-\(number)")
                try #require(try await test.store.claim(Sample.claim(record)) == .new)
                ids.insert(record.id)
            }
            var found: Set<PaymentID> = []
            var cursor: String?
            var pages = 0
            repeat {
                let page = try await test.store.payments(after: cursor, limit: 10)
                found.formUnion(page.ids)
                cursor = page.next
                pages += 1
            } while cursor != nil && pages < 1_000
            #expect(found == ids)
            await #expect(throws: StoreFailure.self) { try await test.store.payments(after: "x", limit: 10) }
        },
    ]
}
