import AdapterKit

/// Who we are at the bank, as the settings say it.
struct BankAccess {
    /// Every key costs one HMAC per answer; a rotation needs two.
    static let maximumKeys = 8
    /// Bytes of a value that goes into a header.
    static let maximumHeaderValue = 128

    let tenant: String
    let keys: [SigningKey]
    let verifiesResponses: Bool

    init(_ settings: AdapterSettings) throws(SettingsFailure) {
        try settings.allow(only: BankHMACAdapter.settings.map(\.name))
        tenant = try Self.headerValue("tenant", in: settings)
        keys = try Self.keys(in: settings)
        verifiesResponses = try settings.flag("verify_responses", default: true)
    }

    private static func keys(in settings: AdapterSettings) throws(SettingsFailure) -> [SigningKey] {
        let (id, secret) = (try settings.text("key_id"), try settings.text("secret"))
        let isSingle = id != nil || secret != nil
        let sections = try settings.sections("keys")
        guard !isSingle || sections.isEmpty else {
            throw settings.failure(of: "keys", expected: "either key_id and secret, or keys")
        }
        if isSingle { return [try key(idName: "key_id", in: settings, notBefore: nil, notAfter: nil)] }
        guard (1...maximumKeys).contains(sections.count) else {
            throw settings.failure(of: "keys", expected: "1 to \(maximumKeys) keys, or key_id and secret")
        }
        return try rotating(sections)
    }

    /// Keys with their validity, each with an id of its own.
    static func rotating(_ sections: [AdapterSettings]) throws(SettingsFailure) -> [SigningKey] {
        var keys: [SigningKey] = []
        for section in sections {
            try section.allow(only: ["id", "secret", "not_before", "not_after"])
            let (start, end) = (try section.timestamp("not_before"), try section.timestamp("not_after"))
            if let start, let end, end <= start { throw section.failure(of: "not_after", expected: "a time after not_before") }
            let key = try key(idName: "id", in: section, notBefore: start, notAfter: end)
            guard !keys.contains(where: { $0.id == key.id }) else {
                throw section.failure(of: "id", expected: "an id that no other key has")
            }
            keys.append(key)
        }
        return keys
    }

    private static func key(
        idName: String, in settings: AdapterSettings, notBefore: Timestamp?, notAfter: Timestamp?
    ) throws(SettingsFailure) -> SigningKey {
        let id = try headerValue(idName, in: settings)
        guard let secret = try settings.secret("secret") else {
            throw settings.failure(of: "secret", expected: "a secret; it is required")
        }
        return SigningKey(id: id, secret: secret, notBefore: notBefore, notAfter: notAfter)
    }

    /// Refused here rather than at the first payment: scheme v1 signs no control characters.
    private static func headerValue(_ name: String, in settings: AdapterSettings) throws(SettingsFailure) -> String {
        let text = try settings.requiredText(name)
        guard text.utf8.count <= maximumHeaderValue, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw settings.failure(of: name, expected: "1 to \(maximumHeaderValue) printable ASCII characters without blanks")
        }
        return text
    }
}
