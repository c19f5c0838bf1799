import AdapterKit
import Foundation
import Payments
import SwiftASN1
import X509

/// When the certificates that gateways use end, read once at the start.
struct CertificateExpiry: Sendable {
    struct Entry: Sendable {
        let gateway: String
        /// `client` or `ca`.
        let certificate: String
        let expires: Timestamp
    }

    let entries: [Entry]

    init(_ gateways: [Payments.Gateway]) {
        entries = gateways.flatMap { gateway -> [Entry] in
            var files: [(String, [UInt8])] = []
            if let identity = gateway.endpoint.identity { files.append(("client", identity.certificate)) }
            if case .pem(let authorities) = gateway.endpoint.authorities { files.append(("ca", authorities)) }
            return files.compactMap { kind, pem in
                Self.end(of: pem).map { Entry(gateway: gateway.name, certificate: kind, expires: $0) }
            }
        }
    }

    /// Of the first certificate in the file; what cannot be read is told by the connection's own failure.
    private static func end(of pem: [UInt8]) -> Timestamp? {
        guard let text = String(validating: pem, as: UTF8.self), let certificate = try? Certificate(pemEncoded: text) else {
            return nil
        }
        return Timestamp(seconds: Int64(certificate.notValidAfter.timeIntervalSince1970))
    }
}
