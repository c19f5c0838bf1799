import AdapterKit

/// How one kind of value is written in the file, and in words what is expected there.
struct ValueSyntax<Value> {
    let expected: String
    let parse: (YAMLValue.Content) -> Value?
}

extension ValueSyntax<Bool> {
    static var flag: Self {
        Self(expected: "true or false") { content in
            if case .bool(let value) = content { value } else { nil }
        }
    }
}

extension ValueSyntax<String> {
    /// A text of 1 to 4096 bytes without control characters.
    static var text: Self { text("a text that is not empty (quote numbers)") { _ in true } }

    static func text(_ expected: String, where accepts: @escaping (String) -> Bool) -> Self {
        Self(expected: expected) { content in
            guard case .text(let text) = content, (1...4096).contains(text.utf8.count),
                text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }), accepts(text)
            else { return nil }
            return text
        }
    }

    /// The name of a tenant or gateway: part of paths, headers and metric labels.
    static var name: Self { text(Self.nameExpected, where: isName) }

    static let nameExpected = "a name of 1 to 63 characters of a-z, 0-9 and -, not beginning with -"

    static func isName(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "-") }
    }

    /// The id of a key: travels in headers, so visible ASCII without the marks that separate.
    static var keyID: Self {
        text("an id of 1 to 64 letters, digits and . _ : / + -") { text in
            text.utf8.count <= 64 && text.utf8.allSatisfy { isAlphanumeric($0) || "._:/+-".utf8.contains($0) }
        }
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}

extension ValueSyntax<Int> {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        Self(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { content in
            guard case .integer(let value) = content, let value = Int(exactly: value), range.contains(value) else { return nil }
            return value
        }
    }
}

extension ValueSyntax<Currency> {
    static var currency: Self {
        Self(expected: "a currency of three capital letters, such as BRL") { content in
            if case .text(let text) = content { Currency(text) } else { nil }
        }
    }
}

extension ValueSyntax<Int64> {
    /// An amount in minor units.
    static var amount: Self {
        Self(expected: "an amount in minor units, a whole number from 0") { content in
            guard case .integer(let value) = content, value >= 0 else { return nil }
            return value
        }
    }
}

extension ValueSyntax<Double> {
    static func fraction(_ expected: String, where accepts: @escaping (Double) -> Bool) -> Self {
        Self(expected: expected) { content in
            let value: Double? =
                switch content {
                case .integer(let value): Double(value)
                case .number(let word): Double(word)
                default: nil
                }
            return value.flatMap { accepts($0) ? $0 : nil }
        }
    }

    /// 0 to 1, both included.
    static var ratio: Self { fraction("a number from 0 to 1") { (0...1).contains($0) } }
}

extension ValueSyntax<Duration> {
    static func duration(_ range: ClosedRange<Duration>) -> Self {
        Self(
            expected:
                "a duration such as 250ms, 3s, 2m, 24h or 100d, from \(range.lowerBound.written) to \(range.upperBound.written)"
        ) {
            content in
            guard case .text(let text) = content, let value = Duration(written: text), range.contains(value) else { return nil }
            return value
        }
    }
}

extension ValueSyntax where Value: RawRepresentable<String> & CaseIterable {
    /// One of a closed set of words.
    static var word: Self {
        Self(expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", ")) { content in
            guard case .text(let text) = content else { return nil }
            return Value(rawValue: text)
        }
    }
}
