public import AdapterKit
internal import Crypto
internal import Foundation
internal import SwiftASN1
internal import X509

/// A certificate with its key, as servers and `Endpoint` read them.
public struct TestCertificate: Sendable, Equatable {
    /// PEM.
    public let certificate: [UInt8]
    /// PEM, PKCS #8, P-256.
    public let key: [UInt8]
    /// Base64 of SHA-256 over SubjectPublicKeyInfo.
    public let pin: String
}

/// A certificate authority of a test's own. What it signs is right in every respect except those that the test chooses.
public struct TestAuthority: Sendable {
    /// The authority's own certificate and key.
    public let root: TestCertificate
    private let signer: Certificate.PrivateKey
    private let name: DistinguishedName

    public init(named commonName: String = "Test authority", valid: Range<Timestamp>) throws {
        let key = P256.Signing.PrivateKey()
        let signer = Certificate.PrivateKey(key)
        let name = try DistinguishedName { CommonName(commonName) }
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            SubjectKeyIdentifier(hash: signer.publicKey)
        }
        root = try Self.sign(key, subject: name, valid: valid, extensions: extensions, issuer: name, signer: signer)
        self.signer = signer
        self.name = name
    }

    /// A certificate for a server that answers to these DNS names and IPv4 addresses.
    public func server(names: [String] = ["localhost"], addresses: [String] = ["127.0.0.1"], valid: Range<Timestamp>) throws
        -> TestCertificate
    {
        let alternatives = names.map { GeneralName.dnsName($0) } + addresses.map { .ipAddress(Self.octets(of: $0)) }
        return try leaf(
            named: names.first ?? addresses.first ?? "server", valid: valid, usage: .serverAuth,
            alternatives: SubjectAlternativeNames(alternatives))
    }

    /// A certificate with which a client shows who it is.
    public func client(named commonName: String, valid: Range<Timestamp>) throws -> TestCertificate {
        try leaf(named: commonName, valid: valid, usage: .clientAuth, alternatives: nil)
    }

    private func leaf(
        named commonName: String, valid: Range<Timestamp>, usage: ExtendedKeyUsage.Usage, alternatives: SubjectAlternativeNames?
    ) throws -> TestCertificate {
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([usage])
            AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: signer.publicKey).keyIdentifier)
            if let alternatives { alternatives }
        }
        return try Self.sign(
            P256.Signing.PrivateKey(), subject: DistinguishedName { CommonName(commonName) }, valid: valid,
            extensions: extensions,
            issuer: name, signer: signer)
    }

    private static func sign(
        _ key: P256.Signing.PrivateKey, subject: DistinguishedName, valid: Range<Timestamp>, extensions: Certificate.Extensions,
        issuer: DistinguishedName, signer: Certificate.PrivateKey
    ) throws -> TestCertificate {
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: date(valid.lowerBound),
            notValidAfter: date(valid.upperBound), issuer: issuer, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: signer)
        let digest = SHA256.hash(data: key.publicKey.derRepresentation)
        return try TestCertificate(
            certificate: Array((certificate.serializeAsPEM().pemString + "\n").utf8),
            key: Array((key.pemRepresentation + "\n").utf8),
            pin: Data(digest).base64EncodedString())
    }

    private static func date(_ moment: Timestamp) -> Date { Date(timeIntervalSince1970: Double(moment.seconds)) }

    private static func octets(of address: String) -> ASN1OctetString {
        ASN1OctetString(contentBytes: address.split(separator: ".").compactMap { UInt8($0) }[...])
    }
}
