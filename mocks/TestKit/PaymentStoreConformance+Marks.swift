import AdapterKit
import Payments
import Testing

extension PaymentStoreConformance {
    static let marks: [PaymentStoreConformance] = [
        .init("A callback's event is applied once: later ones with its mark are duplicates and write nothing") { test in
            let payment = try await test.settled(.processing)
            let first = test.settlement(payment.next(.authorized), mark: 1, entry: 1, event: 1)
            #expect(try await test.store.settle(first) == .done)
            let stored = try await test.stored(payment)
            for version in [2, 3, 4] {
                var second = test.settlement(first.record.next(.failed), mark: 1, entry: 2, event: 2)
                second.expectedVersion = version
                second.fixed = Sample.answer
                #expect(try await test.store.settle(second) == .duplicate, "\(version)")
            }
            #expect(try await test.stored(payment) == stored)
            #expect(try await test.told(of: payment.id) == [Sample.entry(1)])
            #expect(try await test.outbox(payment.id) == [Sample.event(1, of: payment)])
            #expect(try await test.store.claim(Sample.claim(try Sample.payment(), token: "other")).isTakenOver)
        },
        .init("A duplicate leaves the operation as it is, and makes none") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment)
            _ = try await test.store.note(Sample.mark(1), Sample.entry(1), on: payment.id)
            for operation in [refund, try Sample.operation(.refund, 2, of: payment)] {
                var settlement = test.settlement(payment.next(.succeeded, refunded: 10_000), mark: 1)
                settlement.operation = .init(record: operation.next(.succeeded))
                #expect(try await test.store.settle(settlement) == .duplicate)
            }
            #expect(try await test.store.openOperations(of: payment.id) == [refund])
            #expect(try await test.stored(payment).reservations.refundsOpen == 10_000)
            #expect(try await test.store.work(WorkID(payment.id, try Sample.operation(.refund, 2, of: payment).id)) == nil)
        },
        .init("Marks differ by their kind, their gateway and their value, and by their payment") { test in
            let payment = try await test.settled(.processing)
            let other = try await test.settled(.processing, number: 2)
            let mark = CallbackMark(.event, "e b", at: "a")
            let different = [
                CallbackMark(.nonce, "e b", at: "a"), CallbackMark(.event, "e b", at: "b"), CallbackMark(.event, "e", at: "a"),
                CallbackMark(.event, "e  b", at: "a"), CallbackMark(.event, "E b", at: "a"), CallbackMark(.event, "", at: "a"),
            ]
            for mark in [mark] + different {
                #expect(try await test.store.note(mark, Sample.entry(1), on: payment.id) == .noted, "\(mark)")
            }
            for mark in [mark] + different {
                #expect(try await test.store.note(mark, Sample.entry(1), on: payment.id) == .duplicate, "\(mark)")
            }
            #expect(try await test.store.note(mark, Sample.entry(1), on: other.id) == .noted)
        },
        .init("A marked settlement repeated after a lost reply says done, and writes nothing again") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment)
            var settlement = test.settlement(payment.next(.succeeded, refunded: 10_000), mark: 1, entry: 1, event: 1)
            settlement.operation = .init(record: refund.next(.succeeded), hold: Sample.release)
            for _ in 0..<3 { #expect(try await test.store.settle(settlement) == .done) }
            #expect(try await test.told(of: payment.id) == [Sample.entry(1)])
            #expect(try await test.outbox(payment.id) == [Sample.event(1, of: payment)])
        },
        .init("A marked settlement repeated after somebody else's change is a duplicate") { test in
            let payment = try await test.settled(.processing)
            let settlement = test.settlement(payment.next(.authorized), mark: 1)
            #expect(try await test.store.settle(settlement) == .done)
            try await test.settle(settlement.record.next(.canceled))
            #expect(try await test.store.settle(settlement) == .duplicate)
        },
        .init("Another's work without the mark is a conflict, though the record is the same") { test in
            let payment = try await test.settled(.processing)
            let record = try await test.settle(payment.next(.authorized))
            let result = try await test.store.settle(test.settlement(record, mark: 1))
            #expect(result == .conflict(test.released(record), nil))
            #expect(try await test.store.note(Sample.mark(1), Sample.entry(1), on: payment.id) == .noted)
        },
        .init("A conflict leaves no mark, no history and no event: on the payment as it stands it is done") { test in
            let payment = try await test.settled(.processing)
            for version in [1, 3] {
                var late = test.settlement(payment.next(.authorized), mark: 1, entry: 1, event: 1)
                late.expectedVersion = version
                #expect(try await test.store.settle(late) == .conflict(test.released(payment), nil))
            }
            #expect(try await test.told(of: payment.id).isEmpty)
            #expect(try await test.outbox(payment.id).isEmpty)
            let settlement = test.settlement(payment.next(.authorized), mark: 1, entry: 1, event: 1)
            #expect(try await test.store.settle(settlement) == .done)
        },
        .init("Of many settlements of one event one is done") { test in
            let payment = try await test.settled(.processing)
            let results = try await withThrowingTaskGroup(of: SettleResult.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        var record = payment.next(.succeeded)
                        record.gatewayReference = "reference-\(number)"
                        return try await test.store.settle(test.settlement(record, mark: 1, entry: number))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.filter { $0 == .done }.count == 1)
            #expect(results.filter { $0 == .duplicate }.count == 29)
            #expect(try await test.told(of: payment.id).count == 1)
        },
        .init("A lost payment comes back with its mark") { test in
            let record = try Sample.payment().next(.authorized)
            let settlement = test.settlement(record, mark: 1, entry: 1, event: 1)
            for _ in 0..<2 { #expect(try await test.store.settle(settlement) == .done) }
            #expect(try await test.store.settle(test.settlement(record.next(.failed), mark: 1)) == .duplicate)
            #expect(try await test.store.note(Sample.mark(1), Sample.entry(2), on: record.id) == .duplicate)
            #expect(try await test.told(of: record.id) == [Sample.entry(1)])
            #expect(try await test.outbox(record.id) == [Sample.event(1, of: record)])
        },
        .init("What is noted is in the history once and changes nothing else of the payment") { test in
            let payment = try await test.settled(.authorized, wake: .zero)
            let work = try await test.store.work(WorkID(payment.id))
            #expect(try await test.store.note(Sample.mark(1), Sample.entry(1), on: payment.id) == .noted)
            #expect(try await test.store.note(Sample.mark(1), Sample.entry(2), on: payment.id) == .duplicate)
            #expect(try await test.store.note(Sample.mark(2), Sample.entry(3), on: payment.id) == .noted)
            #expect(try await test.told(of: payment.id) == [Sample.entry(1), Sample.entry(3)])
            #expect(try await test.store.work(WorkID(payment.id)) == work)
            #expect(try await test.store.due(limit: 10).map(\.id) == [WorkID(payment.id)])
            #expect(try await test.outbox(payment.id).isEmpty)
            #expect(try await test.store.settle(test.settlement(payment.next(.canceled), mark: 2)) == .duplicate)
            #expect(try await test.store.settle(test.settlement(payment.next(.canceled), mark: 3)) == .done)
            #expect(try await test.store.note(Sample.mark(3), Sample.entry(4), on: payment.id) == .duplicate)
        },
        .init("What is noted of a payment that is not there makes nothing") { test in
            let record = try Sample.payment()
            for _ in 0..<2 { #expect(try await test.store.note(Sample.mark(1), Sample.entry(1), on: record.id) == .noted) }
            #expect(try await test.store.payment(record.id, tenant: "acme") == nil)
            #expect(try await test.told(of: record.id).isEmpty)
            #expect(try await test.store.claim(Sample.claim(record)) == .new)
            #expect(try await test.store.settle(test.settlement(record.next(.authorized), mark: 1)) == .done)
        },
        .init("A bounded number of events is remembered of one payment, the newest") { test in
            let payment = try await test.settled(.processing)
            let limit = StoreLimits.callbackMarks
            #expect(try await test.store.settle(test.settlement(payment.next(.authorized), mark: 0)) == .done)
            for number in 1..<limit - 1 { #expect(try await test.note(number, on: payment) == .noted) }
            #expect(
                try await test.store.settle(test.settlement(payment.next(.authorized).next(.failed), mark: limit - 1)) == .done)
            for number in [0, 1, limit - 1] { #expect(try await test.note(number, on: payment) == .duplicate) }
            #expect(try await test.note(limit, on: payment) == .noted)
            for number in [1, limit - 1, limit] { #expect(try await test.note(number, on: payment) == .duplicate) }
            #expect(try await test.note(0, on: payment) == .noted)
            #expect(try await test.note(1, on: payment) == .noted)
        },
        .init("What is noted fills the history no further than its bound") { test in
            let payment = try await test.settled(.processing)
            let entries = (0..<StoreLimits.historyEntries).map { Sample.entry($0) }
            try await test.write(entries, next: payment.next(.processing))
            #expect(try await test.store.note(Sample.mark(1), Sample.entry(entries.count), on: payment.id) == .noted)
            #expect(try await test.told(of: payment.id) == entries.dropFirst() + [Sample.entry(entries.count)])
        },
        .init("Marks, and what was noted, expire with their payment") { test in
            let noted = try await test.settled(.failed, number: 1, keeping: Keeping(retention: .seconds(1), keys: Sample.long))
            #expect(try await test.note(1, on: noted) == .noted)
            let open = try await test.settled(.processing, number: 2)
            var settlement = test.settlement(open.next(.failed), mark: 1)
            settlement.keeping = Keeping(retention: .seconds(1), keys: Sample.long)
            #expect(try await test.store.settle(settlement) == .done)
            try await test.elapse(.seconds(1))
            for record in [noted, settlement.record] {
                #expect(try await test.store.payment(record.id, tenant: "acme") == nil)
                #expect(try await test.told(of: record.id).isEmpty)
                try await test.settle(record)
                #expect(try await test.note(1, on: record) == .noted)
            }
        },
        .init("Marks stay while their payment is open, though it once could have expired") { test in
            let payment = try await test.settled(.processing)
            let brief = Keeping(retention: .seconds(1), keys: Sample.long)
            var settlement = test.settlement(payment.next(.failed), mark: 1)
            settlement.keeping = brief
            #expect(try await test.store.settle(settlement) == .done)
            #expect(try await test.note(2, on: payment) == .noted)
            try await test.settle(settlement.record.next(.manualReview), keeping: brief)
            try await test.elapse(.seconds(1))
            for number in 1...2 { #expect(try await test.note(number, on: payment) == .duplicate) }
        },
    ]
}

extension Sample {
    static func mark(_ number: Int) -> CallbackMark { CallbackMark(.event, "evt-\(number)", at: "bank-a") }
}

extension StoreUnderTest {
    /// The payment's next version, from a callback.
    func settlement(_ record: PaymentRecord, mark: Int? = nil, entry: Int? = nil, event: Int? = nil) -> Settlement {
        Settlement(
            record: record, expectedVersion: record.version - 1, hold: Sample.release,
            history: entry.map { [Sample.entry($0)] } ?? [],
            events: event.map { [Sample.event($0, of: record)] } ?? [], mark: mark.map(Sample.mark), keeping: Sample.kept)
    }

    func note(_ mark: Int, on payment: PaymentRecord) async throws -> NoteResult {
        try await store.note(Sample.mark(mark), Sample.entry(mark), on: payment.id)
    }
}
