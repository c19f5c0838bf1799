import AdapterKit
import Foundation
import Logging
import Payments
import SwiftASN1
import X509

/// When the certificates end that one generation uses.
struct CertificateExpiry: Sendable {
    struct Entry: Sendable {
        /// `nil`: of a listener.
        let gateway: String?
        /// `client` or `ca` of a gateway; a listener's key in the configuration.
        let certificate: String
        let expires: Timestamp
    }

    let entries: [Entry]

    init(_ gateways: [Payments.Gateway], _ listen: Configuration.Listen) {
        entries = gateways.flatMap(Self.entries) + Self.entries(listen)
    }

    private static func entries(of gateway: Payments.Gateway) -> [Entry] {
        var files: [(String, [UInt8])] = []
        if let identity = gateway.endpoint.identity { files.append(("client", identity.certificate)) }
        if case .pem(let authorities) = gateway.endpoint.authorities { files.append(("ca", authorities)) }
        return files.compactMap { kind, pem in
            end(of: pem).map { Entry(gateway: gateway.name, certificate: kind, expires: $0) }
        }
    }

    private static func entries(_ listen: Configuration.Listen) -> [Entry] {
        [("listen.api", listen.api.tls), ("listen.callbacks", listen.callbacks.tls)].flatMap { key, tls -> [Entry] in
            guard let tls else { return [] }
            let files = [(key, tls.certificate)] + (tls.clientCA.map { [("\(key).client_ca", $0)] } ?? [])
            return files.compactMap { name, file in
                let pem = try? file.read(upTo: Configuration.maximumPEMLength)
                return pem.flatMap(end).map { Entry(gateway: nil, certificate: name, expires: $0) }
            }
        }
    }

    /// Of the first certificate in the file; what cannot be read is told by the connection's own failure.
    private static func end(of pem: [UInt8]) -> Timestamp? {
        guard let text = String(validating: pem, as: UTF8.self),
            let document = try? PEMDocument.parseMultiple(pemString: text).first,
            let certificate = try? Certificate(pemDocument: document)
        else { return nil }
        return Timestamp(seconds: Int64(certificate.notValidAfter.timeIntervalSince1970))
    }
}

extension CertificateExpiry.Entry {
    /// Of `drawbridge_tls_certificate_expiry_seconds`.
    var labels: [(String, String)] { (gateway.map { [("gateway", $0)] } ?? []) + [("certificate", certificate)] }

    /// How urgent its renewal is: 30, 7, 1 days before its end, or 0 after it; `nil`: it is not.
    func stage(at now: Timestamp) -> Int? {
        let left = expires - now
        return [0, 1, 7, 30].first { left <= .seconds($0 * 86_400) }
    }
}

/// Warns of certificates that end soon: at the start, at a reload and when a stage is reached, once each.
struct ExpiryWarnings: Sendable {
    private static let interval = Duration.seconds(600)

    let generations: Generations
    let time: any TimeSource
    let logger: Logger

    /// Until cancelled.
    func run() async {
        await generations.following { generation in
            var told: [Int: Int] = [:]
            repeat {
                for (index, entry) in generation.certificates.entries.enumerated() {
                    guard let stage = entry.stage(at: time.now()), told[index] != stage else { continue }
                    told[index] = stage
                    warn(entry, stage)
                }
            } while (try? await time.sleep(for: Self.interval)) != nil
        }
    }

    private func warn(_ entry: CertificateExpiry.Entry, _ stage: Int) {
        let metadata: Logger.Metadata = [
            "gateway": "\(entry.gateway ?? "-")", "certificate": "\(entry.certificate)",
            "expires": "\(entry.expires.rfc3339WholeSeconds)",
        ]
        if stage == 0 {
            logger.error("a certificate has expired", metadata: metadata)
        } else {
            logger.warning("a certificate expires in less than \(stage) day\(stage == 1 ? "" : "s")", metadata: metadata)
        }
    }
}
