/// A setting that is missing, of the wrong type or out of range: what stood there and what was expected.
public struct SettingsFailure: Error, Sendable, Equatable {
    /// Path below the section, such as `keys/0/secret`.
    public let path: String
    public let expected: String

    public init(path: String, expected: String) {
        self.path = path
        self.expected = expected
    }
}

/// The adapter's own section of the configuration (`settings` or `callback` of a gateway), with secrets resolved on demand.
public struct AdapterSettings: Sendable {
    /// Turns a secret's reference (`env:`, `file:`, `text:`) into the secret; throws what was expected instead.
    public typealias SecretSource = @Sendable (_ reference: String) throws(SecretFailure) -> Secret

    public struct SecretFailure: Error, Sendable {
        public let expected: String
        public init(expected: String) { self.expected = expected }
    }

    public let values: JSON
    private let path: String
    private let secrets: SecretSource

    public init(values: JSON, path: String = "", secrets: @escaping SecretSource) {
        self.values = values
        self.path = path
        self.secrets = secrets
    }

    private func failure(_ name: String, _ expected: String) -> SettingsFailure {
        SettingsFailure(path: path + name, expected: expected)
    }

    private func value(_ name: String) -> JSON? {
        let value = values[name]
        return value == .null ? nil : value
    }

    /// Refuses members that no setting has.
    public func allow(only names: [String]) throws(SettingsFailure) {
        for member in values.members ?? [] where !names.contains(member.name) {
            throw failure(member.name, "no such setting; there are \(names.joined(separator: ", "))")
        }
    }

    public func text(_ name: String) throws(SettingsFailure) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value, !text.isEmpty else { throw failure(name, "a text that is not empty") }
        return text
    }

    public func requiredText(_ name: String) throws(SettingsFailure) -> String {
        guard let text = try text(name) else { throw failure(name, "a text; it is required") }
        return text
    }

    public func flag(_ name: String, default standard: Bool) throws(SettingsFailure) -> Bool {
        guard let value = value(name) else { return standard }
        guard case .bool(let flag) = value else { throw failure(name, "true or false") }
        return flag
    }

    /// - Parameter range: what is taken, for the message too.
    public func integer(_ name: String, in range: ClosedRange<Int64>) throws(SettingsFailure) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let integer = value.integer, range.contains(integer) else {
            throw failure(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    /// A duration as the configuration writes them: `250ms`, `3s`, `2m`, `24h`.
    public func duration(_ name: String, in range: ClosedRange<Duration>) throws(SettingsFailure) -> Duration? {
        guard let value = value(name) else { return nil }
        guard let duration = value.text.flatMap(Self.duration), range.contains(duration) else {
            throw failure(name, "a duration such as 250ms, 3s, 2m or 24h, from \(range.lowerBound) to \(range.upperBound)")
        }
        return duration
    }

    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000),
    ]

    private static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard (1...9).contains(digits.utf8.count), let count = Int64(digits),
            let unit = units.first(where: { $0.suffix == text[digits.endIndex...] })
        else { return nil }
        return .milliseconds(count * unit.milliseconds)
    }

    /// One of a few words; the first is meant where none is given.
    public func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, default standard: Word
    ) throws(SettingsFailure) -> Word {
        guard let text = try text(name) else { return standard }
        guard let word = Word(rawValue: text) else {
            throw failure(name, Word.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return word
    }

    /// An address beside the gateway's base URL.
    public func url(_ name: String) throws(SettingsFailure) -> ServiceURL? {
        guard let text = try text(name) else { return nil }
        guard let url = ServiceURL(text) else {
            throw failure(name, "https://host[:port][/path] without query; http only for loopback addresses")
        }
        return url
    }

    /// What goes into a header: printable ASCII without blanks. Refused here rather than at the first payment.
    public func headerValue(_ name: String) throws(SettingsFailure) -> String {
        let text = try requiredText(name)
        guard text.utf8.count <= Self.maximumHeaderValue, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw failure(name, "1 to \(Self.maximumHeaderValue) printable ASCII characters without blanks")
        }
        return text
    }

    /// Bytes of a value that goes into a header.
    public static let maximumHeaderValue = 128

    public func timestamp(_ name: String) throws(SettingsFailure) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        guard let time = Timestamp(wholeSecondsRFC3339: text) else { throw failure(name, "a time such as 2026-01-02T03:04:05Z") }
        return time
    }

    public func secret(_ name: String) throws(SettingsFailure) -> Secret? {
        guard let reference = try text(name) else { return nil }
        return try secret(of: reference, at: name)
    }

    func secret(of reference: String, at name: String) throws(SettingsFailure) -> Secret {
        let secret: Secret
        do { secret = try secrets(reference) } catch { throw failure(name, error.expected) }
        guard !secret.isEmpty else { throw failure(name, "a secret that is not empty") }
        return secret
    }

    /// A list of texts; empty where there is none.
    func texts(_ name: String) throws(SettingsFailure) -> [String] {
        guard let value = value(name) else { return [] }
        guard case .array(let elements) = value else { throw failure(name, "a list") }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.text, !text.isEmpty else { throw failure("\(name)/\(index)", "a text that is not empty") }
            texts.append(text)
        }
        return texts
    }

    /// The sections of a list such as `keys: [{…}, {…}]`; empty where there is none.
    public func sections(_ name: String) throws(SettingsFailure) -> [AdapterSettings] {
        guard let value = value(name) else { return [] }
        guard case .array(let elements) = value else { throw failure(name, "a list") }
        var sections: [AdapterSettings] = []
        for (index, element) in elements.enumerated() {
            guard case .object = element else { throw failure("\(name)/\(index)", "a section of settings") }
            sections.append(AdapterSettings(values: element, path: "\(path)\(name)/\(index)/", secrets: secrets))
        }
        return sections
    }

    /// A failure about one of this section's settings, for rules that span several.
    public func failure(of name: String, expected: String) -> SettingsFailure { failure(name, expected) }
}
