import AdapterKit
import Payments
import Testing

extension PaymentStoreConformance {
    static let outbox: [PaymentStoreConformance] = [
        .init("Events lie in the outbox in the order in which settlements wrote them, every part as it was given") { test in
            let payment = try await test.settled(.processing)
            let refund = PaymentEvent(
                tenant: "other", payment: payment.id, object: try Sample.operation(.refund, of: payment).id.text, version: 7,
                kind: .refundManualReview, cause: .operator, createdAt: Sample.start + .milliseconds(1), sealed: [])
            var record = payment
            for events in [[Sample.event(2, of: payment), refund], [], [Sample.event(1, of: payment)]] {
                record = record.next(.processing)
                try await test.write(events, next: record)
            }
            let all = [Sample.event(2, of: payment), refund, Sample.event(1, of: payment)]
            #expect(try await test.outbox(payment.id) == all)
        },
        .init("Many events of one settlement keep their order, beside its history and its mark") { test in
            let payment = try await test.settled(.processing)
            var settlement = test.settlement(payment.next(.succeeded), mark: 1)
            settlement.events = (0..<100).map { Sample.event($0, of: payment) }
            settlement.history = (0..<3).map { Sample.entry($0) }
            #expect(try await test.store.settle(settlement) == .done)
            #expect(try await test.outbox(payment.id) == settlement.events)
            #expect(try await test.told(of: payment.id) == settlement.history)
            #expect(try await test.note(1, on: payment) == .duplicate)
        },
        .init("A payment's events are its own") { test in
            let payments = [try await test.settled(.processing, number: 1), try await test.settled(.processing, number: 2)]
            for payment in payments { try await test.write([Sample.event(1, of: payment)], next: payment.next(.failed)) }
            for payment in payments { #expect(try await test.outbox(payment.id) == [Sample.event(1, of: payment)]) }
            #expect(try await test.outbox(try Sample.paymentID(3)).isEmpty)
        },
        .init("A settlement that is repeated adds no event, and one in conflict none at all") { test in
            let payment = try await test.settled(.processing)
            for _ in 0..<3 { try await test.write([Sample.event(1, of: payment)], next: payment.next(.failed)) }
            var late = test.settlement(payment.next(.succeeded), event: 2)
            for version in [1, 2, 4] {
                late.expectedVersion = version
                #expect(try await test.store.settle(late) != .done)
            }
            #expect(try await test.outbox(payment.id) == [Sample.event(1, of: payment)])
        },
        .init("A lost payment that comes back has its event told once") { test in
            let record = try Sample.payment().next(.succeeded)
            for _ in 0..<2 { try await test.write([Sample.event(1, of: record)], next: record) }
            #expect(try await test.outbox(record.id) == [Sample.event(1, of: record)])
        },
        .init("What changes no payment writes no event: claims, takeovers, matches and burials") { test in
            let record = try Sample.payment().tried(at: "bank-a")
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short))
            try await test.elapse(Sample.short)
            _ = try await test.store.claim(Sample.claim(record, token: "other"))
            _ = try await test.match(WorkID(record.id))
            try await test.store.markAnswered(record.id, operation: nil)
            try await test.store.bury(WorkID(record.id), reason: .unreadable)
            #expect(try await test.outbox(record.id).isEmpty)
        },
        .init("Events outlive their payment") { test in
            let payment = try await test.settled(.processing)
            var settlement = test.settlement(payment.next(.failed), event: 1)
            settlement.keeping = Keeping(retention: Sample.short, keys: Sample.short)
            #expect(try await test.store.settle(settlement) == .done)
            for _ in 0..<2 { try await test.elapse(Sample.short) }
            #expect(try await test.store.payment(payment.id, tenant: "acme") == nil)
            #expect(try await test.outbox(payment.id) == [Sample.event(1, of: payment)])
        },
    ]
}

extension Sample {
    static func event(_ number: Int, of payment: PaymentRecord) -> PaymentEvent {
        PaymentEvent(
            tenant: payment.tenant, payment: payment.id, object: payment.id.text, version: number, kind: .paymentSucceeded,
            cause: .callback, createdAt: start + .seconds(number), sealed: [0, 255, 13, 10, UInt8(number % 256)])
    }
}

extension StoreUnderTest {
    /// Settles the payment's next version with these events.
    func write(_ events: [PaymentEvent], next record: PaymentRecord) async throws {
        let settlement = Settlement(
            record: record, expectedVersion: record.version - 1, events: events, keeping: Sample.kept)
        try #require(try await store.settle(settlement) == .done)
    }
}
