import Payments
import Testing

extension PaymentStoreConformance {
    private static let brief = Keeping(retention: Sample.short, keys: Sample.long)

    static let keeping: [PaymentStoreConformance] = [
        .init("The key of a payment that has expired is a mismatch, never a new payment") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000, keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.store.payment(payment.id, tenant: "acme") == nil)
            #expect(try await test.store.claim(Sample.claim(try Sample.payment())) == .mismatch)
            #expect(try await test.store.claim(Sample.claim(try Sample.payment(), token: "other")) == .mismatch)
            #expect(try await test.store.payment(payment.id, tenant: "acme") == nil)
        },
        .init("An expired payment is not listed, not open and takes no operation") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000, keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.store.payments(tenant: "acme", reference: "order-1", limit: 10).isEmpty)
            #expect(try await test.store.openOperations(of: payment.id).isEmpty)
            #expect(try await test.store.claim(Sample.claim(try Sample.operation(.refund, of: payment))) == .notFound)
        },
        .init("When the mark of the key has expired too, the key is free") { test in
            _ = try await test.settled(.failed, keeping: Keeping(retention: Sample.short, keys: Sample.short))
            try await test.elapse(Sample.short)
            try await test.elapse(Sample.short)
            #expect(try await test.store.claim(Sample.claim(try Sample.payment())) == .new)
            #expect(try await test.store.payments(tenant: "acme", reference: "order-1", limit: 10).count == 1)
        },
        .init("A payment never expires while it is open") { test in
            let open: [PaymentRecord.Status] = [.processing, .queued, .requiresAction, .manualReview]
            for (number, status) in open.enumerated() { _ = try await test.settled(status, number: number, keeping: brief) }
            try await test.elapse(Sample.short)
            for (number, status) in open.enumerated() {
                #expect(try await test.stored(try Sample.payment(number)).record.status == status)
            }
        },
        .init("A payment that nobody has settled never expires") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short, keeping: brief))
            try await test.elapse(Sample.short)
            #expect(try await test.store.claim(Sample.claim(record, token: "other")).isTakenOver)
        },
        .init("A payment expires in each of its final states, and when it was authorised long ago") { test in
            let final: [PaymentRecord.Status] = [.authorized, .succeeded, .failed, .canceled]
            for (number, status) in final.enumerated() { _ = try await test.settled(status, number: number, keeping: brief) }
            try await test.elapse(Sample.short)
            for number in final.indices {
                #expect(try await test.store.payment(try Sample.paymentID(number), tenant: "acme") == nil)
            }
        },
        .init("A final payment never expires while an operation of it is open") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment)
            let unsure = try await test.settle(
                payment.next(.succeeded), operation: refund.next(.manualReview), keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.stored(unsure).record == unsure)
            #expect(try await test.store.openOperations(of: payment.id) == [refund.next(.manualReview)])
        },
        .init("A final payment never expires under an operation that has just begun") { test in
            let payment = try await test.settled(.authorized, keeping: Keeping(retention: .seconds(2), keys: Sample.long))
            let capture = try await test.begin(.capture, of: payment)
            try await test.elapse(.seconds(2))
            #expect(try await test.stored(payment).reservations.capturing == capture.id)
            #expect(try await test.store.openOperations(of: payment.id) == [capture])
        },
        .init("Retention begins again with every change, for the payment and its operations") { test in
            let keeping = Keeping(retention: .seconds(2), keys: Sample.long)
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment, amount: 1)
            let first = try await test.settle(
                payment.next(.succeeded, refunded: 1), operation: refund.next(.succeeded), keeping: keeping)
            try await test.elapse(.seconds(1))
            let second = try await test.settle(first.next(.succeeded), keeping: keeping)
            try await test.elapse(.seconds(1))
            #expect(try await test.stored(payment).record == second)
            let work = try await test.store.work(WorkID(payment.id, refund.id))
            #expect(work?.operation == StoredOperation(record: refund.next(.succeeded)))
        },
    ]
}
