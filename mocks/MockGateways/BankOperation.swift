/// What the bank can be asked (protocols/bank-hmac.md, "Operations"). Rules and counters name operations by these.
public enum BankOperation: String, Sendable, Hashable, CaseIterable {
    case charge, inquiry, capture, void, refund
    case refundInquiry = "refund_inquiry"
    case accountValidation = "account_validation"
}
