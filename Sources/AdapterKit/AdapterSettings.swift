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

    public func timestamp(_ name: String) throws(SettingsFailure) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        guard let time = Timestamp(wholeSecondsRFC3339: text) else { throw failure(name, "a time such as 2026-01-02T03:04:05Z") }
        return time
    }

    public func secret(_ name: String) throws(SettingsFailure) -> Secret? {
        guard let reference = try text(name) else { return nil }
        let secret: Secret
        do { secret = try secrets(reference) } catch { throw failure(name, error.expected) }
        guard !secret.isEmpty else { throw failure(name, "a secret that is not empty") }
        return secret
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
