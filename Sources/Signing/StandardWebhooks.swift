public import AdapterKit
import Crypto

/// Standard Webhooks 1.0.0, version v1 (protocols/standard-webhooks.md): HMAC-SHA-256 over `id.timestamp.body`. No other version
/// is taken: a public key of v1a must never serve as a secret here.
public enum StandardWebhooks {
    static let secretPrefix = "whsec_"
    static let version = "v1,"
    /// Entries looked at in one header, those of other versions among them: a sender that rotates keys needs two of each version.
    static let maximumEntries = 16
    /// Digits of a time-stamp: enough for 30,000 years.
    static let maximumDigits = 12

    /// The key bytes of `whsec_` and base64, whose padding may be missing. Specified are 24 to 64 bytes.
    /// - Returns: `nil` when the text is anything else, or no byte.
    public static func secret(_ text: Secret) -> Secret? {
        guard let text = String(validating: text.bytes, as: UTF8.self), text.hasPrefix(secretPrefix) else { return nil }
        let base64 = text.dropFirst(secretPrefix.count)
        let padding = base64.contains("=") ? 0 : (4 - base64.utf8.count % 4) % 4
        guard let bytes = Base64.decode(base64 + String(repeating: "=", count: padding)), !bytes.isEmpty else { return nil }
        return Secret(bytes)
    }

    /// The header's value: `v1,` and base64 for each secret, in their order, separated by blanks.
    /// - Parameters:
    ///   - id: without a `.`, which would not be verified.
    ///   - timestamp: whole seconds since 1970, of this attempt.
    public static func signature(id: String, timestamp: String, body: [UInt8], secrets: [Secret]) -> String {
        secrets.map { version + Base64.encode(code(id: id, timestamp: timestamp, body: body, secret: $0)) }
            .joined(separator: " ")
    }

    /// Whether one of the signatures in the header was made by one of the secrets. Every pair is compared, in constant time, so
    /// that the time taken does not tell which one held. Entries that are malformed or of other versions are passed over.
    ///
    /// Whether the time-stamp lies within the window is for the caller to judge.
    public static func verify(
        _ header: String, id: String, timestamp: String, body: [UInt8], with secrets: [Secret]
    ) -> Bool {
        // A dot in the id could be moved across the boundary: other parts, the same signed bytes.
        guard !id.isEmpty, !id.utf8.contains(0x2E), Self.timestamp(timestamp) != nil else { return false }
        let sent = header.split(separator: " ", maxSplits: maximumEntries).prefix(maximumEntries).compactMap(decoded)
        var holds = false
        for secret in secrets {
            let expected = code(id: id, timestamp: timestamp, body: body, secret: secret)
            for signature in sent where Secret.constantTimeEqual(signature, expected) { holds = true }
        }
        return holds
    }

    /// Reads `webhook-timestamp`: digits only, so neither sign nor fraction, and no leading zero.
    public static func timestamp(_ text: String) -> Timestamp? {
        guard (1...maximumDigits).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text == "0" || !text.hasPrefix("0")
        else { return nil }
        return Int64(text).map { Timestamp(seconds: $0) }
    }

    private static func code(id: String, timestamp: String, body: [UInt8], secret: Secret) -> [UInt8] {
        var code = HMAC<SHA256>(key: SymmetricKey(data: secret.bytes))
        code.update(data: Array("\(id).\(timestamp).".utf8))
        code.update(data: body)
        return Array(code.finalize())
    }

    private static func decoded(_ entry: Substring) -> [UInt8]? {
        guard entry.hasPrefix(version) else { return nil }
        return Base64.decode(entry.dropFirst(version.count))
    }
}
