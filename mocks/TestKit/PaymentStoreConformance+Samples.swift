import AdapterKit
import Payments
import Testing

/// What the checks store: short to write, and different where a check needs it.
enum Sample {
    /// Longer than any run of the checks.
    static let long = Duration.seconds(3_600)
    /// Of the claims of all checks that say nothing of it.
    @TaskLocal static var quota: Quota?
    /// Short enough to be waited for.
    static let short = Duration.milliseconds(100)
    static let kept = Keeping(retention: long, keys: long)
    static let start = Timestamp(seconds: 1_767_225_600)
    static let release = Settlement.Hold.release(token: "owner")
    static let answer = FixedAnswer(status: 201, sealedBody: [0, 255, 13, 10, 58, 34])

    /// - Parameter bucket: two characters.
    static func paymentID(_ number: Int, bucket: String = "00") throws -> PaymentID {
        try #require(PaymentID("pay_" + bucket + padded(number).dropFirst(2)))
    }

    static func payment(
        _ number: Int = 1, bucket: String = "00", tenant: String = "acme", reference: String = "order-1", amount: Int64 = 10_000
    ) throws -> PaymentRecord {
        PaymentRecord(
            id: try paymentID(number, bucket: bucket), tenant: tenant,
            money: Money(minorUnits: amount, currency: try #require(Currency("EUR"))),
            reference: reference, capture: .manual, methodKind: .card, pinnedGateway: nil, onUnavailable: .queue,
            createdAt: start + .seconds(number), sealed: [1, 2, 0, 255])
    }

    static func claim(
        _ record: PaymentRecord, fingerprints: [String] = ["f1"], token: String = "owner", lease: Duration = long,
        answered: Bool = false, keeping: Keeping = kept, quota: Quota? = quota
    ) -> PaymentClaim {
        PaymentClaim(
            record: record, fingerprints: fingerprints, lease: Lease(token: token, duration: lease), answered: answered,
            keeping: keeping, quota: quota)
    }

    static func operation(_ kind: OperationRecord.Kind, _ number: Int = 1, of payment: PaymentRecord) throws -> OperationRecord {
        OperationRecord(
            id: try #require(OperationID(kind.prefix + padded(number))), payment: payment.id, tenant: payment.tenant, kind: kind,
            amount: 0, createdAt: start, sealed: [9, 0, 9])
    }

    static func claim(
        _ record: OperationRecord, amount: Int64? = nil, fingerprints: [String] = ["f1"], token: String = "owner",
        lease: Duration = long, answered: Bool = false, quota: Quota? = quota
    ) -> OperationClaim {
        OperationClaim(
            record: record, amount: amount, fingerprints: fingerprints, lease: Lease(token: token, duration: lease),
            answered: answered, keeping: kept, quota: quota)
    }

    static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 26 - digits.utf8.count) + digits
    }
}

extension PaymentRecord {
    /// The same payment one change later.
    func next(_ status: Status, captured: Int64? = nil, refunded: Int64? = nil) -> PaymentRecord {
        var record = self
        record.version += 1
        record.status = status
        record.processingReason = status == .processing ? .outcomeUnknown : nil
        record.amountCaptured = captured ?? amountCaptured
        record.amountRefunded = refunded ?? amountRefunded
        record.gateway = "bank-a"
        record.gatewayIdentity = "identity-a"
        return record
    }
}

extension OperationRecord {
    /// The same operation one change later.
    func next(_ status: Status) -> OperationRecord {
        var record = self
        record.version += 1
        record.status = status
        return record
    }
}

extension StoreUnderTest {
    /// A payment that was claimed and settled to a status, its lease released.
    func settled(
        _ status: PaymentRecord.Status, number: Int = 1, bucket: String = "00", captured: Int64 = 0, wake: Duration? = nil,
        keeping: Keeping = Sample.kept
    ) async throws -> PaymentRecord {
        let record = try Sample.payment(number, bucket: bucket)
        try #require(try await store.claim(Sample.claim(record, keeping: keeping)) == .new)
        return try await settle(record.next(status, captured: captured), wake: wake, keeping: keeping)
    }

    /// Writes the record as the next version of itself.
    @discardableResult
    func settle(
        _ record: PaymentRecord, wake: Duration? = nil, operation: OperationRecord? = nil, operationWake: Duration? = nil,
        keeping: Keeping = Sample.kept
    ) async throws -> PaymentRecord {
        let part = operation.map { Settlement.OperationSettlement(record: $0, hold: Sample.release, wake: operationWake) }
        let settlement = Settlement(
            record: record, expectedVersion: record.version - 1, hold: Sample.release, wake: wake, operation: part,
            keeping: keeping)
        try #require(try await store.settle(settlement) == .done)
        return record
    }

    /// Claims an operation that must be new.
    func begin(
        _ kind: OperationRecord.Kind, _ number: Int = 1, of payment: PaymentRecord, amount: Int64? = nil
    ) async throws -> OperationRecord {
        let result = try await store.claim(Sample.claim(try Sample.operation(kind, number, of: payment), amount: amount))
        guard case .new(_, let operation) = result else {
            Issue.record("not new: \(result)")
            throw NotNew()
        }
        return operation
    }

    /// How the payment should stand: this record, and nobody holds it.
    func released(_ record: PaymentRecord, answered: Bool = false) -> StoredPayment {
        StoredPayment(record: record, reservations: Reservations(), answered: answered)
    }

    /// The payment as it is stored now.
    func stored(_ record: PaymentRecord) async throws -> StoredPayment {
        try #require(try await store.payment(record.id, tenant: record.tenant))
    }

    private struct NotNew: Error {}
}
