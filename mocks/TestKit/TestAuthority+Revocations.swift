public import AdapterKit
internal import Crypto
internal import SwiftASN1
internal import X509

extension TestAuthority {
    /// A list (RFC 5280, section 5) by which the authority takes these certificates back; PEM.
    /// - Parameter valid: from when the list was made until it is to be renewed, to the second.
    public func revocations(of certificates: [TestCertificate], valid: Range<Timestamp>) throws -> [UInt8] {
        let authority = try Certificate(pemEncoded: String(decoding: root.certificate, as: UTF8.self))
        let serials = try certificates.map { certificate in
            try Certificate(pemEncoded: String(decoding: certificate.certificate, as: UTF8.self)).serialNumber.bytes
        }
        let list = try Self.list(issuer: authority.subject, serials: serials, valid: valid)
        let key = try P256.Signing.PrivateKey(pemRepresentation: String(decoding: root.key, as: UTF8.self))
        let signature = try key.signature(for: list).derRepresentation
        var signed = DER.Serializer()
        try signed.appendConstructedNode(identifier: .sequence) { signed in
            signed.serializeRawBytes(list)
            try Self.append(algorithmTo: &signed)
            try signed.serialize(ASN1BitString(bytes: ArraySlice(signature)))
        }
        let document = PEMDocument(type: "X509 CRL", derBytes: signed.serializedBytes)
        return Array((document.pemString + "\n").utf8)
    }

    private static func list(issuer: DistinguishedName, serials: [ArraySlice<UInt8>], valid: Range<Timestamp>) throws -> [UInt8] {
        var list = DER.Serializer()
        try list.appendConstructedNode(identifier: .sequence) { list in
            // Version 2.
            try list.serialize(1)
            try append(algorithmTo: &list)
            try list.serialize(issuer)
            try list.serialize(time(valid.lowerBound))
            try list.serialize(time(valid.upperBound))
            guard !serials.isEmpty else { return }
            try list.appendConstructedNode(identifier: .sequence) { entries in
                for serial in serials {
                    try entries.appendConstructedNode(identifier: .sequence) { entry in
                        try entry.serialize(serial)
                        try entry.serialize(time(valid.lowerBound))
                    }
                }
            }
        }
        return list.serializedBytes
    }

    private static func append(algorithmTo serializer: inout DER.Serializer) throws {
        try serializer.appendConstructedNode(identifier: .sequence) { algorithm in
            // ecdsa-with-SHA256 (RFC 5758, section 3.2)
            try algorithm.serialize([1, 2, 840, 10045, 4, 3, 2] as ASN1ObjectIdentifier)
        }
    }

    private static func time(_ moment: Timestamp) throws -> UTCTime {
        let numbers = moment.rfc3339WholeSeconds.split { !$0.isNumber }.compactMap { Int($0) }
        return try UTCTime(
            year: numbers[0], month: numbers[1], day: numbers[2], hours: numbers[3], minutes: numbers[4], seconds: numbers[5])
    }
}
