import AdapterKit
import Foundation
import NIOSSL
import Payments
import TestKit
import Testing

@testable import Drawbridge

/// Over real TLS, with certificates made for the test.
@Suite(.timeLimit(.minutes(1))) struct CallbackCertificateTests {
    private static let valid = Timestamp(seconds: 1_500_000_000)..<Timestamp(seconds: 4_000_000_000)

    /// Files as the configuration names them, gone when the test ends.
    private final class Listener {
        private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("drawbridge-\(UUID().uuidString)").path
        let authority: TestAuthority

        init() throws {
            authority = try TestAuthority(valid: CallbackCertificateTests.valid)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func tls(demandsCertificate: Bool) throws -> ListenerTLS {
            let server = try authority.server(valid: CallbackCertificateTests.valid)
            var files = Configuration.ServerTLS(
                certificate: try write("server.pem", server.certificate), key: try write("server.key", server.key))
            if demandsCertificate { files.clientCA = try write("ca.pem", authority.root.certificate) }
            return ListenerTLS(try NIOSSLContext(files))
        }

        private func write(_ name: String, _ bytes: [UInt8]) throws -> LocalFile {
            try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            return LocalFile(path: "\(folder)/\(name)")
        }

        func client(_ certificate: TestCertificate?) throws -> NIOSSLContext {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority.root.certificate))
            if let certificate {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(certificate.certificate).map {
                    .certificate($0)
                }
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: certificate.key, format: .pem))
            }
            return try NIOSSLContext(configuration: configuration)
        }
    }

    @Test(
        "the subject of the client's certificate is handed on",
        arguments: [("bank-a", "CN=bank-a"), ("Bank A, Inc.", "CN=Bank A\\, Inc.")])
    func subject(name: String, subject: String) async throws {
        let files = try Listener()
        let client = try files.client(try files.authority.client(named: name, valid: Self.valid))
        let intake = RecordingIntake()
        try await RunningListener.run(intake, tls: try files.tls(demandsCertificate: true)) { listener in
            let answer = try await listener.post("/callbacks/bank-a", tls: client)
            #expect(answer.hasPrefix("HTTP/1.1 204 "))
        }
        #expect(intake.deliveries.map(\.certificateSubject) == [subject])
        #expect(CertificateSubject.isWritten(subject))
    }

    @Test("without a certificate, or with one of another authority, the handshake fails", arguments: [false, true])
    func refused(hasCertificate: Bool) async throws {
        let files = try Listener()
        let stranger = try TestAuthority(valid: Self.valid).client(named: "bank-a", valid: Self.valid)
        let client = try files.client(hasCertificate ? stranger : nil)
        let intake = RecordingIntake()
        try await RunningListener.run(intake, tls: try files.tls(demandsCertificate: true)) { listener in
            await #expect(throws: (any Error).self) { try await listener.post("/callbacks/bank-a", tls: client) }
        }
        #expect(intake.deliveries.isEmpty)
    }

    @Test("a listener that demands no certificate sees none")
    func notDemanded() async throws {
        let files = try Listener()
        let client = try files.client(try files.authority.client(named: "bank-a", valid: Self.valid))
        let intake = RecordingIntake()
        try await RunningListener.run(intake, tls: try files.tls(demandsCertificate: false)) { listener in
            let answer = try await listener.post("/callbacks/bank-a", tls: client)
            #expect(answer.hasPrefix("HTTP/1.1 204 "))
        }
        #expect(intake.deliveries.map(\.certificateSubject) == [nil])
    }

    @Test("no header says who the client or where he is")
    func headers() async throws {
        let intake = RecordingIntake()
        let claims = [
            "X-SSL-Client-S-DN: CN=bank-a", "X-Client-Cert: CN=bank-a", "X-Forwarded-Client-Cert: Subject=\"CN=bank-a\"",
            "X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1",
        ]
        try await RunningListener.run(intake) { listener in
            _ = try await listener.post("/callbacks/bank-a", headers: claims.map { "\($0)\r\n" }.joined())
        }
        #expect(intake.deliveries.map(\.certificateSubject) == [nil])
        #expect(intake.deliveries.map(\.source) == ["127.0.0.1"])
    }
}
