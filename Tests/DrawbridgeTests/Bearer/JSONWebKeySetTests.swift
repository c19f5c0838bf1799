import AdapterKit
import TestKit
import Testing

@testable import Drawbridge

@Suite("A key set")
struct JSONWebKeySetTests {
    private static func usable(_ keys: [TokenKey]) throws(JSONWebKeySet.Failure) -> [String] {
        try JSONWebKeySet(parsing: TokenKey.document(keys)).keys.keys.sorted()
    }

    @Test("gives the keys for RS256 and ES256 signatures")
    func usable() async throws {
        let (rsa, p256) = (try await TokenKey.rsa("a"), try await TokenKey.p256("b"))
        #expect(try Self.usable([rsa, p256]) == ["a", "b"])
        let named = [rsa.publishing("alg", .string("RS256")), p256.publishing("alg", .string("ES256"))]
        #expect(try Self.usable(named.map { $0.publishing("use", .string("sig")) }) == ["a", "b"])
        #expect(try Self.usable(named.map { $0.publishing("key_ops", .array([.string("verify")])) }) == ["a", "b"])
    }

    /// Members of the RSA key, and of the P-256 key, that make them useless.
    private static let spoiled: [(rsa: Bool, name: String, value: JSON?)] = [
        (true, "use", .string("enc")), (true, "use", .null), (true, "key_ops", .array([.string("encrypt")])),
        (true, "key_ops", .string("verify")), (true, "alg", .string("RS512")), (true, "alg", .string("PS256")),
        (true, "alg", .string("RSA-OAEP")), (true, "alg", .string("HS256")), (true, "alg", .string("none")), (true, "alg", .null),
        (true, "alg", .string("ES256")), (true, "kid", nil), (true, "kid", .string("")), (true, "kid", .integer(1)),
        (true, "kty", nil), (true, "kty", .string("oct")), (true, "kty", .string("EC")), (true, "kty", .string("OKP")),
        (true, "kty", .string("rsa")), (true, "d", .string("AQAB")), (true, "n", nil), (true, "n", .string("")),
        (true, "n", .string("AQAB")), (true, "n", .string("not base64!")),
        (true, "n", .string(String(repeating: "_", count: 1_367))),
        (true, "e", nil), (true, "e", .string("")), (true, "e", .string("AQ")), (true, "e", .string("Ag")),
        (true, "e", .string("AQAB=")), (false, "use", .string("enc")), (false, "alg", .string("ES384")),
        (false, "alg", .string("RS256")), (false, "crv", .string("P-384")), (false, "crv", .string("secp256k1")),
        (false, "crv", nil), (false, "x", nil), (false, "y", nil), (false, "x", .string("AQAB")), (false, "d", .string("AQAB")),
        // Not on the curve.
        (false, "x", .string(String(repeating: "A", count: 43))), (false, "kty", .string("RSA")), (false, "kty", .string("OKP")),
    ]

    @Test("passes over keys for anything else, of other types, too short or too long, and those whose private half it shows")
    func unusable() async throws {
        let (rsa, p256) = (try await TokenKey.rsa("a"), try await TokenKey.p256("a"))
        let good = try await TokenKey.p256("good")
        for (isRSA, name, value) in Self.spoiled {
            let key = (isRSA ? rsa : p256).publishing(name, value)
            #expect(try Self.usable([key, good]) == ["good"], "\(isRSA) \(name) \(value as Any)")
            #expect(throws: JSONWebKeySet.Failure.noUsableKey) { try Self.usable([key]) }
        }
    }

    @Test("gives the first of two keys with one id")
    func sameID() async throws {
        let set = try JSONWebKeySet(parsing: TokenKey.document([try await .p256("a"), try await .rsa("a")]))
        #expect(set.keys["a"]?.algorithm == .es256)
    }

    @Test(
        "is refused when it is none",
        arguments: [
            "", "{}", "[]", #"{"keys":{}}"#, #"{"keys":null}"#, #"{"keys":[]"#, #"{"keys":[],"keys":[]}"#, "<html></html>",
        ])
    func malformed(text: String) {
        #expect(throws: JSONWebKeySet.Failure.malformed) { try JSONWebKeySet(parsing: Array(text.utf8)) }
    }

    @Test("is refused when it holds no key", arguments: [#"{"keys":[]}"#, #"{"keys":[1,null,"a",{}]}"#])
    func empty(text: String) {
        #expect(throws: JSONWebKeySet.Failure.noUsableKey) { try JSONWebKeySet(parsing: Array(text.utf8)) }
    }

    @Test("is refused when it is too large")
    func large() async throws {
        let key = try await TokenKey.p256("a")
        #expect(try Self.usable(Array(repeating: key, count: 100)) == ["a"])
        #expect(throws: JSONWebKeySet.Failure.tooLarge) { try Self.usable(Array(repeating: key, count: 101)) }
        let padded = TokenKey.document([key]) + Array(repeating: 0x20, count: JSONWebKeySet.maximumLength)
        #expect(throws: JSONWebKeySet.Failure.tooLarge) { try JSONWebKeySet(parsing: padded) }
        #expect(throws: Never.self) { try JSONWebKeySet(parsing: Array(padded.prefix(JSONWebKeySet.maximumLength))) }
    }
}
