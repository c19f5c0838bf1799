/// The two characters that say why (protocols/bank-hmac.md, "Codes").
enum DeclineCode {
    static let approved = "00"
    /// While nothing is decided, and for what an issuer refuses without a reason.
    static let none = ""
    static let doNotHonour = "05"

    private static let messages = [
        approved: "approved", doNotHonour: "do not honour", "14": "invalid instrument", "41": "suspected fraud",
        "43": "suspected fraud", "59": "suspected fraud", "51": "insufficient funds", "54": "expired instrument",
        "57": "not permitted", "62": "not permitted", "61": "limit exceeded", "65": "limit exceeded",
        "1A": "authentication required", "46": "account closed", "91": "issuer unavailable",
    ]

    static func message(_ code: String) -> String { messages[code] ?? (code == none ? "undecided" : "declined") }

    /// Two digits or upper-case letters that do not mean approval. Codes outside the table are declines of the kind "other".
    static func isDecline(_ code: String) -> Bool {
        code != approved && code.utf8.count == 2
            && code.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
    }
}
