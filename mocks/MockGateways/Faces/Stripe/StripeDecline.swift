import AdapterKit

/// Why a card is refused (protocols/stripe.md, 4).
enum StripeDecline {
    private static let codes: [FailureCategory: String] = [
        .insufficientFunds: "insufficient_funds", .doNotHonor: "do_not_honor", .expiredInstrument: "expired_card",
        .invalidInstrument: "incorrect_number", .limitExceeded: "card_velocity_exceeded", .suspectedFraud: "fraudulent",
        .authenticationRequired: "authentication_required", .accountClosed: "invalid_account", .notPermitted: "not_permitted",
        .issuerUnavailable: "issuer_not_available",
    ]

    /// Those that say all as `code`; the others stand beside `card_declined`.
    private static let plain: Set<String> = [
        "expired_card", "incorrect_number", "incorrect_cvc", "processing_error", "authentication_required",
    ]

    static func code(for category: FailureCategory) -> String { codes[category] ?? "unlisted_reason" }

    /// `code`, `decline_code` and `message` of a refusal, as an error and a PaymentIntent carry them.
    static func fault(_ declineCode: String, intent: JSON?) -> StripeFault {
        StripeFault(
            status: 402, type: "card_error", code: plain.contains(declineCode) ? declineCode : "card_declined",
            declineCode: declineCode, message: "Your card was declined.", intent: intent)
    }

    /// What the test cards do that are not simply approved (protocols/stripe.md, 6).
    static func usual(of method: String) -> Misbehaviour? {
        switch method {
        case "pm_card_visa_chargeDeclined": .decline(code: "generic_decline")
        case "pm_card_visa_chargeDeclinedInsufficientFunds": .decline(code: "insufficient_funds")
        case "pm_card_authenticationRequired": .actionRequired
        default: nil
        }
    }
}
