import AdapterKit
import Payments
import SwiftASN1
import X509

extension Endpoint.Identity {
    /// With what can be known of it before anybody is shown it. What cannot be read here is for libcurl to judge, which knows more kinds
    /// of keys and refuses the rest.
    init(certificate: [UInt8], key: [UInt8], revoked lists: [RevocationList]) {
        self.init(certificate: certificate, key: Secret(key))
        guard let leaf = Self.documents(in: certificate).first.flatMap({ try? Certificate(pemDocument: $0) }) else { return }
        validFrom = leaf.validFrom
        validUntil = leaf.validUntil
        let privateKey = Self.documents(in: key).first { $0.discriminator.hasSuffix("PRIVATE KEY") }
            .flatMap { try? Certificate.PrivateKey(pemDocument: $0) }
        if let privateKey, privateKey.publicKey != leaf.publicKey { fault = .clientCertificateMismatched }
        if lists.contains(where: { $0.revokes(leaf) }) { fault = .clientCertificateRevoked }
    }

    private static func documents(in pem: [UInt8]) -> [PEMDocument] {
        (try? PEMDocument.parseMultiple(pemString: String(decoding: pem, as: UTF8.self))) ?? []
    }
}
