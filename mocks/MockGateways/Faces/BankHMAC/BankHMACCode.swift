import AdapterKit

/// The two characters that say why (protocols/bank-hmac.md, "Codes").
enum BankHMACCode {
    /// Codes outside the table are declines of the kind "other".
    private static let other = "99"

    private static let declines: [FailureCategory: String] = [
        .doNotHonor: "05", .invalidInstrument: "14", .suspectedFraud: "59", .insufficientFunds: "51", .expiredInstrument: "54",
        .notPermitted: "57", .limitExceeded: "61", .authenticationRequired: "1A", .accountClosed: "46", .issuerUnavailable: "91",
    ]

    private static let messages = [
        DeclineCode.approved: "approved", "05": "do not honour", "14": "invalid instrument", "41": "suspected fraud",
        "43": "suspected fraud", "59": "suspected fraud", "51": "insufficient funds", "54": "expired instrument",
        "57": "not permitted", "62": "not permitted", "61": "limit exceeded", "65": "limit exceeded",
        "1A": "authentication required", "46": "account closed", "91": "issuer unavailable",
    ]

    static func code(for category: FailureCategory) -> String { declines[category] ?? other }

    static func message(_ code: String) -> String { messages[code] ?? (code == DeclineCode.none ? "undecided" : "declined") }
}
