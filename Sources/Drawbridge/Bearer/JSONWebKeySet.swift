import AdapterKit

/// The keys of an issuer (RFC 7517), those alone that can be used.
struct JSONWebKeySet {
    /// Bytes of the document.
    static let maximumLength = 256 * 1024
    static let maximumKeys = 100

    enum Failure: String, Error {
        case unreadable
        /// Over `maximumLength` or `maximumKeys`.
        case tooLarge = "too_large"
        case malformed
        case noUsableKey = "no_usable_key"
    }

    /// By id; of two with one id, the first.
    let keys: [String: JSONWebKey]

    /// Keys of other types and uses are passed over: issuers publish them side by side.
    init(parsing bytes: [UInt8]) throws(Failure) {
        guard bytes.count <= Self.maximumLength else { throw .tooLarge }
        guard let elements = (try? JSON(parsing: bytes))?["keys"]?.elements else { throw .malformed }
        guard elements.count <= Self.maximumKeys else { throw .tooLarge }
        let usable = elements.compactMap { JSONWebKey($0) }
        guard !usable.isEmpty else { throw .noUsableKey }
        keys = Dictionary(usable.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func verifiers() async -> [String: TokenVerifier] {
        var verifiers: [String: TokenVerifier] = [:]
        for (id, key) in keys { verifiers[id] = await key.verifier() }
        return verifiers
    }
}
