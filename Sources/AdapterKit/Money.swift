/// A currency by its ISO 4217 alphabetic code: three upper-case letters.
public struct Currency: Sendable, Hashable, Codable, CustomStringConvertible {
    public let code: String

    /// `nil` unless `code` is three letters `A` to `Z`. Whether ISO lists it is for the gateway to say.
    public init?(_ code: String) {
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else { return nil }
        self.code = code
    }

    init(unchecked code: StaticString) { self.code = code.description }

    public init(from decoder: any Decoder) throws {
        let code = try decoder.singleValueContainer().decode(String.self)
        guard let currency = Currency(code) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not a currency code"))
        }
        self = currency
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(code)
    }

    public var description: String { code }
}

/// An amount in the minor unit of its currency (cents, paise, yen).
public struct Money: Sendable, Hashable, Codable, CustomStringConvertible {
    /// What one request may ask for, in minor units (openapi.yaml, `Amount`).
    public static let requestable: ClosedRange<Int64> = 1...999_999_999_999

    public let minorUnits: Int64
    public let currency: Currency

    public init(minorUnits: Int64, currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    public var description: String { "\(minorUnits) \(currency)" }
}
