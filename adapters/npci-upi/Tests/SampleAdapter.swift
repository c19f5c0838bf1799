import AdapterKit
import NPCIUPI

/// Settings of an imaginary facade, with the throw-away keys of the fact sheet's vectors.
enum Sample {
    static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgp8wmddyeAU4CqSlP
        eBO9k0BOgq3g799B10qQoDELRCmhRANCAATfv0N8Ous5M+lWb3XVZYw0OB4TtfIw
        W5osOskuswkTQlTLxX/uuqX9blKZV4oWqQrLbY0ugYlvnvu3HI2JmJ9X
        -----END PRIVATE KEY-----

        """
    static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE379DfDrrOTPpVm911WWMNDgeE7Xy
        MFuaLDrJLrMJE0JUy8V/7rql/W5SmVeKFqkKy22NLoGJb577txyNiZifVw==
        -----END PUBLIC KEY-----

        """

    static let names = NonceSigned.Names(
        sender: "X-UPI-Org-Id", timestamp: "X-UPI-Timestamp", nonce: "X-UPI-Nonce", keyID: "X-UPI-Key-Id",
        signature: "X-UPI-Signature", payloadSignature: "X-UPI-Payload-Signature")

    /// What must be said, but for what is changed; `nil` leaves it out.
    static func settings(_ changes: [String: JSON?] = [:]) -> JSON {
        changed(
            [
                ("organisation", .string("acme-org")), ("participant_code", .string("ACM")),
                ("keys", .array([key("k1", "text:upi-hmac-secret")])), ("payload_key", .string("text:" + privateKey)),
            ], changes)
    }

    static func callback(_ changes: [String: JSON?] = [:]) -> JSON {
        changed(
            [
                ("organisation", .string("npci-facade")), ("keys", .array([key("f1", "text:callback-secret")])),
                ("payload_key", .string("text:" + publicKey)),
            ], changes)
    }

    static func key(_ id: String, _ secret: String) -> JSON { .members([("id", .string(id)), ("secret", .string(secret))]) }

    private static func changed(_ members: [(String, JSON)], _ changes: [String: JSON?]) -> JSON {
        let kept = members.filter { !changes.keys.contains($0.0) }
        return .members(kept + changes.sorted { $0.key < $1.key }.compactMap { name, value in value.map { (name, $0) } })
    }
}

extension NPCIUPIAdapter {
    static func sample(_ changes: [String: JSON?] = [:]) throws -> NPCIUPIAdapter {
        try NPCIUPIAdapter(settings: section(Sample.settings(changes)))
    }

    /// A section of the configuration in which a secret is `text:…`.
    static func section(_ json: JSON, path: String = "") -> AdapterSettings {
        AdapterSettings(values: json, path: path, secrets: plainText)
    }

    private static let plainText: AdapterSettings.SecretSource = { reference throws(AdapterSettings.SecretFailure) in
        guard reference.hasPrefix("text:") else { throw AdapterSettings.SecretFailure(expected: "text:") }
        return Secret(text: String(reference.dropFirst(5)))
    }
}
