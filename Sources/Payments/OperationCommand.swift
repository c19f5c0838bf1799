import AdapterKit

/// A capture, void or refund on its way.
struct OperationCommand: Sendable {
    var payment: StoredPayment
    var record: OperationRecord
    let reason: String?
    let lease: Lease
    /// When the claim was about to be made, on the monotonic clock (R1).
    let claimed: Duration
    /// Whether an earlier owner may have sent it.
    let isRepeat: Bool

    /// What to ask of the gateway.
    var operation: Operation {
        let charge = payment.record
        let amount = Money(minorUnits: record.amount, currency: charge.money.currency)
        switch record.kind {
        case .capture:
            return .capture(
                .init(
                    reference: record.id.text, charge: charge.id.text, gatewayReference: charge.gatewayReference,
                    authorized: charge.money,
                    money: amount))
        case .void:
            return .void(
                .init(
                    reference: record.id.text, charge: charge.id.text, gatewayReference: charge.gatewayReference,
                    authorized: charge.money))
        case .refund:
            return .refund(
                .init(
                    reference: record.id.text, charge: charge.id.text, gatewayReference: charge.gatewayReference, money: amount,
                    reason: reason))
        }
    }

    func resuming(_ payment: StoredPayment, _ record: OperationRecord) -> OperationCommand {
        var resumed = self
        resumed.payment = payment
        resumed.record = record
        return resumed
    }
}
