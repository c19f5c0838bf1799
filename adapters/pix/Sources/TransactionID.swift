import AdapterKit

/// What we call a charge (`txid`) or a refund (`id`) at the provider: our reference without its underscore, 29 letters and digits.
/// The protocol takes 26 to 35 of them for a charge and 1 to 35 for a refund.
struct TransactionID {
    /// What our references begin with.
    enum Prefix: String, CaseIterable {
        case charge = "pay"
        case refund = "ref"
        case reversal = "rev"
    }

    private static let tail = 26

    let text: String

    /// - Throws: `EncodingFailure` for a reference that is not one of these, an underscore and 26 of `0-9a-z`.
    init(_ reference: String, _ prefixes: Prefix...) throws(EncodingFailure) {
        guard let prefix = prefixes.first(where: { reference.hasPrefix($0.rawValue + "_") }),
            Self.isTail(reference.utf8.dropFirst(prefix.rawValue.utf8.count + 1))
        else { throw EncodingFailure(reason: "a reference must be a prefix of ours, an underscore and 26 letters or digits") }
        text = prefix.rawValue + reference.dropFirst(prefix.rawValue.count + 1)
    }

    /// Our reference of a charge; `nil` for a `txid` that we did not choose.
    static func charge(_ text: String) -> String? { reference(text, .charge) }

    /// Our reference of a refund; `nil` for an `id` that we did not choose.
    static func refund(_ text: String) -> String? { reference(text, .refund) ?? reference(text, .reversal) }

    private static func reference(_ text: String, _ prefix: Prefix) -> String? {
        let rest = text.dropFirst(prefix.rawValue.count)
        guard text.hasPrefix(prefix.rawValue), isTail(rest.utf8) else { return nil }
        return prefix.rawValue + "_" + rest
    }

    private static func isTail(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.count == tail && bytes.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    }
}

/// The id of a received Pix (`endToEndId`), or of the transfer that gives one back (`rtrId`): exactly 32 letters and digits.
enum EndToEndID {
    static func isValid(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            }
    }
}
