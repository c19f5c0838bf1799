/// What a charge or refund carries as `code` where it is not declined; for a decline it carries the gateway's own.
enum DeclineCode {
    static let approved = "00"
    /// While nothing is decided.
    static let none = ""

    /// Two digits or upper-case letters that do not mean approval.
    static func isDecline(_ code: String) -> Bool {
        code != approved && code.utf8.count == 2
            && code.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
    }
}
