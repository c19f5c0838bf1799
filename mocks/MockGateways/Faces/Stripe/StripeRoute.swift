/// Where a request goes, by method and path alone (protocols/stripe.md, 2).
enum StripeRoute: Sendable, Equatable {
    case create
    case intent(String)
    case capture(String)
    case cancel(String)
    case refund
    case refundInquiry(String)

    /// `nil` where this gateway has nothing.
    init?(method: String, path: Substring) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard parts.count > 1, parts[0] == "v1", !parts.contains("") else { return nil }
        switch (method, parts[1], parts.count) {
        case ("POST", "payment_intents", 2): self = .create
        case ("GET", "payment_intents", 3): self = .intent(parts[2])
        case ("POST", "payment_intents", 4) where parts[3] == "capture": self = .capture(parts[2])
        case ("POST", "payment_intents", 4) where parts[3] == "cancel": self = .cancel(parts[2])
        case ("POST", "refunds", 2): self = .refund
        case ("GET", "refunds", 3): self = .refundInquiry(parts[2])
        default: return nil
        }
    }

    var operation: BankOperation {
        switch self {
        case .create: .charge
        case .intent: .inquiry
        case .capture: .capture
        case .cancel: .void
        case .refund: .refund
        case .refundInquiry: .refundInquiry
        }
    }

    /// Whether an `Idempotency-Key` means something here.
    var changes: Bool {
        switch self {
        case .create, .capture, .cancel, .refund: true
        case .intent, .refundInquiry: false
        }
    }
}
