import AdapterKit
import JWTKit

/// A public key that an issuer signs access tokens with (RFC 7517).
struct JSONWebKey: Sendable {
    private enum Material {
        case rsa(Insecure.RSA.PublicKey)
        case p256(ES256PublicKey)
    }

    /// Base64url of 8,192 bits: a longer modulus only costs time.
    private static let maximumModulusLength = 1_366
    private static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    let id: String
    let algorithm: TokenAlgorithm
    private let material: Material

    /// `nil` for a key that is not for RS256 or ES256 signatures, is too weak, or has its private half beside it.
    init?(_ json: JSON) {
        guard let id = json["kid"]?.text, !id.isEmpty, Self.isForVerifying(json),
            !Self.privateMembers.contains(where: { json[$0] != nil }), let material = Self.material(json)
        else { return nil }
        self.id = id
        self.material = material
        algorithm =
            switch material {
            case .rsa: .rs256
            case .p256: .es256
            }
        if let named = json["alg"], named.text != algorithm.rawValue { return nil }
    }

    private static func isForVerifying(_ json: JSON) -> Bool {
        if let use = json["use"], use.text != "sig" { return false }
        guard let operations = json["key_ops"] else { return true }
        return operations.elements?.contains(.string("verify")) ?? false
    }

    private static func material(_ json: JSON) -> Material? {
        switch json["kty"]?.text {
        case "RSA": rsa(json)
        case "EC" where json["crv"]?.text == "P-256": p256(json)
        default: nil
        }
    }

    /// JWTKit refuses less than 2,048 bits.
    private static func rsa(_ json: JSON) -> Material? {
        guard let modulus = json["n"]?.text, modulus.utf8.count <= maximumModulusLength, let exponent = json["e"]?.text,
            Base64URL.decode(modulus) != nil, Base64URL.decode(exponent) != nil
        else { return nil }
        return (try? Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent)).map { .rsa($0) }
    }

    private static func p256(_ json: JSON) -> Material? {
        guard let x = json["x"]?.text, let y = json["y"]?.text, Base64URL.decode(x)?.count == 32,
            Base64URL.decode(y)?.count == 32
        else { return nil }
        return (try? ES256PublicKey(parameters: (x: x, y: y))).map { .p256($0) }
    }

    /// The key bound to its one algorithm. A collection of its own for each key: in a larger one JWTKit takes the first key for an id
    /// that it does not know, and the algorithm that the first token names.
    func verifier() async -> TokenVerifier? {
        let keys = JWTKeyCollection()
        switch material {
        case .rsa(let key): await keys.add(rsa: key, digestAlgorithm: .sha256)
        case .p256(let key): await keys.add(ecdsa: key)
        }
        return (try? await keys.getKey()).map { TokenVerifier(algorithm: algorithm, key: $0) }
    }
}
