import AdapterKit

extension Ledger {
    /// One capture in a charge's life; what it leaves is released.
    mutating func capture(_ reference: String, of chargeReference: String, amount: Int64, at now: Timestamp) -> BankAnswer {
        guard var charge = charges[chargeReference] else { return .refused(.notFound) }
        if let done = charge.capture, done.reference == reference {
            return done.amount == amount ? .repeatedCharge(first: charge.asCaptured, now: charge) : .refused(.mismatch)
        }
        guard charge.status == .authorized else { return Self.refusal(of: charge.status) }
        guard amount <= charge.amount else { return .refused(.amountTooHigh) }
        charge.status = .approved
        charge.changedAt = now
        charge.capture = Charge.Capture(reference: reference, amount: amount)
        take(amount, from: &charge)
        charges[chargeReference] = charge
        return .charge(charge)
    }

    /// Releases what is authorised; also calls off what is not decided yet.
    mutating func void(_ reference: String, of chargeReference: String, at now: Timestamp) -> BankAnswer {
        guard var charge = charges[chargeReference] else { return .refused(.notFound) }
        switch charge.status {
        case .voided where charge.voidReference == reference: return .repeatedCharge(first: charge, now: charge)
        case .authorized, .pending, .actionRequired:
            charge.status = .voided
            charge.changedAt = now
            charge.voidReference = reference
            charges[chargeReference] = charge
            return .charge(charge)
        case .approved, .declined, .voided: return Self.refusal(of: charge.status)
        }
    }

    static func refusal(of status: Charge.Status) -> BankAnswer {
        switch status {
        case .approved: .refused(.alreadyCaptured)
        case .voided: .refused(.alreadyVoided)
        case .declined: .refused(.chargeDeclined)
        case .authorized, .pending, .actionRequired: .refused(.notCaptured)
        }
    }
}
