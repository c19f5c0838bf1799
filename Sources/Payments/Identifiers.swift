/// `pay_` and 26 characters, derived from the caller's key (K1). The first two characters name its bucket of keys in the store.
public struct PaymentID: Sendable, Hashable, Codable, CustomStringConvertible {
    public static let prefix = "pay_"
    public let text: String

    /// `nil` unless the text is `pay_` and 26 characters of `0-9a-z`.
    public init?(_ text: String) {
        guard OperationID.isDerived(text, prefix: Self.prefix) else { return nil }
        self.text = text
    }

    public init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// One of 1,024 buckets; all keys of one payment share it.
    public var bucket: String { String(text.dropFirst(Self.prefix.count).prefix(2)) }

    public var description: String { text }
}

/// The id of a capture, void or refund, derived from the caller's key like the payment's; of a reversal, from payment and gateway.
public struct OperationID: Sendable, Hashable, Codable, CustomStringConvertible {
    public let text: String

    /// `nil` unless the text is `cap_`, `void_`, `ref_` or `rev_` and 26 characters of `0-9a-z`.
    public init?(_ text: String) {
        guard OperationRecord.Kind.allCases.contains(where: { Self.isDerived(text, prefix: $0.prefix) }) else { return nil }
        self.text = text
    }

    public init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }

    static func isDerived(_ text: String, prefix: String) -> Bool {
        text.hasPrefix(prefix)
            && text.utf8.count == prefix.utf8.count + 26
            && text.utf8.dropFirst(prefix.utf8.count).allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
    }
}
