import AdapterKit

/// Our references as the Pix API writes them, and its own ids of what was paid and given back.
enum PixReference {
    /// 26 to 35 letters and digits (protocols/pix.md, "Identifiers").
    static func isTransactionID(_ text: String) -> Bool { (26...35).contains(text.utf8.count) && isPlain(text) }

    /// 1 to 35 letters and digits.
    static func isRefundID(_ text: String) -> Bool { (1...35).contains(text.utf8.count) && isPlain(text) }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
    }

    private static let prefixes = ["pay", "ref", "rev"]

    /// The books name charges and refunds by our references: their underscore is put back.
    static func reference(of id: String) -> String {
        guard id.utf8.count == 29, let prefix = prefixes.first(where: { id.hasPrefix($0) }) else { return id }
        return prefix + "_" + id.dropFirst(prefix.count)
    }

    static func id(of reference: String) -> String { reference.filter { $0 != "_" } }
}

/// `endToEndId` and `rtrId`: a letter, the provider's number, the minute in UTC and 11 digits, here those of the bank's own number.
struct PixTransfer {
    private static let provider = "12345678"
    private static let digits = 11

    let text: String

    /// Of the Pix that paid the charge.
    init(paying charge: Charge) { self.init("E", charge.changedAt, charge.serial) }

    /// Of the one that gives back.
    init(giving refund: Refund) { self.init("D", refund.openedAt, refund.serial) }

    private init(_ letter: String, _ moment: Timestamp, _ serial: Int) {
        let minute = moment.rfc3339WholeSeconds.filter(\.isNumber).prefix(12)
        let number = String(serial)
        text = letter + Self.provider + minute + String(repeating: "0", count: Self.digits - number.utf8.count) + number
    }

    /// The bank's number in such an id.
    static func serial(in text: String) -> Int? { text.utf8.count == 32 ? Int(text.suffix(digits)) : nil }
}
