import AdapterKit
import Payments
import Testing

extension PaymentStoreConformance {
    static let histories: [PaymentStoreConformance] = [
        .init("A payment's history comes oldest first, and every part of it as it was written") { test in
            let payment = try await test.settled(.authorized)
            let full = HistoryEntry(
                at: Sample.start, version: 3, event: "redriven", cause: .operator, actor: "Zoë",
                operation: try Sample.operation(.refund, of: payment).id, gateway: "bank-a", from: "failed", to: "processing",
                reason: "bank said \"yes\"\r\n😀")
            let entries = [Sample.entry(1), full, Sample.entry(2)]
            try await test.write([entries[0]], next: payment.next(.authorized))
            try await test.write(Array(entries[1...]), next: payment.next(.authorized).next(.succeeded))
            #expect(try await test.told(of: payment.id) == entries)
        },
        .init("A settlement that is repeated, or that meets a conflict, is not in the history again") { test in
            let payment = try await test.settled(.authorized)
            let record = payment.next(.succeeded)
            for _ in 0..<3 { try await test.write([Sample.entry(1)], next: record) }
            let late = Settlement(
                record: payment.next(.failed), expectedVersion: 1, history: [Sample.entry(2)], keeping: Sample.kept)
            #expect(try await test.store.settle(late) != .done)
            #expect(try await test.told(of: payment.id) == [Sample.entry(1)])
        },
        .init("A history holds a bounded number of changes, the newest") { test in
            let first = try await test.settled(.authorized)
            let limit = StoreLimits.historyEntries
            try await test.write((0..<limit - 1).map { Sample.entry($0) }, next: first.next(.authorized))
            try await test.write(
                (limit - 1..<limit + 2).map { Sample.entry($0) }, next: first.next(.authorized).next(.authorized))
            #expect(try await test.told(of: first.id) == (2..<limit + 2).map { Sample.entry($0) })
            let many = (0..<2 * limit).map { Sample.entry($0) }
            try await test.write(many, next: first.next(.authorized).next(.authorized).next(.authorized))
            #expect(try await test.told(of: first.id) == many.suffix(limit))
        },
        .init("A history expires with its payment, and no payment has none") { test in
            let payment = try await test.settled(.authorized)
            try await test.write([Sample.entry(1)], next: payment.next(.authorized))
            #expect(try await test.told(of: payment.id).count == 1)
            let brief = Keeping(retention: Sample.short, keys: Sample.long)
            try await test.settle(payment.next(.authorized).next(.failed), keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.told(of: payment.id).isEmpty)
            #expect(try await test.told(of: try Sample.paymentID(404)).isEmpty)
        },
        .init("A history stays while its payment is open, though it once could have expired") { test in
            let payment = try await test.settled(.authorized)
            let brief = Keeping(retention: .seconds(2), keys: Sample.long)
            try await test.write([Sample.entry(1)], next: payment.next(.failed), keeping: brief)
            try await test.write([Sample.entry(2)], next: payment.next(.failed).next(.manualReview), keeping: brief)
            try await test.elapse(.seconds(2))
            #expect(try await test.told(of: payment.id) == [Sample.entry(1), Sample.entry(2)])
        },
    ]
}

extension Sample {
    static func entry(_ number: Int) -> HistoryEntry {
        HistoryEntry(at: start + .seconds(number), version: number, event: "payment.changed", cause: .response)
    }
}

extension StoreUnderTest {
    /// The history without what claims write into it.
    func told(of payment: PaymentID) async throws -> [HistoryEntry] {
        try await store.history(of: payment).filter { $0.cause != .request }
    }

    /// Settles the payment's next version with these changes in its history.
    func write(_ history: [HistoryEntry], next record: PaymentRecord, keeping: Keeping = Sample.kept) async throws {
        let settlement = Settlement(
            record: record, expectedVersion: record.version - 1, history: history, keeping: keeping)
        try #require(try await store.settle(settlement) == .done)
    }
}
