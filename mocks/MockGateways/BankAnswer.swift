/// What the bank makes of a call, before a face puts it into words.
enum BankAnswer: Sendable, Equatable {
    case charge(Charge)
    /// The charge, capture or void was asked for before: as it was first answered, and as it stands now.
    case repeatedCharge(first: Charge, now: Charge)
    case refund(Refund, of: Charge)
    /// As it stands now.
    case repeatedRefund(Refund, of: Charge)
    case account(exists: Bool)
    /// A session may begin: the face makes the token.
    case session
    case refused(BankRefusal)
}

/// Why the bank does not do what it is asked, or says that it does not.
enum BankRefusal: Sendable, Hashable {
    // The books do not allow it.
    case notFound
    /// The reference is known with another amount or currency.
    case mismatch
    case amountTooHigh
    case tooManyRefunds
    case alreadyCaptured
    case alreadyVoided
    case chargeDeclined
    /// Neither authorised nor captured yet.
    case notCaptured
    case full

    // Misbehaviours.
    case rejected
    case credentials
    case rateLimited
    /// For certain, and said so.
    case notProcessed
    case redirect
    case internalError
    case unavailable
    /// `mock:` with a name that does not exist.
    case unknownWish
}

extension BankAnswer {
    /// Changes the charge or refund that is answered, where one is.
    mutating func change(charge changeCharge: (inout Charge) -> Void, refund changeRefund: (inout Refund) -> Void) {
        switch self {
        case .charge(var charge):
            changeCharge(&charge)
            self = .charge(charge)
        case .repeatedCharge(var first, var now):
            changeCharge(&first)
            changeCharge(&now)
            self = .repeatedCharge(first: first, now: now)
        case .refund(var refund, let charge):
            changeRefund(&refund)
            self = .refund(refund, of: charge)
        case .repeatedRefund(var refund, let charge):
            changeRefund(&refund)
            self = .repeatedRefund(refund, of: charge)
        case .account, .session, .refused: break
        }
    }
}
