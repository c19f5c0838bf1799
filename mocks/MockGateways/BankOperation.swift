/// What a bank can be asked. Rules and counters name operations by these.
public enum BankOperation: String, Sendable, Hashable, CaseIterable {
    case charge, inquiry, capture, void, refund
    case refundInquiry = "refund_inquiry"
    case accountValidation = "account_validation"
    /// A token is asked for; only by gateways that have sessions.
    case session
}
