import Payments
import Testing

extension PaymentStoreConformance {
    private static let brief = Keeping(retention: Sample.short, keys: Sample.long)

    static let burying: [PaymentStoreConformance] = [
        .init("What is buried is due no longer, and is a dead letter with its reason") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            try await test.store.bury(WorkID(payment.id), reason: .unreadable)
            #expect(try await test.store.due(limit: 10).isEmpty)
            #expect(try await test.store.take(WorkID(payment.id), lease: taker) == .gone)
            #expect(try await test.stored(payment).record.deadLetter?.reason == .unreadable)
            #expect(try await test.store.tally() == [Shelf(.dead, gateway: "bank-a"): 1])
            let page = try await test.store.listed(on: .dead, after: nil, limit: 10)
            #expect(page.items == [.init(id: WorkID(payment.id), work: try await test.store.work(WorkID(payment.id)))])
        },
        .init("What is buried before its time does not become due") { test in
            let payment = try await test.settled(.queued, wake: .seconds(2))
            try await test.store.bury(WorkID(payment.id), reason: .incomplete)
            try await test.elapse(.seconds(2))
            #expect(try await test.store.due(limit: 10).isEmpty)
        },
        .init("A payment that would have expired is kept once it is buried") { test in
            let keeping = Keeping(retention: .seconds(2), keys: Sample.long)
            let payment = try await test.settled(.failed, keeping: keeping)
            try await test.store.bury(WorkID(payment.id), reason: .unreadable)
            try await test.elapse(.seconds(2))
            #expect(try await test.stored(payment).record.version == payment.version)
        },
        .init("A final payment never expires that a settlement made a dead letter") { test in
            let payment = try await test.settled(.failed)
            var dead = payment.next(.failed)
            dead.deadLetter = DeadLetter(.finalMismatch, since: Sample.start)
            try await test.settle(dead, keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.stored(dead).record == dead)
        },
        .init("Burying an operation leaves its payment where it is") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment)
            let open = try await test.settle(
                payment.next(.succeeded), wake: .zero, operation: refund.next(.processing), operationWake: .zero)
            try await test.store.bury(WorkID(payment.id, refund.id), reason: .gatewayChanged)
            #expect(try await test.store.due(limit: 10).map(\.id) == [WorkID(payment.id)])
            #expect(try await test.stored(payment).record == open)
            #expect(try await test.store.openOperations(of: payment.id).map(\.deadLetter?.reason) == [.gatewayChanged])
            #expect(try await test.store.tally() == [Shelf(.dead, gateway: "bank-a"): 1])
        },
        .init("Burying what is not there makes nothing") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            try await test.store.bury(WorkID(try Sample.paymentID(404)), reason: .unreadable)
            let missing = try Sample.operation(.refund, of: payment)
            try await test.store.bury(WorkID(payment.id, missing.id), reason: .unreadable)
            #expect(try await test.store.tally() == [Shelf(.queue, gateway: "bank-a"): 1])
            #expect(try await test.stored(payment) == test.released(payment))
            #expect(try await test.store.due(limit: 10).map(\.id) == [WorkID(payment.id)])
        },
        .init("What is buried twice lies there once") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            for reason in [DeadLetter.Reason.unreadable, .incomplete] {
                try await test.store.bury(WorkID(payment.id), reason: reason)
            }
            #expect(try await test.store.tally() == [Shelf(.dead, gateway: "bank-a"): 1])
            #expect(try await test.store.listed(on: .dead, after: nil, limit: 10).items.count == 1)
            #expect(try await test.stored(payment).record.deadLetter?.reason == .incomplete)
        },
        .init("A settlement takes what was buried out again") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            try await test.store.bury(WorkID(payment.id), reason: .unreadable)
            let queued = try await test.settle(payment.next(.queued), wake: .zero)
            #expect(try await test.stored(payment) == test.released(queued))
            #expect(try await test.store.tally() == [Shelf(.queue, gateway: "bank-a"): 1])
            #expect(try await test.store.take(WorkID(payment.id), lease: taker) != .gone)
        },
        .init("A final payment never expires as a dead letter, nor over an operation that is one") { test in
            let first = try await test.settled(.failed, number: 1, wake: .zero, keeping: brief)
            try await test.store.bury(WorkID(first.id), reason: .unreadable)
            let second = try await test.settled(.succeeded, number: 2, captured: 10_000)
            let refund = try await test.begin(.refund, of: second)
            try await test.settle(
                second.next(.succeeded), operation: refund.next(.failed), operationWake: .zero, keeping: brief)
            try await test.store.bury(WorkID(second.id, refund.id), reason: .finalMismatch)
            try await test.elapse(Sample.short)
            #expect(try await test.stored(first).record.status == .failed)
            #expect(try await test.store.work(WorkID(second.id, refund.id)) != nil)
            try await test.settle(first.next(.failed), keeping: brief)
            try await test.settle(second.next(.succeeded).next(.succeeded), operation: refund.next(.failed), keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.store.work(WorkID(first.id)) == nil)
            #expect(try await test.store.work(WorkID(second.id)) == nil)
            #expect(try await test.store.tally().isEmpty)
        },
    ]
}
