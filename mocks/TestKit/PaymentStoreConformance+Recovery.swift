import Payments
import Testing

extension PaymentStoreConformance {
    static let recovery: [PaymentStoreConformance] = planning + taking + fencing

    static let taker = Lease(token: "taker", duration: Sample.long)
    private static let brief = Keeping(retention: Sample.short, keys: Sample.long)

    private static let planning: [PaymentStoreConformance] = [
        .init("A payment becomes due when its lease ends, not before") { test in
            _ = try await test.store.claim(Sample.claim(try Sample.payment(1)))
            _ = try await test.store.claim(Sample.claim(try Sample.payment(2), lease: Sample.short))
            try await test.elapse(Sample.short)
            #expect(try await test.store.due(limit: 10) == [DueWork(id: WorkID(try Sample.paymentID(2)), lane: "")])
        },
        .init("An operation becomes due of its own, in the lane of its gateway") { test in
            let payment = try await test.settled(.authorized)
            let capture = try Sample.operation(.capture, of: payment)
            _ = try await test.store.claim(Sample.claim(capture, lease: Sample.short))
            #expect(try await test.store.take(WorkID(payment.id), lease: taker) == .gone)
            try await test.elapse(Sample.short)
            #expect(try await test.store.due(limit: 10) == [DueWork(id: WorkID(payment.id, capture.id), lane: "bank-a")])
        },
        .init("A takeover puts off what is due to the new lease's end") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short))
            try await test.elapse(Sample.short)
            #expect(try await test.store.claim(Sample.claim(record, token: "second")).isTakenOver)
            #expect(try await test.store.due(limit: 10).isEmpty)
        },
        .init("While a lease is held its end counts, whatever the settlement's wake") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record))
            let settlement = Settlement(record: record.next(.queued), expectedVersion: 1, wake: .zero, keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            #expect(try await test.store.due(limit: 10).isEmpty)
        },
        .init("What nobody holds is due when its wake has passed, not before") { test in
            _ = try await test.settled(.queued, number: 1, wake: Sample.long)
            _ = try await test.settled(.queued, number: 2)
            let payment = try await test.settled(.queued, number: 3, wake: Sample.short)
            try await test.elapse(Sample.short)
            #expect(try await test.store.due(limit: 10) == [DueWork(id: WorkID(payment.id), lane: "bank-a")])
        },
        .init("A settlement without a wake takes back the one before") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            #expect(try await test.store.due(limit: 10).count == 1)
            try await test.settle(payment.next(.manualReview))
            #expect(try await test.store.due(limit: 10).isEmpty)
            #expect(try await test.store.take(WorkID(payment.id), lease: taker) == .gone)
        },
        .init("The wake of an operation is not its payment's, nor the other way round") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment)
            let second = try await test.settle(
                payment.next(.succeeded), operation: refund.next(.processing), operationWake: .zero)
            #expect(try await test.store.due(limit: 10).map(\.id) == [WorkID(payment.id, refund.id)])
            try await test.settle(second.next(.succeeded), wake: .zero, operation: refund.next(.failed))
            #expect(try await test.store.due(limit: 10).map(\.id) == [WorkID(payment.id)])
        },
        .init("Due work is in one lane: that of the gateway it is about now") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            var moved = payment.next(.queued)
            moved.gateway = "bank-b"
            try await test.settle(moved, wake: .zero)
            #expect(try await test.store.due(limit: 10) == [DueWork(id: WorkID(payment.id), lane: "bank-b")])
            moved.version += 1
            moved.gateway = nil
            try await test.settle(moved, wake: .zero)
            #expect(try await test.store.due(limit: 10) == [DueWork(id: WorkID(payment.id), lane: "")])
        },
        .init("Due work comes oldest first, and no more than asked for") { test in
            for number in [3, 1, 2] {
                _ = try await test.settled(.queued, number: number, wake: .zero)
                try await test.elapse(.milliseconds(20))
            }
            let ids = try [3, 1, 2].map { WorkID(try Sample.paymentID($0)) }
            #expect(try await test.store.due(limit: 10).map(\.id) == ids)
            #expect(try await test.store.due(limit: 2).map(\.id) == Array(ids.prefix(2)))
            #expect(try await test.store.due(limit: 0).isEmpty)
        },
        .init("Due work is found in every bucket") { test in
            let buckets = ["00", "0z", "9q", "zz"]
            for bucket in buckets { _ = try await test.settled(.queued, bucket: bucket, wake: .zero) }
            let found = try await test.store.due(limit: 10).map(\.id.payment.bucket)
            #expect(found.sorted() == buckets)
        },
        .init("A final payment never expires while something of it is due") { test in
            let payment = try await test.settled(.failed, wake: Sample.long, keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.stored(payment).record == payment)
            try await test.settle(payment.next(.failed), keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.store.payment(payment.id, tenant: "acme") == nil)
        },
        .init("A final payment never expires while a final operation of it is due") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment)
            let watched = try await test.settle(
                payment.next(.succeeded), operation: refund.next(.failed), operationWake: Sample.long, keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.stored(watched).record == watched)
            try await test.settle(watched.next(.succeeded), operation: refund.next(.failed), keeping: brief)
            try await test.elapse(Sample.short)
            #expect(try await test.store.payment(payment.id, tenant: "acme") == nil)
        },
    ]

    private static let taking: [PaymentStoreConformance] = [
        .init("Who takes due work holds it, one version later, and it is due no longer") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            var later = payment
            later.version += 1
            let expected = StoredPayment(record: later, reservations: Reservations(), holder: "taker")
            let work = WorkID(payment.id)
            #expect(try await test.store.take(work, lease: taker) == .taken(StoredWork(payment: expected)))
            #expect(try await test.stored(payment) == expected)
            #expect(try await test.store.due(limit: 10).isEmpty)
        },
        .init("Work is not taken before its time") { test in
            let record = try Sample.payment(1)
            _ = try await test.store.claim(Sample.claim(record))
            let queued = try await test.settled(.queued, number: 2, wake: Sample.long)
            let idle = try await test.settled(.succeeded, number: 3)
            for payment in [record, queued, idle] {
                #expect(try await test.store.take(WorkID(payment.id), lease: taker) == .gone)
            }
            #expect(try await test.stored(record).holder == "owner")
            #expect(try await test.stored(queued) == test.released(queued))
        },
        .init("What is not there is not taken, nor an operation of a payment that is due") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            let missing = try Sample.operation(.capture, of: payment)
            #expect(try await test.store.take(WorkID(try Sample.paymentID(404)), lease: taker) == .gone)
            #expect(try await test.store.take(WorkID(payment.id, missing.id), lease: taker) == .gone)
            #expect(try await test.stored(payment).record == payment)
            #expect(try await test.store.due(limit: 10).map(\.id) == [WorkID(payment.id)])
        },
        .init("Work that is taken is not taken by another while the lease lasts, and nothing changes") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            let first = try await test.store.take(WorkID(payment.id), lease: taker)
            let second = Lease(token: "second", duration: Sample.long)
            #expect(try await test.store.take(WorkID(payment.id), lease: second) == .gone)
            #expect(first == .taken(StoredWork(payment: try await test.stored(payment))))
        },
        .init("A taking repeated after a lost reply is the same taking") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            let first = try await test.store.take(WorkID(payment.id), lease: taker)
            #expect(first != .gone)
            for _ in 0..<2 { #expect(try await test.store.take(WorkID(payment.id), lease: taker) == first) }
            #expect(try await test.stored(payment).record.version == payment.version + 1)
        },
        .init("Of many takers of one piece of work one gets it") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            let results = try await withThrowingTaskGroup(of: TakeResult.self) { group in
                for number in 0..<30 {
                    let lease = Lease(token: "token-\(number)", duration: Sample.long)
                    group.addTask { try await test.store.take(WorkID(payment.id), lease: lease) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.filter { $0 != .gone }.count == 1)
            #expect(try await test.stored(payment).record.version == payment.version + 1)
        },
        .init("What its taker leaves is due again when the lease ends, and is taken one more version later") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            let work = WorkID(payment.id)
            _ = try await test.store.take(work, lease: Lease(token: "first", duration: Sample.short))
            try await test.elapse(Sample.short)
            #expect(try await test.store.due(limit: 10) == [DueWork(id: work, lane: "bank-a")])
            #expect(try await test.store.take(work, lease: taker) != .gone)
            let stored = try await test.stored(payment)
            #expect(stored.record.version == payment.version + 2)
            #expect(stored.holder == "taker")
        },
        .init("Who takes an operation holds it alone, and its payment's version goes up") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try Sample.operation(.refund, of: payment)
            _ = try await test.store.claim(Sample.claim(refund, amount: 400, lease: Sample.short))
            try await test.elapse(Sample.short)
            guard case .taken(let work) = try await test.store.take(WorkID(payment.id, refund.id), lease: taker) else {
                Issue.record("gone")
                return
            }
            #expect(work.payment.record.version == payment.version + 1)
            #expect(work.payment.holder == nil)
            #expect(work.payment.reservations.refundsOpen == 400)
            #expect(work.operation?.record.amount == 400)
            #expect(work.operation?.holder == "taker")
            #expect(try await test.store.claim(Sample.claim(refund, token: "other")).isRunning)
        },
        .init("An operation that was taken is never new again to its taker") { test in
            let payment = try await test.settled(.authorized)
            let capture = try Sample.operation(.capture, of: payment)
            _ = try await test.store.claim(Sample.claim(capture, lease: Sample.short))
            try await test.elapse(Sample.short)
            _ = try await test.store.take(WorkID(payment.id, capture.id), lease: taker)
            guard case .takenOver = try await test.store.claim(Sample.claim(capture, token: "taker")) else {
                Issue.record("taken for a new one")
                return
            }
        },
        .init("A caller finds its taken payment running, or as it is once it was told") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            _ = try await test.store.take(WorkID(payment.id), lease: taker)
            let claim = Sample.claim(try Sample.payment(), token: "other")
            #expect(try await test.store.claim(claim).isRunning)
            try await test.store.markAnswered(payment.id, operation: nil)
            #expect(try await test.store.claim(claim) == .current(try await test.stored(payment)))
        },
        .init("Work is shown to whoever asks, whatever its tenant, and only what is there") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment)
            let stored = try await test.stored(payment)
            #expect(try await test.store.work(WorkID(payment.id)) == StoredWork(payment: stored))
            let expected = StoredWork(payment: stored, operation: StoredOperation(record: refund, holder: "owner"))
            #expect(try await test.store.work(WorkID(payment.id, refund.id)) == expected)
            let missing = try Sample.operation(.refund, 2, of: payment)
            #expect(try await test.store.work(WorkID(payment.id, missing.id)) == nil)
            #expect(try await test.store.work(WorkID(try Sample.paymentID(404))) == nil)
        },
    ]

    private static let fencing: [PaymentStoreConformance] = [
        .init("An owner whose payment was taken meets a conflict that names the taker") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short))
            try await test.elapse(Sample.short)
            _ = try await test.store.take(WorkID(record.id), lease: taker)
            let late = Settlement(
                record: record.next(.failed), expectedVersion: 1, fixed: Sample.answer, hold: Sample.release, keeping: Sample.kept
            )
            #expect(try await test.store.settle(late) == .conflict(try await test.stored(record), nil))
            #expect(try await test.stored(record).holder == "taker")
        },
        .init("An owner whose operation was taken meets a conflict that names the taker") { test in
            let payment = try await test.settled(.authorized)
            let capture = try Sample.operation(.capture, of: payment)
            guard case .new(_, let begun) = try await test.store.claim(Sample.claim(capture, lease: Sample.short)) else {
                Issue.record("not new")
                return
            }
            try await test.elapse(Sample.short)
            _ = try await test.store.take(WorkID(payment.id, capture.id), lease: taker)
            let part = Settlement.OperationSettlement(record: begun.next(.failed), hold: Sample.release)
            let late = Settlement(
                record: payment.next(.authorized), expectedVersion: payment.version, operation: part, keeping: Sample.kept)
            let expected = StoredOperation(record: begun, holder: "taker")
            #expect(try await test.store.settle(late) == .conflict(try await test.stored(payment), expected))
            #expect(try await test.stored(payment).reservations.capturing == capture.id)
        },
        .init("A settlement repeated after its payment was taken is a conflict, though the record is the same") { test in
            let payment = try await test.settled(.authorized)
            let settlement = Settlement(
                record: payment.next(.queued), expectedVersion: payment.version, wake: .zero, keeping: Sample.kept)
            for _ in 0..<2 { #expect(try await test.store.settle(settlement) == .done) }
            #expect(try await test.store.take(WorkID(payment.id), lease: taker) != .gone)
            #expect(try await test.store.settle(settlement) == .conflict(try await test.stored(payment), nil))
        },
        .init("A settlement that is repeated plans nothing anew") { test in
            let payment = try await test.settled(.authorized)
            let settlement = Settlement(
                record: payment.next(.queued), expectedVersion: payment.version, keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            var repeated = settlement
            repeated.wake = .zero
            #expect(try await test.store.settle(repeated) == .done)
            #expect(try await test.store.due(limit: 10).isEmpty)
        },
        .init("Only its taker gives back what was taken") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            _ = try await test.store.take(WorkID(payment.id), lease: taker)
            let taken = try await test.stored(payment).record
            // `settle` releases the old owner's token.
            let kept = try await test.settle(taken.next(.queued), wake: .zero)
            #expect(try await test.stored(payment).holder == "taker")
            #expect(try await test.store.due(limit: 10).isEmpty)
            let release = Settlement(
                record: kept.next(.queued), expectedVersion: kept.version, hold: .release(token: "taker"), wake: .zero,
                keeping: Sample.kept)
            #expect(try await test.store.settle(release) == .done)
            #expect(try await test.stored(payment).holder == nil)
            #expect(try await test.store.due(limit: 10).count == 1)
        },
    ]
}
