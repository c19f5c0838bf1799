import AdapterKit

extension Ledger {
    mutating func refund(
        _ reference: String, of chargeReference: String, amount: Int64, _ decision: Decision, at now: Timestamp
    ) -> BankAnswer {
        guard var charge = charges[chargeReference] else { return .refused(.notFound) }
        if let known = charge.refunds.first(where: { $0.reference == reference }) {
            return known.amount == amount ? .repeatedRefund(known, of: charge) : .refused(.mismatch)
        }
        guard charge.status == .approved else { return Self.refusal(of: charge.status) }
        guard amount <= charge.captured - charge.committed else { return .refused(.amountTooHigh) }
        guard charge.refunds.count < Self.maximumRefunds else { return .refused(.tooManyRefunds) }
        let (status, code) = Self.verdict(onRefund: charge.pendsRefunds && decision == .approve ? .pend : decision)
        let refund = Refund(
            reference: reference, serial: issue(for: chargeReference), amount: amount, openedAt: now, changedAt: now,
            status: status, code: code)
        charge.refunds.append(refund)
        refunded[reference] = chargeReference
        if status == .approved { countMovement(in: &charge) }
        charges[chargeReference] = charge
        return .refund(refund, of: charge)
    }

    private static func verdict(onRefund decision: Decision) -> (Refund.Status, code: String) {
        switch decision {
        case .approve: (.approved, DeclineCode.approved)
        case .decline(let code): (.declined, code)
        // A refund knows no payer to act: it waits.
        case .pend, .askForAction, .approveAndPendRefunds: (.pending, DeclineCode.none)
        }
    }

    func refundInquiry(_ reference: String, of chargeReference: String) -> BankAnswer {
        guard let charge = charges[chargeReference], let refund = charge.refunds.first(where: { $0.reference == reference })
        else { return .refused(.notFound) }
        return .refund(refund, of: charge)
    }
}
