/// Amounts as decimal numbers with two places, as many gateways write them. Only for currencies whose minor unit is a hundredth.
extension Money {
    /// `37.00` for 3700 minor units. Not for negative amounts.
    public var decimal: String {
        let cents = minorUnits % 100
        return "\(minorUnits / 100).\(cents < 10 ? "0" : "")\(cents)"
    }

    /// Reads 1 to 10 digits, a point and exactly two digits (protocols/pix.md: `\d{1,10}\.\d{2}`); `nil` for anything else.
    public init?(decimal text: String, _ currency: Currency) {
        let digits = Array(text.utf8)
        guard (4...13).contains(digits.count), digits[digits.count - 3] == UInt8(ascii: ".") else { return nil }
        var units: Int64 = 0
        for (place, digit) in digits.enumerated() where place != digits.count - 3 {
            guard (0x30...0x39).contains(digit) else { return nil }
            units = units * 10 + Int64(digit - 0x30)
        }
        self.init(minorUnits: units, currency: currency)
    }
}
