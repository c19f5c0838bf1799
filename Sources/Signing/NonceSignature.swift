public import AdapterKit
import Crypto

/// Signatures over a time-stamp, a nonce and a digest of the body (protocols/npci-upi.md, 1B, PROPOSED there): HMAC-SHA-256 under a
/// shared key, and ECDSA with P-256 and SHA-256 under the sender's own, both over the same text and in base64.
public enum NonceSignature {
    /// What both sides see of a message.
    public struct Message: Sendable, Equatable {
        public var method: String
        /// As on the wire, without a query.
        public var path: String
        /// ISO 8601 in UTC with whole seconds.
        public var timestamp: String
        /// 16 to 64 of `A-Z a-z 0-9 . _ -`.
        public var nonce: String
        public var body: [UInt8]

        public init(method: String, path: String, timestamp: String, nonce: String, body: [UInt8]) {
            self.method = method
            self.path = path
            self.timestamp = timestamp
            self.nonce = nonce
            self.body = body
        }

        /// Lines joined by newlines: method, path, time-stamp, nonce, SHA-256 of the body in lower-case hexadecimal.
        package var canonical: [UInt8] {
            Array([method, path, timestamp, nonce, Hex.encode(SHA256.hash(data: body))].joined(separator: "\n").utf8)
        }
    }

    /// Whether a nonce has the form that the protocol asks for; then it cannot end a line of what is signed either.
    public static func isNonce(_ text: String) -> Bool {
        (16...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0)
            }
    }

    public static func code(of message: Message, with secret: Secret) -> String {
        Base64.encode(authenticationCode(message, secret))
    }

    /// Every secret is tried, in constant time.
    public static func verify(_ code: String, of message: Message, with secrets: [Secret]) -> Bool {
        let sent = Base64.decode(code) ?? []
        var holds = false
        for secret in secrets where Secret.constantTimeEqual(sent, authenticationCode(message, secret)) { holds = true }
        return holds
    }

    private static func authenticationCode(_ message: Message, _ secret: Secret) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message.canonical, using: SymmetricKey(data: secret.bytes)))
    }
}

/// The sender's own signature of a message, which a shared key cannot give.
extension NonceSignature {
    /// Whether the text is a P-256 private key in PEM (SEC 1 or PKCS #8).
    public static func isPrivateKey(_ key: Secret) -> Bool { privateKey(key) != nil }

    /// Whether the text is a P-256 public key in PEM.
    public static func isPublicKey(_ key: Secret) -> Bool { publicKey(key) != nil }

    /// - Returns: `nil` where the key cannot be read. Two signatures of one message differ.
    public static func payloadSignature(of message: Message, _ payload: NonceSigned.Payload) -> String? {
        guard let key = privateKey(payload.key), let signature = try? key.signature(for: message.canonical) else { return nil }
        switch payload.form {
        case .raw: return Base64.encode(Array(signature.rawRepresentation))
        case .der: return Base64.encode(Array(signature.derRepresentation))
        }
    }

    public static func verifyPayload(_ text: String, of message: Message, _ payload: NonceSigned.Payload) -> Bool {
        guard let key = publicKey(payload.key), let bytes = Base64.decode(text) else { return false }
        let signature =
            switch payload.form {
            case .raw: try? P256.Signing.ECDSASignature(rawRepresentation: bytes)
            case .der: try? P256.Signing.ECDSASignature(derRepresentation: bytes)
            }
        return signature.map { key.isValidSignature($0, for: message.canonical) } ?? false
    }

    private static func privateKey(_ key: Secret) -> P256.Signing.PrivateKey? {
        String(validating: key.bytes, as: UTF8.self).flatMap { try? P256.Signing.PrivateKey(pemRepresentation: $0) }
    }

    private static func publicKey(_ key: Secret) -> P256.Signing.PublicKey? {
        String(validating: key.bytes, as: UTF8.self).flatMap { try? P256.Signing.PublicKey(pemRepresentation: $0) }
    }
}
