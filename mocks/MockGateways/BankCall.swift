import AdapterKit

/// What a request asks of the bank, with what that needs. References are ours, whatever the gateway calls things.
enum BankCall: Sendable, Equatable {
    case charge(Order)
    case inquiry(charge: String)
    case capture(charge: String, reference: String, amount: Int64)
    case void(charge: String, reference: String)
    case refund(charge: String, reference: String, amount: Int64)
    case refundInquiry(charge: String, reference: String)
    case accountValidation(value: String)
    /// The client asks for a token.
    case session

    struct Order: Sendable, Equatable {
        let reference: String
        let amount: Int64
        let currency: String
        let captures: Bool
        /// Which chooses the action a payer is asked for.
        let method: String
        /// The text in which the payer's order may ask for a misbehaviour: `mock:NAME`.
        let description: String
        /// What a face wants to see again in the charge; `.null` where that is nothing.
        var details = JSON.null
    }
}

extension BankCall {
    var operation: BankOperation {
        switch self {
        case .charge: .charge
        case .inquiry: .inquiry
        case .capture: .capture
        case .void: .void
        case .refund: .refund
        case .refundInquiry: .refundInquiry
        case .accountValidation: .accountValidation
        case .session: .session
        }
    }
}
