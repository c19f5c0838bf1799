import Foundation
import Payments

extension Configuration {
    /// What a gateway must prove, and how we prove ourselves to it.
    struct ClientTLS: Sendable, Equatable {
        enum Authorities: Sendable, Equatable {
            case system
            case file(LocalFile)
        }

        var ca = Authorities.system
        var identity: Identity?
        /// Revocation lists, for the server's chain and for our own certificate.
        var crl: LocalFile?
        /// Base64 of SHA-256 over SubjectPublicKeyInfo; any match passes.
        var pins: [String] = []
        var minVersion: Endpoint.TLSVersion = .v13

        struct Identity: Sendable, Equatable {
            var certificate: LocalFile
            var key: LocalFile
        }
    }
}

extension Configuration.ClientTLS {
    /// - `ca` (`system` or a PEM file, default `system`), `certificate` and `key` (PEM files, both or none)
    /// - `crl` (a PEM file of revocation lists, one for every authority of the server's chain; default none: nobody is asked)
    /// - `pins` (list of base64 SHA-256, default none), `min_version` (`"1.2"` or `"1.3"`, default `"1.3"`)
    init(_ section: ConfigurationSection) {
        if let file = section.file("ca"), section.given("ca")?.value.content != .text("system") { ca = .file(file) }
        let certificate = section.file("certificate")
        let key = section.file("key")
        crl = section.file("crl")
        pins = section.list("pins", of: .pin) ?? []
        section.read("min_version", .tlsVersion, into: &minVersion)
        switch (certificate, key) {
        case (let certificate?, let key?): identity = Identity(certificate: certificate, key: key)
        case (_?, nil) where section.given("key") == nil: section.problem("key", "the key of the certificate")
        case (nil, _?) where section.given("certificate") == nil: section.problem("certificate", "the certificate of the key")
        default: break
        }
    }
}

extension ValueSyntax<String> {
    static var pin: Self {
        text("base64 of 32 bytes, the SHA-256 of a SubjectPublicKeyInfo") { Data(base64Encoded: $0)?.count == 32 }
    }
}

extension ValueSyntax<Endpoint.TLSVersion> {
    /// Quoted or not.
    static var tlsVersion: Self {
        Self(expected: "\"1.2\" or \"1.3\"") { content in
            switch content {
            case .text(let word), .number(let word): Endpoint.TLSVersion(rawValue: word)
            default: nil
            }
        }
    }
}
