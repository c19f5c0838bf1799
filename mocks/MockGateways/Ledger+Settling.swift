import AdapterKit

extension Ledger {
    /// Decides a charge that is pending or waits for its payer.
    /// - Parameter code: why it is declined.
    mutating func settle(
        _ reference: String, as status: Charge.Status, code: String?, at now: Timestamp
    ) throws(SettleFailure) {
        guard var charge = charges[reference] else { throw .unknownReference }
        guard charge.status == .pending || charge.status == .actionRequired else { throw .alreadyFinal }
        switch status {
        case .approved: take(charge.amount, from: &charge)
        case .authorized, .declined, .voided: break
        case .pending, .actionRequired: throw .notFinal
        }
        charge.status = status
        charge.changedAt = now
        charge.code = code ?? DeclineCode.approved
        charges[reference] = charge
    }

    /// Decides a refund that is pending.
    mutating func settleRefund(
        _ reference: String, of chargeReference: String, as status: Refund.Status, code: String?, at now: Timestamp
    ) throws(SettleFailure) {
        guard var charge = charges[chargeReference],
            let index = charge.refunds.firstIndex(where: { $0.reference == reference })
        else { throw .unknownReference }
        guard charge.refunds[index].status == .pending else { throw .alreadyFinal }
        guard status == .approved || status == .declined else { throw .notFinal }
        charge.refunds[index].status = status
        charge.refunds[index].changedAt = now
        charge.refunds[index].code = code ?? DeclineCode.approved
        if status == .approved { countMovement(in: &charge) }
        charges[chargeReference] = charge
    }
}

/// Why a charge or refund cannot be settled by hand.
public enum SettleFailure: String, Error, Sendable {
    case unknownReference = "unknown_reference"
    case alreadyFinal = "already_final"
    case notFinal = "not_a_final_status"
}
