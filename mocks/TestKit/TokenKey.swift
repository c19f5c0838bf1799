public import AdapterKit
internal import Foundation
internal import JWTKit
internal import Signing

/// A key that an issuer of access tokens signs with, and the document it publishes. Makes also tokens that no issuer would.
public struct TokenKey: Sendable {
    public let id: String
    /// What the key set says of it.
    public var published: [(name: String, value: JSON)]
    /// The algorithm's name in a token's header.
    public var algorithm: String
    private let signer: any JWTAlgorithm

    private init(_ id: String, _ published: [(name: String, value: JSON)], _ signer: any JWTAlgorithm) {
        self.id = id
        self.published = published
        self.signer = signer
        algorithm = signer.name
    }

    /// For RS256: always the same key of 2,048 bits.
    public static func rsa(_ id: String) async throws -> TokenKey {
        let key = try Insecure.RSA.PrivateKey(pem: throwAwayKey)
        let (modulus, exponent) = try key.publicKey.getKeyPrimitives()
        let signer = try await JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha256).getKey()
        return TokenKey(
            id, [("kty", "RSA"), ("kid", id), ("n", base64URL(modulus)), ("e", base64URL(exponent))].map { ($0, .string($1)) },
            signer)
    }

    /// For ES256: a fresh key.
    public static func p256(_ id: String) async throws -> TokenKey {
        let key = ES256PrivateKey()
        let (x, y) = key.publicKey.parameters ?? ("", "")
        let signer = try await JWTKeyCollection().add(ecdsa: key).getKey()
        return TokenKey(
            id, [("kty", "EC"), ("crv", "P-256"), ("kid", id), ("x", urlSafe(x)), ("y", urlSafe(y))].map { ($0, .string($1)) },
            signer)
    }

    /// The forger's: HS256 with the public key as its secret.
    public func turnedIntoSecret() async throws -> TokenKey {
        let key = try Insecure.RSA.PrivateKey(pem: Self.throwAwayKey)
        let secret = HMACKey(from: key.publicKey.pemRepresentation)
        return TokenKey(
            id, published, try await JWTKeyCollection().add(hmac: secret, digestAlgorithm: .sha256).getKey())
    }

    /// A member of the published key, changed or new; `nil` takes it away.
    public func publishing(_ name: String, _ value: JSON?) -> TokenKey {
        var key = self
        key.published.removeAll { $0.name == name }
        if let value { key.published.append((name, value)) }
        return key
    }

    /// - Parameter header: members beside `alg` and `kid`, or in their place.
    public func token(_ claims: JSON, header changes: [(String, JSON)] = []) throws -> String {
        var header: [(String, JSON)] = [("alg", .string(algorithm)), ("kid", .string(id))]
        for change in changes {
            header.removeAll { $0.0 == change.0 }
            header.append(change)
        }
        return try token(header: JSON.members(header).encoded(), payload: claims.encoded())
    }

    /// Signed as it is, whatever it is.
    public func token(header: [UInt8], payload: [UInt8]) throws -> String {
        let signed = "\(Self.base64URL(header)).\(Self.base64URL(payload))"
        return "\(signed).\(Self.base64URL(try signer.sign(Array(signed.utf8))))"
    }

    /// The document of an issuer.
    public static func document(_ keys: [TokenKey]) -> [UInt8] {
        JSON.members([("keys", .array(keys.map { .members($0.published.map { ($0.name, $0.value) }) }))]).encoded()
    }

    public static func base64URL(_ bytes: some Sequence<UInt8>) -> String { urlSafe(Base64.encode(Array(bytes))) }

    private static func urlSafe(_ base64: String) -> String {
        base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static let throwAwayKey = """
        -----BEGIN PRIVATE KEY-----
        MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDPcEVg6cB5wQLZ
        yB5v0/7Hd0Xi0lU+M6fYNAsxlSt4ReuI/oPFG8LKOTZJ+xorKzEBt/c7+UlbyMBR
        X5nz+YZ5iYtfnWhQhGaTnp+bb8nKFqt/zIjaBDeTUQzYl6Nat4gBp/aGksSRwDWi
        fn86vai1U+7iXTDSgAla64pHw8R4WjL+gak9B3uL6gJN23aBYffICSdeZB2WQUiI
        MI6ganWITINEgDHG+RaZDKejguBxCG/hDKQcLEHcnj9RuGFwyz43QqL7s7JtbQe1
        Id3zkIYPagng/V5z6SjUHAE96+8jJ4jmc0Ty5Yd5/vh4aTLVcd1qhiKaSEeS9AX5
        soGYhneDAgMBAAECggEAMPJk7IE7kX8hlRHLXMfBDn/uVZ8bzhmSOUnOelygbTjS
        YvjrTs9GH0FwtfQyMI14etdV1yjzTl0IRCsywIbYXEVARcd2nckgCyUatCqkirLe
        tMEmaYslMfWl+lWNjhJQXVOssARhraKVBUqj6tBlxqOPcopawtDDZFi/wD9JVLxG
        h3JfQp790qficxhyomPouWf+6iuzDvlmvbBkbB0E8YZNBy6XMQSNUyGIumQJymka
        iiDj56uZF2mniW2gjxU2yDzTgI6bJ1YJBRw0uzzF8is4ogXjUyNLEkQ8zZl6F2zw
        qb7ohGvMRz3JpNNptdyjM7Bo6LMO2yf05M2KfY7TwQKBgQD/ehd0EDm7LaEGRLiZ
        UXvS4ghsUsQPISq7BcoGbkrpIaoMXbh6KQfLESdBMIyplxVj1QZJolsf5CbdiGse
        ARuvtuDI7D600uuEvUg0PDa7ntemaDoLJjAV6mf+CNhA8Br0ezRJ9h74HQGsGBxA
        YjluSqplVyJDBx8MmWLAKn1uRwKBgQDP3QAD03AchFUVi++EJIiXog0KvIRsT4ji
        JsTKvKDKAg+/pp70JaDNDyH+BicDn8MF5sDbU9Da70hiZcGkbzFhQBc6Ypegqsaj
        OwqiTxkkYbg4FADR5WLBPWog17zOoaZWU/G7fsHH3QV+qKjh39iISDEVtiuWY3Va
        o2qm5CWe5QKBgAjIXLgLusBZkDiT8jirGXOle56ltcHDZSGq0EgqUH71PlBQhIAG
        mxL7EvtlvOAzpnOZJi8v2qwc/s0M3InaheYjhlTB8mHrAle83heVnlgS3N0GpkAt
        3udR+KM+EJki5/pRpfmI8YWcEaul5Iq+FbVZ8cOsHCxruUCIoWFz1H4PAoGAe4Po
        QV2/zcI4yN/pSI1o+SmbNFkHG1E7lp7Q62Og68jD0O9SnuNJJPCsE0VWo4momnYe
        /XVVsvLjAU1T/sDwB8jMxK3XSeqQtGgeDoqP9xV2ISSJxC/ZOdijmrZ3hBV8QOoK
        x44v2fKVFElmaSnZgknbmPox9mBNWLmoY1lInZ0CgYAA9itcuY5Ke5UHkxZft7px
        qk7guvgyTAEMmeQfQE5WVwNQ2SJBqs5c9jnHk11xTm9gty92+/+QrftVC/f8wW4H
        rJwscAR3FKXp3b9zM1P4vxJOyRJz9oiPrl6gdqtT5PSgRrQ0xsR6Mt9O5RcvZV4g
        N9NW/MCNcAlJCayZqKJYYQ==
        -----END PRIVATE KEY-----
        """
}
