import Payments
import Testing

extension PaymentStoreConformance {
    static let operations: [PaymentStoreConformance] = captures + voids + refunds + operationKeys

    private static let captures: [PaymentStoreConformance] = [
        .init("A capture without an amount takes all that was authorised, at the gateway that holds it") { test in
            let payment = try await test.settled(.authorized)
            let claimed = try Sample.operation(.capture, of: payment)
            var expected = claimed
            expected.amount = 10_000
            expected.gateway = "bank-a"
            expected.gatewayIdentity = "identity-a"
            let stored = StoredPayment(record: payment, reservations: Reservations(capturing: claimed.id))
            #expect(try await test.store.claim(Sample.claim(claimed)) == .new(stored, expected))
            #expect(try await test.stored(payment) == stored)
            #expect(try await test.store.openOperations(of: payment.id) == [expected])
        },
        .init("A capture of a part takes that part") { test in
            let payment = try await test.settled(.authorized)
            #expect(try await test.begin(.capture, of: payment, amount: 1).amount == 1)
        },
        .init("A capture of more than was authorised, of nothing or of less is refused and reserves nothing") { test in
            let payment = try await test.settled(.authorized)
            let capture = try Sample.operation(.capture, of: payment)
            for amount: Int64 in [10_001, 999_999_999_999, 0, -1, .min, .max] {
                #expect(try await test.store.claim(Sample.claim(capture, amount: amount)) == .exceeds(available: 10_000))
            }
            #expect(try await test.stored(payment).reservations == Reservations())
            #expect(try await test.store.openOperations(of: payment.id).isEmpty)
        },
        .init("While a capture is in flight there is no second capture and no void") { test in
            let payment = try await test.settled(.authorized)
            let first = try await test.begin(.capture, of: payment, amount: 100)
            for kind in [OperationRecord.Kind.capture, .void] {
                let second = Sample.claim(try Sample.operation(kind, 2, of: payment))
                #expect(try await test.store.claim(second) == .invalidState(.authorized, busy: true))
            }
            #expect(try await test.stored(payment).reservations.capturing == first.id)
        },
        .init("Of many captures at once one is new") { test in
            let payment = try await test.settled(.authorized)
            let claims = try (0..<20).map { Sample.claim(try Sample.operation(.capture, $0, of: payment), amount: 100) }
            let results = try await test.results(of: claims)
            #expect(results.filter(\.isNew).count == 1)
            #expect(results.filter { $0 == .invalidState(.authorized, busy: true) }.count == 19)
        },
        .init("A capture that was refused leaves room for another; one that succeeded does not") { test in
            let payment = try await test.settled(.authorized)
            let first = try await test.begin(.capture, 1, of: payment)
            let refused = try await test.settle(payment.next(.authorized), operation: first.next(.failed))
            let second = try await test.begin(.capture, 2, of: refused)
            let captured = try await test.settle(
                refused.next(.succeeded, captured: 10_000), operation: second.next(.succeeded))
            let third = Sample.claim(try Sample.operation(.capture, 3, of: captured))
            #expect(try await test.store.claim(third) == .invalidState(.succeeded, busy: false))
        },
        .init("Only an authorised payment can be captured") { test in
            for (number, status) in PaymentRecord.Status.allCases.enumerated() where status != .authorized {
                let payment = try await test.settled(status, number: number, captured: status == .succeeded ? 10_000 : 0)
                let capture = Sample.claim(try Sample.operation(.capture, of: payment))
                #expect(try await test.store.claim(capture) == .invalidState(status, busy: false))
            }
        },
    ]

    private static let voids: [PaymentStoreConformance] = [
        .init("A payment that is authorised, queued or waits for the payer can be voided") { test in
            for (number, status) in [PaymentRecord.Status.authorized, .queued, .requiresAction].enumerated() {
                let payment = try await test.settled(status, number: number)
                let void = try await test.begin(.void, of: payment, amount: 77)
                #expect(void.amount == 0)
                #expect(try await test.stored(payment).reservations.capturing == void.id)
            }
        },
        .init("No other payment can be voided") { test in
            for (number, status) in PaymentRecord.Status.allCases.enumerated()
            where ![.authorized, .queued, .requiresAction].contains(status) {
                let payment = try await test.settled(status, number: number, captured: status == .succeeded ? 10_000 : 0)
                let void = Sample.claim(try Sample.operation(.void, of: payment))
                #expect(try await test.store.claim(void) == .invalidState(status, busy: false))
            }
        },
        .init("A queued payment that somebody is sending cannot be voided until the lease has run out") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: .seconds(2)))
            let queued = record.next(.queued)
            let settlement = Settlement(record: queued, expectedVersion: 1, keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            let void = Sample.claim(try Sample.operation(.void, of: record))
            #expect(try await test.store.claim(void) == .invalidState(.queued, busy: true))
            try await test.elapse(.seconds(2))
            #expect(try await test.store.claim(void).isNew)
        },
        .init("While a void is in flight there is no capture") { test in
            let payment = try await test.settled(.authorized)
            _ = try await test.begin(.void, of: payment)
            let capture = Sample.claim(try Sample.operation(.capture, of: payment))
            #expect(try await test.store.claim(capture) == .invalidState(.authorized, busy: true))
        },
    ]

    private static let refunds: [PaymentStoreConformance] = [
        .init("A refund without an amount takes what is captured, not yet refunded and not being refunded") { test in
            let payment = try await test.settled(.succeeded, captured: 9_000)
            let part = try await test.settle(payment.next(.succeeded, refunded: 1_000))
            _ = try await test.begin(.refund, 1, of: part, amount: 2_500)
            #expect(try await test.begin(.refund, 2, of: part).amount == 5_500)
            #expect(try await test.stored(part).reservations.refundsOpen == 8_000)
        },
        .init("A refund of more than is left, of nothing or of less is refused and reserves nothing") { test in
            let payment = try await test.settled(.succeeded, captured: 9_000)
            _ = try await test.begin(.refund, 1, of: payment, amount: 2_000)
            let refund = try Sample.operation(.refund, 2, of: payment)
            for amount: Int64 in [7_001, 9_000, 0, -1, .min, .max] {
                #expect(try await test.store.claim(Sample.claim(refund, amount: amount)) == .exceeds(available: 7_000))
            }
            #expect(try await test.stored(payment).reservations.refundsOpen == 2_000)
        },
        .init("When nothing is left, a refund is refused with or without an amount") { test in
            let payment = try await test.settled(.succeeded, captured: 9_000)
            _ = try await test.begin(.refund, 1, of: payment)
            let refund = try Sample.operation(.refund, 2, of: payment)
            #expect(try await test.store.claim(Sample.claim(refund)) == .exceeds(available: 0))
            #expect(try await test.store.claim(Sample.claim(refund, amount: 1)) == .exceeds(available: 0))
        },
        .init("Refunds at once never take more than was captured") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let claims = try (0..<30).map { Sample.claim(try Sample.operation(.refund, $0, of: payment), amount: 1_500) }
            let results = try await test.results(of: claims)
            #expect(results.filter(\.isNew).count == 6)
            #expect(results.filter { $0 == .exceeds(available: 1_000) }.count == 24)
            #expect(try await test.stored(payment).reservations.refundsOpen == 9_000)
        },
        .init("The largest amounts are counted exactly") { test in
            let record = try Sample.payment(amount: 999_999_999_999)
            _ = try await test.store.claim(Sample.claim(record))
            let payment = try await test.settle(record.next(.succeeded, captured: 999_999_999_999))
            #expect(try await test.begin(.refund, 1, of: payment, amount: 999_999_999_998).amount == 999_999_999_998)
            #expect(try await test.begin(.refund, 2, of: payment).amount == 1)
            #expect(try await test.stored(payment).reservations.refundsOpen == 999_999_999_999)
        },
        .init("Only a payment that succeeded with something captured can be refunded") { test in
            for (number, status) in PaymentRecord.Status.allCases.enumerated() {
                let payment = try await test.settled(status, number: number, captured: 0)
                let refund = Sample.claim(try Sample.operation(.refund, of: payment), amount: 1)
                #expect(try await test.store.claim(refund) == .invalidState(status, busy: false))
            }
        },
        .init("One payment holds a bounded number of operations") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let claims = try (0..<StoreLimits.operationsPerPayment).map {
                Sample.claim(try Sample.operation(.refund, $0, of: payment), amount: 1)
            }
            #expect(try await test.results(of: claims).allSatisfy(\.isNew))
            let last = Sample.claim(try Sample.operation(.refund, 5_000, of: payment), amount: 1)
            let failure = await #expect(throws: StoreFailure.self) { try await test.store.claim(last) }
            #expect(failure?.code == .full)
            #expect(try await test.store.claim(claims[0]).isNew)
        },
    ]

    private static let operationKeys: [PaymentStoreConformance] = [
        .init("An operation on no payment, or on another tenant's, finds nothing") { test in
            let payment = try await test.settled(.authorized)
            let missing = try Sample.operation(.capture, of: try Sample.payment(2))
            let foreign = try Sample.operation(.capture, of: try Sample.payment(tenant: "globex"))
            #expect(try await test.store.claim(Sample.claim(missing)) == .notFound)
            #expect(try await test.store.claim(Sample.claim(foreign)) == .notFound)
            #expect(try await test.stored(payment).reservations == Reservations())
        },
        .init("An operation that its owner claims again reserves once and keeps its amount") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try Sample.operation(.refund, of: payment)
            let first = try await test.store.claim(Sample.claim(refund, amount: 6_000))
            #expect(first.isNew)
            #expect(try await test.store.claim(Sample.claim(refund, amount: 6_000)) == first)
            #expect(try await test.stored(payment).reservations.refundsOpen == 6_000)
        },
        .init("Another request under an operation's key is a mismatch") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment, amount: 10)
            #expect(try await test.store.claim(Sample.claim(refund, amount: 20, fingerprints: ["f2"])) == .mismatch)
            #expect(try await test.stored(payment).reservations.refundsOpen == 10)
        },
        .init("A repeat of an operation at work is told how long that may last") { test in
            let payment = try await test.settled(.authorized)
            _ = try await test.begin(.capture, of: payment)
            let capture = try Sample.operation(.capture, of: payment)
            guard case .running(let remaining) = try await test.store.claim(Sample.claim(capture, token: "other")) else {
                Issue.record("not running")
                return
            }
            #expect(remaining > .zero && remaining <= Sample.long)
        },
        .init("Answered is a mark of the operation's own, not of its payment, and the other way round") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record))
            let settlement = Settlement(record: record.next(.authorized), expectedVersion: 1, keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            let capture = try await test.begin(.capture, of: record)
            try await test.store.markAnswered(record.id, operation: capture.id)
            #expect(try await test.store.claim(Sample.claim(record, token: "other")).isRunning)
            guard case .current(_, capture) = try await test.store.claim(Sample.claim(capture, token: "other")) else {
                Issue.record("not shown")
                return
            }
        },
        .init("Marking a payment leaves its operations running") { test in
            let payment = try await test.settled(.authorized)
            let capture = try await test.begin(.capture, of: payment)
            try await test.store.markAnswered(payment.id, operation: nil)
            guard case .running = try await test.store.claim(Sample.claim(capture, token: "other")) else {
                Issue.record("not running")
                return
            }
        },
        .init("An operation whose owner died is taken over with its amount, without reserving again") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try Sample.operation(.refund, of: payment)
            _ = try await test.store.claim(Sample.claim(refund, amount: 4_000, lease: Sample.short))
            try await test.elapse(Sample.short)
            guard case .takenOver(let stored, let operation) = try await test.store.claim(Sample.claim(refund, token: "second"))
            else {
                Issue.record("not taken over")
                return
            }
            #expect(operation.amount == 4_000)
            #expect(operation.gateway == "bank-a")
            #expect(stored.reservations.refundsOpen == 4_000)
            // Repeated after a lost reply, it is still a takeover: the first owner may have sent.
            guard case .takenOver = try await test.store.claim(Sample.claim(refund, token: "second")) else {
                Issue.record("taken for a new one")
                return
            }
        },
        .init("A settled operation's answer is replayed, also when its payment has moved on") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment, amount: 10_000)
            let part = Settlement.OperationSettlement(record: refund.next(.succeeded), fixed: Sample.answer, hold: Sample.release)
            let settlement = Settlement(
                record: payment.next(.succeeded, refunded: 10_000), expectedVersion: payment.version, operation: part,
                keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            #expect(try await test.store.claim(Sample.claim(refund)) == .replay(Sample.answer))
            #expect(try await test.store.claim(Sample.claim(refund, token: "other")) == .replay(Sample.answer))
        },
        .init("A settled operation without a fixed answer is shown as it is now, once its caller was told") { test in
            let payment = try await test.settled(.authorized)
            let capture = try await test.begin(.capture, of: payment)
            try await test.store.markAnswered(payment.id, operation: capture.id)
            let captured = try await test.settle(
                payment.next(.succeeded, captured: 10_000), operation: capture.next(.succeeded))
            let shown = try await test.store.claim(Sample.claim(capture, token: "other"))
            #expect(shown == .current(test.released(captured), capture.next(.succeeded)))
        },
        .init("An operation that was left without anybody having been told is taken over, and its payment's version stays") {
            test in
            let payment = try await test.settled(.authorized)
            let capture = try await test.begin(.capture, of: payment)
            let open = try await test.settle(payment.next(.authorized), operation: capture.next(.processing))
            let taken = try await test.store.claim(Sample.claim(capture, token: "second"))
            #expect(taken == .takenOver(try await test.stored(open), capture.next(.processing)))
            #expect(try await test.stored(open).record == open)
            #expect(try await test.store.claim(Sample.claim(capture, token: "third")).isRunning)
        },
    ]
}

extension OperationClaimResult {
    var isNew: Bool { if case .new = self { true } else { false } }
}

extension StoreUnderTest {
    /// The claims' results, all made at once, in no order.
    func results(of claims: [OperationClaim]) async throws -> [OperationClaimResult] {
        try await withThrowingTaskGroup(of: OperationClaimResult.self) { group in
            for claim in claims { group.addTask { try await store.claim(claim) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
