import AdapterKit

/// A JWS in its compact form (RFC 7515), taken apart; nothing in it is proved yet.
struct SignedToken {
    /// Bytes of the whole token.
    static let maximumLength = 8 * 1024
    private static let maximumKeyIDLength = 256
    /// An access token says one of these, or nothing; what was made for another use (`logout+jwt`) is not taken for one (RFC 8725).
    private static let types = ["jwt", "at+jwt", "application/at+jwt"]

    let algorithm: TokenAlgorithm
    let keyID: String
    let payload: [UInt8]
    let signature: [UInt8]
    /// Header and payload as they came: what the signature is over.
    let signed: [UInt8]

    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]).flatMap({ try? JSON(parsing: $0) }),
            let algorithm = header["alg"]?.text.flatMap({ TokenAlgorithm(rawValue: $0) }),
            let keyID = header["kid"]?.text, (1...Self.maximumKeyIDLength).contains(keyID.utf8.count),
            Self.isUnderstood(header), let payload = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2]),
            !signature.isEmpty
        else { return nil }
        self.algorithm = algorithm
        self.keyID = keyID
        self.payload = payload
        self.signature = signature
        signed = Array("\(parts[0]).\(parts[1])".utf8)
    }

    /// Keys that the header brings along (`jwk`, `jku`, `x5c`, `x5u`) are never looked at; what it says must be understood is not.
    private static func isUnderstood(_ header: JSON) -> Bool {
        guard header["crit"] == nil else { return false }
        guard let type = header["typ"] else { return true }
        return type.text.map { types.contains($0.lowercased()) } ?? false
    }
}
