import AdapterKit
import Payments
import Testing

extension PaymentStoreConformance {
    static let settlements: [PaymentStoreConformance] = [
        .init("A settlement writes the record and ends the lease it names") { test in
            let payment = try await test.settled(.authorized)
            #expect(try await test.stored(payment) == StoredPayment(record: payment, reservations: Reservations()))
        },
        .init("A settlement does not end the lease of another") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record))
            let holds: [Settlement.Hold] = [
                .keep, .release(token: "stranger"), .release(token: ""), .renew(Lease(token: "stranger", duration: .zero)),
            ]
            for (index, hold) in holds.enumerated() {
                var changed = record.next(.processing)
                changed.version = index + 2
                let settlement = Settlement(record: changed, expectedVersion: index + 1, hold: hold, keeping: Sample.kept)
                #expect(try await test.store.settle(settlement) == .done)
            }
            #expect(try await test.stored(record).holder == "owner")
        },
        .init("A settlement of another version changes nothing and tells how the payment stands") { test in
            let payment = try await test.settled(.authorized)
            let late = Settlement(
                record: payment.next(.failed), expectedVersion: 1, fixed: Sample.answer, hold: Sample.release,
                keeping: Sample.kept)
            let stored = StoredPayment(record: payment, reservations: Reservations())
            #expect(try await test.store.settle(late) == .conflict(stored, nil))
            var early = late
            early.expectedVersion = 3
            #expect(try await test.store.settle(early) == .conflict(stored, nil))
            #expect(try await test.stored(payment) == stored)
            // The answer of the conflict was not fixed either.
            #expect(try await test.store.claim(Sample.claim(try Sample.payment(), token: "other")).isTakenOver)
        },
        .init("After a conflict the change is applied to the payment as it stands") { test in
            let payment = try await test.settled(.authorized)
            let late = Settlement(record: payment.next(.canceled), expectedVersion: 1, keeping: Sample.kept)
            guard case .conflict(let current, nil) = try await test.store.settle(late) else {
                Issue.record("no conflict")
                return
            }
            let canceled = try await test.settle(current.record.next(.canceled))
            #expect(try await test.stored(payment).record == canceled)
        },
        .init("A conflict shows the operation, and keeps its reservation") { test in
            let payment = try await test.settled(.authorized)
            let capture = try await test.begin(.capture, of: payment)
            let part = Settlement.OperationSettlement(record: capture.next(.failed), fixed: Sample.answer, hold: Sample.release)
            let late = Settlement(record: payment, expectedVersion: 1, operation: part, keeping: Sample.kept)
            let stored = StoredPayment(record: payment, reservations: Reservations(capturing: capture.id))
            #expect(try await test.store.settle(late) == .conflict(stored, StoredOperation(record: capture, holder: "owner")))
            #expect(try await test.store.openOperations(of: payment.id) == [capture])
            #expect(try await test.store.claim(Sample.claim(capture, token: "other")).isRunning)
        },
        .init("Of many settlements of one version one is done") { test in
            let payment = try await test.settled(.authorized)
            let results = try await withThrowingTaskGroup(of: SettleResult.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        var record = payment.next(.succeeded)
                        record.gatewayReference = "reference-\(number)"
                        return try await test.store.settle(Settlement(record: record, expectedVersion: 2, keeping: Sample.kept))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.filter { $0 == .done }.count == 1)
        },
        .init("A settlement repeated after a lost reply says done and changes nothing") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let first = try await test.begin(.refund, 1, of: payment, amount: 3_000)
            _ = try await test.begin(.refund, 2, of: payment, amount: 2_000)
            let settlement = Settlement(
                record: payment.next(.succeeded, refunded: 3_000), expectedVersion: payment.version,
                operation: .init(record: first.next(.succeeded), fixed: Sample.answer, hold: Sample.release), keeping: Sample.kept
            )
            for _ in 0..<3 { #expect(try await test.store.settle(settlement) == .done) }
            let stored = try await test.stored(payment)
            #expect(stored.record == settlement.record)
            #expect(stored.reservations.refundsOpen == 2_000)
        },
        .init("A settlement repeated after somebody else's change is a conflict") { test in
            let payment = try await test.settled(.requiresAction)
            let settlement = Settlement(record: payment.next(.authorized), expectedVersion: 2, keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            let later = try await test.settle(payment.next(.authorized).next(.canceled))
            let stored = StoredPayment(record: later, reservations: Reservations())
            #expect(try await test.store.settle(settlement) == .conflict(stored, nil))
        },
        .init("A payment that the store lost is written whole, with its answer") { test in
            let record = try Sample.payment().next(.succeeded, captured: 10_000)
            let settlement = Settlement(
                record: record, expectedVersion: 7, fixed: Sample.answer, hold: Sample.release, keeping: Sample.kept)
            for _ in 0..<2 { #expect(try await test.store.settle(settlement) == .done) }
            let stored = StoredPayment(record: record, reservations: Reservations(), answered: true)
            #expect(try await test.stored(record) == stored)
            #expect(try await test.store.payments(tenant: "acme", reference: "order-1", limit: 10) == [stored])
            #expect(try await test.store.claim(Sample.claim(try Sample.payment(), token: "other")) == .replay(Sample.answer))
        },
        .init("A lost payment that comes back without a fixed answer is shown, never claimed anew") { test in
            let record = try Sample.payment().next(.processing)
            let settlement = Settlement(record: record, expectedVersion: 1, keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            #expect(try await test.store.claim(Sample.claim(try Sample.payment())).isCurrent)
        },
        .init("A lost operation that is still open comes back with its reservation") { test in
            let record = try Sample.payment().next(.succeeded, captured: 10_000)
            var refund = try Sample.operation(.refund, of: record)
            refund.amount = 4_000
            refund.gateway = "bank-a"
            let settlement = Settlement(
                record: record, expectedVersion: 2, operation: .init(record: refund), keeping: Sample.kept)
            for _ in 0..<2 { #expect(try await test.store.settle(settlement) == .done) }
            #expect(try await test.stored(record).reservations.refundsOpen == 4_000)
            #expect(try await test.store.openOperations(of: record.id) == [refund])
            let more = Sample.claim(try Sample.operation(.refund, 2, of: record), amount: 6_001)
            #expect(try await test.store.claim(more) == .exceeds(available: 6_000))
        },
        .init("A lost operation that is final comes back without a reservation") { test in
            let record = try Sample.payment().next(.succeeded, captured: 10_000)
            let capture = try Sample.operation(.capture, of: record).next(.succeeded)
            let settlement = Settlement(
                record: record, expectedVersion: 2, operation: .init(record: capture, fixed: Sample.answer), keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            #expect(try await test.stored(record).reservations == Reservations())
            #expect(try await test.store.claim(Sample.claim(capture)) == .replay(Sample.answer))
        },
        .init("An answer that is fixed is never overwritten, the payment's or the operation's") { test in
            let record = try Sample.payment()
            let other = FixedAnswer(status: 402, sealedBody: [1])
            _ = try await test.store.claim(Sample.claim(record))
            let authorized = record.next(.authorized)
            let first = Settlement(record: authorized, expectedVersion: 1, fixed: Sample.answer, keeping: Sample.kept)
            #expect(try await test.store.settle(first) == .done)
            let capture = try await test.begin(.capture, of: authorized)
            for (version, fixed, result) in [(2, Sample.answer, SettleResult.done), (3, other, .answeredBefore(Sample.answer))] {
                var changed = authorized.next(.succeeded)
                changed.version = version + 1
                let settlement = Settlement(
                    record: changed, expectedVersion: version, fixed: other, hold: Sample.release,
                    operation: .init(record: capture.next(.succeeded), fixed: fixed, hold: Sample.release), keeping: Sample.kept)
                #expect(try await test.store.settle(settlement) == result)
            }
            #expect(try await test.store.claim(Sample.claim(record)) == .replay(Sample.answer))
            #expect(try await test.store.claim(Sample.claim(capture)) == .replay(Sample.answer))
        },
        .init("A reservation ends once, however often its operation is settled") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let first = try await test.begin(.refund, 1, of: payment, amount: 3_000)
            _ = try await test.begin(.refund, 2, of: payment, amount: 2_000)
            var record = payment
            for status in [OperationRecord.Status.failed, .failed, .succeeded] {
                record = try await test.settle(record.next(.succeeded), operation: first.next(status))
                #expect(try await test.stored(record).reservations.refundsOpen == 2_000)
            }
        },
        .init("An operation without a final answer keeps its reservation") { test in
            let payment = try await test.settled(.authorized)
            let capture = try await test.begin(.capture, of: payment)
            var record = payment
            for status in [OperationRecord.Status.processing, .manualReview] {
                record = try await test.settle(record.next(.authorized), operation: capture.next(status))
                #expect(try await test.stored(record).reservations.capturing == capture.id)
                #expect(try await test.store.openOperations(of: record.id) == [capture.next(status)])
            }
        },
        .init("An operation that is refused gives back what it reserved") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let first = try await test.begin(.refund, 1, of: payment)
            let record = try await test.settle(payment.next(.succeeded), operation: first.next(.failed))
            #expect(try await test.begin(.refund, 2, of: record).amount == 10_000)
            #expect(try await test.store.openOperations(of: record.id).map(\.amount) == [10_000])
        },
        .init("No answer is fixed for a caller that was told 202, the payment's or the operation's") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, answered: true))
            let first = Settlement(
                record: record.next(.authorized), expectedVersion: 1, fixed: Sample.answer, hold: Sample.release,
                keeping: Sample.kept)
            #expect(try await test.store.settle(first) == .done)
            #expect(try await test.store.claim(Sample.claim(record)).isCurrent)
            let capture = try await test.begin(.capture, of: first.record)
            try await test.store.markAnswered(record.id, operation: capture.id)
            let second = Settlement(
                record: first.record.next(.succeeded, captured: 10_000), expectedVersion: 2,
                operation: .init(record: capture.next(.succeeded), fixed: Sample.answer, hold: Sample.release),
                keeping: Sample.kept)
            #expect(try await test.store.settle(second) == .done)
            let shown = try await test.store.claim(Sample.claim(capture))
            #expect(shown == .current(try await test.stored(record), capture.next(.succeeded)))
        },
        .init("An answer that was fixed before the caller was told 202 stays") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record))
            let settlement = Settlement(
                record: record.next(.authorized), expectedVersion: 1, fixed: Sample.answer, hold: Sample.release,
                keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            try await test.store.markAnswered(record.id, operation: nil)
            #expect(try await test.store.claim(Sample.claim(record)) == .replay(Sample.answer))
        },
        .init("A conflict names the holders and says who was told") { test in
            let payment = try await test.settled(.authorized)
            let capture = try await test.begin(.capture, of: payment)
            try await test.store.markAnswered(payment.id, operation: capture.id)
            let part = Settlement.OperationSettlement(record: capture.next(.failed))
            let late = Settlement(record: payment, expectedVersion: 1, operation: part, keeping: Sample.kept)
            guard case .conflict(let stored, let operation) = try await test.store.settle(late) else {
                Issue.record("no conflict")
                return
            }
            #expect(stored.holder == nil)
            #expect(!stored.answered)
            #expect(operation == StoredOperation(record: capture, holder: "owner", answered: true))
        },
        .init("A holder that renews its lease holds it longer; a lease that ran out names nobody") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short))
            let renewal = Settlement(
                record: record.next(.processing), expectedVersion: 1, hold: .renew(Lease(token: "owner", duration: .seconds(2))),
                keeping: Sample.kept)
            #expect(try await test.store.settle(renewal) == .done)
            try await test.elapse(Sample.short)
            #expect(try await test.stored(record).holder == "owner")
            #expect(try await test.store.claim(Sample.claim(record, token: "other")).isRunning)
            try await test.elapse(.seconds(2))
            #expect(try await test.stored(record).holder == nil)
            #expect(try await test.store.claim(Sample.claim(record, token: "other")).isTakenOver)
        },
        .init("Nobody renews the lease of another") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short))
            let renewal = Settlement(
                record: record.next(.processing), expectedVersion: 1,
                hold: .renew(Lease(token: "stranger", duration: Sample.long)), keeping: Sample.kept)
            #expect(try await test.store.settle(renewal) == .done)
            try await test.elapse(Sample.short)
            #expect(try await test.stored(record).holder == nil)
        },
        .init("Nobody begins to hold what no one holds by renewing a lease") { test in
            let payment = try await test.settled(.processing)
            let renewal = Settlement(
                record: payment.next(.processing), expectedVersion: 2,
                hold: .renew(Lease(token: "owner", duration: Sample.long)), keeping: Sample.kept)
            #expect(try await test.store.settle(renewal) == .done)
            #expect(try await test.stored(payment).holder == nil)
        },
        .init("A lost payment comes back in the hands of the owner that renews its lease") { test in
            let record = try Sample.payment().next(.processing)
            let renewal = Settlement(
                record: record, expectedVersion: 1, hold: .renew(Lease(token: "owner", duration: Sample.long)), wake: .zero,
                keeping: Sample.kept)
            #expect(try await test.store.settle(renewal) == .done)
            #expect(try await test.stored(record).holder == "owner")
            #expect(try await test.store.due(limit: 10).isEmpty)
        },
        .init("Who settles after an answer was fixed is told which one, and it stays") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record))
            let heard = Settlement(
                record: record.next(.succeeded), expectedVersion: 1, fixed: Sample.answer, keeping: Sample.kept)
            #expect(try await test.store.settle(heard) == .done)
            let late = Settlement(
                record: heard.record.next(.succeeded), expectedVersion: 2,
                fixed: FixedAnswer(status: 201, sealedBody: [9, 9]), hold: Sample.release, keeping: Sample.kept)
            #expect(try await test.store.settle(late) == .answeredBefore(Sample.answer))
            let repeated = try await test.store.claim(Sample.claim(try Sample.payment(), token: "other"))
            #expect(repeated == .replay(Sample.answer))
        },
        .init("The same holds for an operation's answer") { test in
            let payment = try await test.settled(.authorized)
            let capture = try await test.begin(.capture, of: payment)
            func settlement(_ step: Int, _ fixed: FixedAnswer) -> Settlement {
                var (paid, done) = (payment.next(.authorized), capture.next(.failed))
                paid.version = payment.version + step
                done.version = capture.version + step
                return Settlement(
                    record: paid, expectedVersion: paid.version - 1, operation: .init(record: done, fixed: fixed),
                    keeping: Sample.kept)
            }
            #expect(try await test.store.settle(settlement(1, Sample.answer)) == .done)
            let other = FixedAnswer(status: 200, sealedBody: [9])
            #expect(try await test.store.settle(settlement(2, other)) == .answeredBefore(Sample.answer))
        },
        .init("A settlement that tells the caller 202 shows repeats the payment as it is") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record))
            let settlement = Settlement(
                record: record.next(.queued), expectedVersion: 1, hold: Sample.release, wake: .seconds(60), answered: true,
                keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            #expect(try await test.stored(record).answered)
            let repeated = try await test.store.claim(Sample.claim(try Sample.payment(), token: "other"))
            #expect(repeated == .current(test.released(record.next(.queued), answered: true)))
        },
        .init("A settlement that tells an operation's caller 202 says nothing of the payment's") { test in
            let payment = try await test.settled(.authorized)
            let capture = try await test.begin(.capture, of: payment)
            let part = Settlement.OperationSettlement(
                record: capture.next(.processing), hold: Sample.release, wake: .seconds(60), answered: true)
            let settlement = Settlement(
                record: payment.next(.authorized), expectedVersion: payment.version, operation: part, keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            let work = try #require(try await test.store.work(WorkID(payment.id, capture.id)))
            #expect(work.operation?.answered == true)
            #expect(!work.payment.answered)
        },
        .init("Marking what is not there as answered makes nothing") { test in
            let record = try Sample.payment()
            try await test.store.markAnswered(record.id, operation: nil)
            try await test.store.markAnswered(record.id, operation: try Sample.operation(.void, of: record).id)
            #expect(try await test.store.payment(record.id, tenant: "acme") == nil)
            #expect(try await test.store.claim(Sample.claim(record)) == .new)
            try await test.store.markAnswered(record.id, operation: try Sample.operation(.void, of: record).id)
            #expect(try await test.store.openOperations(of: record.id).isEmpty)
        },
    ]
}

extension OperationClaimResult {
    var isRunning: Bool { if case .running = self { true } else { false } }
}
