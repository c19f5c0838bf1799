extension AdapterSettings {
    /// Every key costs one HMAC per message; a rotation needs two.
    public static let maximumKeys = 8

    /// The keys of a list such as `keys: [{id, secret, not_before, not_after}]`, each with an id of its own; empty where there is none.
    public func signingKeys(_ name: String) throws(SettingsFailure) -> [SigningKey] {
        let sections = try sections(name)
        guard sections.count <= Self.maximumKeys else { throw failure(of: name, expected: "1 to \(Self.maximumKeys) keys") }
        var keys: [SigningKey] = []
        for section in sections {
            try section.allow(only: ["id", "secret", "not_before", "not_after"])
            let (start, end) = (try section.timestamp("not_before"), try section.timestamp("not_after"))
            if let start, let end, end <= start { throw section.failure(of: "not_after", expected: "a time after not_before") }
            let key = try section.signingKey(idName: "id", notBefore: start, notAfter: end)
            guard !keys.contains(where: { $0.id == key.id }) else {
                throw section.failure(of: "id", expected: "an id that no other key has")
            }
            keys.append(key)
        }
        return keys
    }

    /// One key whose id and `secret` stand in this section.
    public func signingKey(
        idName: String, notBefore: Timestamp? = nil, notAfter: Timestamp? = nil
    ) throws(SettingsFailure) -> SigningKey {
        let id = try headerValue(idName)
        guard let secret = try secret("secret") else { throw failure(of: "secret", expected: "a secret; it is required") }
        return SigningKey(id: id, secret: secret, notBefore: notBefore, notAfter: notAfter)
    }

    /// The secrets of a list of references such as `secrets: [env:NEW, env:OLD]`; empty where there is none.
    public func secrets(_ name: String) throws(SettingsFailure) -> [Secret] {
        let values = try texts(name)
        guard values.count <= Self.maximumKeys else { throw failure(of: name, expected: "1 to \(Self.maximumKeys) secrets") }
        var secrets: [Secret] = []
        for (index, reference) in values.enumerated() { secrets.append(try secret(of: reference, at: "\(name)/\(index)")) }
        return secrets
    }
}
