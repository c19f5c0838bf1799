import AdapterKit
import Foundation
import TestKit

/// A directory of a test's own with the certificates in it; gone with the last reference.
final class Scratch: Sendable {
    let directory: URL
    let server: TestCertificate
    let authority: TestCertificate

    /// 2020 to 2049: curl and BoringSSL look at the real clock.
    private static let valid = Timestamp(seconds: 1_577_836_800)..<Timestamp(seconds: 2_493_072_000)

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "mock-bank-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let issuer = try TestAuthority(valid: Self.valid)
        let client = try issuer.client(named: "drawbridge", valid: Self.valid)
        let stranger = try TestAuthority(named: "Someone else", valid: Self.valid).client(named: "drawbridge", valid: Self.valid)
        authority = issuer.root
        server = try issuer.server(valid: Self.valid)
        for (name, content) in [
            ("ca.pem", authority.certificate), ("server.pem", server.certificate), ("server.key", server.key),
            ("client.pem", client.certificate), ("client.key", client.key),
            ("stranger.pem", stranger.certificate), ("stranger.key", stranger.key),
        ] {
            try Data(content).write(to: directory.appending(path: name))
        }
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func path(_ name: String) -> String { directory.appending(path: name).path }
}
