import AdapterKit
import Foundation
import Signing
import Testing

/// Vectors/generic-bank-hmac.json, computed independently of this project.
struct VectorFile {
    struct Vector: CustomTestStringConvertible, Sendable {
        let name: String
        let request: HMACV1.Request
        let canonical: String
        let signature: String
        var testDescription: String { name }
    }

    let secret: Secret
    let vectors: [Vector]

    init() throws {
        let file = try #require(Bundle.module.resourceURL).appending(path: "Vectors/generic-bank-hmac.json")
        let json = try JSON(parsing: Array(try Data(contentsOf: file)))
        secret = Secret(text: try #require(json["secret_ascii"]?.text))
        vectors = try #require(json["v1"]?.elements).map(Vector.init)
    }
}

extension VectorFile.Vector {
    fileprivate init(_ json: JSON) throws {
        func text(_ name: String) throws -> String { try #require(json[name]?.text) }
        name = try text("name")
        request = HMACV1.Request(
            method: try text("method"), target: try text("target"), body: try bytes(hex: try text("body_hex")),
            tenant: try text("tenant"), idempotencyKey: try text("idempotency_key"), timestamp: try text("timestamp"))
        canonical = try text("canonical")
        signature = try text("signature")
    }
}

/// Reads hexadecimal on its own, so that the code under test does not judge itself.
func bytes(hex: String) throws -> [UInt8] {
    var rest = Substring(hex)
    var bytes: [UInt8] = []
    while !rest.isEmpty {
        bytes.append(try #require(UInt8(rest.prefix(2), radix: 16)))
        rest = rest.dropFirst(2)
    }
    return bytes
}
