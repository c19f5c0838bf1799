import Signing

/// Our 3 characters at the switch, and the transaction ids made with them: 35 characters, the rest a UUID's 32 hexadecimal digits
/// (protocols/npci-upi.md, 1A).
struct Participant {
    let code: String

    /// `nil` unless it is 3 letters or digits.
    init?(code: String) {
        guard code.utf8.count == 3, code.utf8.allSatisfy(\.isAlphanumeric) else { return nil }
        self.code = code
    }

    /// What a transaction does. The top bit of its first digit says it, so that a callback, which names no reference of ours, shows
    /// which of the two it speaks of.
    enum Purpose {
        case charge
        case refund
    }

    /// The same for the same reference, whoever asks: a restart sends and asks under the same id.
    func transaction(_ purpose: Purpose, of reference: String) -> String {
        let digits = ReferenceDigest.hexadecimal(reference, length: 32)
        let first = digits.prefix(1).compactMap(\.hexDigitValue).first ?? 0
        let marked = purpose == .refund ? first | 8 : first & 7
        return code + String(marked, radix: 16) + digits.dropFirst()
    }

    /// - Returns: `nil` for an id that cannot be one of ours.
    func purpose(of transaction: String) -> Purpose? {
        let digits = transaction.utf8.dropFirst(code.utf8.count)
        guard transaction.hasPrefix(code), digits.count == 32, digits.allSatisfy(\.isLowerHexadecimal), let first = digits.first
        else { return nil }
        return first >= UInt8(ascii: "8") ? .refund : .charge
    }
}

extension UInt8 {
    var isAlphanumeric: Bool { (0x30...0x39).contains(self) || isLetter }
    var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
    fileprivate var isLowerHexadecimal: Bool { (0x30...0x39).contains(self) || (0x61...0x66).contains(self) }
}
