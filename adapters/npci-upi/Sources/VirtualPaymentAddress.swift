/// The form of an address such as `alice@bank`.
enum VirtualPaymentAddress {
    /// Bytes: both parts at their longest, and the at sign.
    static let maximumLength = 321

    /// protocols/npci-upi.md, 6, "practical": 2 to 256 of `A-Z a-z 0-9 . - _`, an at sign, 2 to 64 letters. UNVERIFIED as a rule.
    static func isUsual(_ text: String) -> Bool {
        guard let (user, handle) = parts(text) else { return false }
        return (2...256).contains(user.count) && (2...64).contains(handle.count) && handle.allSatisfy(\.isLetter)
            && user.allSatisfy { $0.isAlphanumeric || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains($0) }
    }

    /// What is asked of one that the facade itself is to judge: two parts of printable ASCII, and no more than the usual length.
    static func isPossible(_ text: String) -> Bool {
        guard let (user, handle) = parts(text) else { return false }
        return !user.isEmpty && !handle.isEmpty && text.utf8.count <= maximumLength
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func parts(_ text: String) -> (user: ArraySlice<UInt8>, handle: ArraySlice<UInt8>)? {
        let parts = Array(text.utf8).split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
}
