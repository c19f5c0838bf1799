import AdapterKit
import Payments
import Testing

extension PaymentStoreConformance {
    private static let brief = Keeping(retention: Sample.short, keys: Sample.long)

    static let reversals: [PaymentStoreConformance] = [
        .init("A reversal begins with a settlement, reserves nothing and is due of its own") { test in
            let payment = try await test.settled(.authorized)
            let reversal = try Sample.reversal(of: payment)
            let open = try await test.settle(payment.next(.authorized), operation: reversal, operationWake: .zero)
            #expect(try await test.stored(open) == test.released(open))
            #expect(try await test.store.openOperations(of: payment.id) == [reversal])
            let work = WorkID(payment.id, reversal.id)
            #expect(try await test.store.due(limit: 10) == [DueWork(id: work, lane: "bank-b")])
            let expected = StoredOperation(record: reversal, answered: true)
            #expect(try await test.store.work(work)?.operation == expected)
            #expect(try await test.begin(.capture, of: open).amount == 10_000)
        },
        .init("A reversal of a captured payment leaves all of it to be refunded, open or settled") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let reversal = try Sample.reversal(of: payment)
            let open = try await test.settle(payment.next(.succeeded), operation: reversal)
            let more = Sample.claim(try Sample.operation(.refund, 2, of: payment), amount: 10_001)
            #expect(try await test.store.claim(more) == .exceeds(available: 10_000))
            try await test.settle(open.next(.succeeded), operation: reversal.next(.succeeded))
            #expect(try await test.store.claim(more) == .exceeds(available: 10_000))
            #expect(try await test.store.openOperations(of: payment.id).isEmpty)
        },
        .init("Nobody calls for a reversal") { test in
            for (number, status) in PaymentRecord.Status.allCases.enumerated() {
                let payment = try await test.settled(status, number: number, captured: status == .succeeded ? 10_000 : 0)
                let reversal = Sample.claim(try Sample.reversal(of: payment))
                #expect(try await test.store.claim(reversal) == .invalidState(status, busy: false))
            }
        },
        .init("A reversal begins in the hands of whoever renews its lease") { test in
            let payment = try await test.settled(.failed)
            let reversal = try Sample.reversal(of: payment)
            let part = Settlement.OperationSettlement(
                record: reversal, hold: .renew(Lease(token: "reverser", duration: .seconds(2))), wake: .zero)
            let settlement = Settlement(
                record: payment.next(.failed), expectedVersion: payment.version, operation: part, keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            let work = WorkID(payment.id, reversal.id)
            #expect(try await test.store.take(work, lease: taker) == .gone)
            try await test.elapse(.seconds(2))
            guard case .taken(let taken) = try await test.store.take(work, lease: taker) else {
                Issue.record("gone")
                return
            }
            #expect(taken.payment.record.version == payment.version + 2)
            #expect(taken.operation?.record == reversal)
        },
        .init("A reversal that is begun twice by one settlement is one") { test in
            let payment = try await test.settled(.failed)
            let part = Settlement.OperationSettlement(record: try Sample.reversal(of: payment), wake: .zero)
            let settlement = Settlement(
                record: payment.next(.failed), expectedVersion: payment.version, operation: part, keeping: Sample.kept)
            for _ in 0..<2 { #expect(try await test.store.settle(settlement) == .done) }
            #expect(try await test.store.openOperations(of: payment.id).count == 1)
            #expect(try await test.store.due(limit: 10).count == 1)
        },
        .init("A final payment never expires while a reversal of it is open") { test in
            let payment = try await test.settled(.failed)
            let reversal = try Sample.reversal(of: payment)
            let open = try await test.settle(payment.next(.failed), operation: reversal, keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.stored(open).record == open)
            let done = try await test.settle(open.next(.failed), operation: reversal.next(.succeeded), keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.store.payment(done.id, tenant: "acme") == nil)
        },
        .init("A reversal that is refused is a dead letter of its own, for which its payment is kept") { test in
            let payment = try await test.settled(.failed)
            let reversal = try Sample.reversal(of: payment)
            let open = try await test.settle(payment.next(.failed), operation: reversal)
            var refused = reversal.next(.failed)
            refused.deadLetter = DeadLetter(.reversalRefused, since: Sample.start)
            let kept = try await test.settle(open.next(.failed), operation: refused, keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.stored(kept).record == kept)
            #expect(try await test.store.tally() == [Shelf(.dead, gateway: "bank-b"): 1])
            let page = try await test.store.listed(on: .dead, after: nil, limit: 10)
            #expect(page.items.map(\.id) == [WorkID(payment.id, reversal.id)])
            #expect(page.items.first?.work?.operation?.record == refused)
        },
    ]
}

extension Sample {
    /// At another gateway than the one that holds the payment.
    static func reversal(of payment: PaymentRecord) throws -> OperationRecord {
        var reversal = try operation(.reversal, of: payment)
        reversal.amount = payment.money.minorUnits
        reversal.gateway = "bank-b"
        reversal.gatewayIdentity = "identity-b"
        return reversal
    }
}
