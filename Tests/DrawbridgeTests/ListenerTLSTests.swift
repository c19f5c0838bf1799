import AdapterKit
import NIOSSL
import Payments
import TestKit
import Testing

@testable import Drawbridge

/// Over real TLS, with certificates made for the test.
@Suite("A listener whose certificate is replaced", .timeLimit(.minutes(1))) struct ListenerTLSTests {
    private static let valid = Timestamp(seconds: 1_500_000_000)..<Timestamp(seconds: 4_000_000_000)

    /// Takes what comes, and answers once it is let.
    private struct HoldingIntake: CallbackIntake {
        let received = AsyncStream<Void>.makeStream()
        let gate = Gate()

        func accepts(_ gateway: String) -> Bool { true }
        func refuseTooLarge(_ gateway: String) -> CallbackReply { CallbackReply(status: 413) }

        func receive(_ delivery: CallbackDelivery) async -> CallbackReply {
            received.continuation.yield()
            await gate.passed()
            return CallbackReply(status: 204)
        }
    }

    /// A certificate that one authority signed, and a client that trusts nobody else.
    private static func identity() throws -> (server: NIOSSLContext, client: NIOSSLContext) {
        let authority = try TestAuthority(valid: valid)
        let certificate = try authority.server(valid: valid)
        let chain = try NIOSSLCertificate.fromPEMBytes(certificate.certificate)
        let key = try NIOSSLPrivateKey(bytes: certificate.key, format: .pem)
        var client = TLSConfiguration.makeClientConfiguration()
        client.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority.root.certificate))
        return (
            try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))),
            try NIOSSLContext(configuration: client)
        )
    }

    @Test("shows the new one to connections that begin afterwards, and the old one to nobody")
    func newConnections() async throws {
        let (old, new) = (try Self.identity(), try Self.identity())
        let tls = ListenerTLS(old.server)
        try await RunningListener.run(RecordingIntake(), tls: tls) { listener in
            let first = try await listener.post("/callbacks/bank-a", tls: old.client)
            #expect(first.hasPrefix("HTTP/1.1 204 "))
            await #expect(throws: (any Error).self) { try await listener.post("/callbacks/bank-a", tls: new.client) }
            tls.replace(by: new.server)
            let second = try await listener.post("/callbacks/bank-a", tls: new.client)
            #expect(second.hasPrefix("HTTP/1.1 204 "))
            await #expect(throws: (any Error).self) { try await listener.post("/callbacks/bank-a", tls: old.client) }
        }
    }

    @Test("goes on as it was where a reload has read the same files once more")
    func unchanged() async throws {
        let (old, same) = (try Self.identity(), try Self.identity())
        let tls = ListenerTLS(old.server, madeOf: [[1], [2]])
        tls.replace(by: same.server, madeOf: [[1], [2]])
        try await RunningListener.run(RecordingIntake(), tls: tls) { listener in
            let answer = try await listener.post("/callbacks/bank-a", tls: old.client)
            #expect(answer.hasPrefix("HTTP/1.1 204 "))
            tls.replace(by: same.server, madeOf: [[1], [3]])
            await #expect(throws: (any Error).self) { try await listener.post("/callbacks/bank-a", tls: old.client) }
        }
    }

    @Test("answers what is under way over the old connection, and then ends it")
    func oldConnections() async throws {
        let (old, new) = (try Self.identity(), try Self.identity())
        let tls = ListenerTLS(old.server)
        let intake = HoldingIntake()
        try await RunningListener.run(intake, tls: tls) { listener in
            // Without `Connection: close`: only the listener ends this connection.
            let request = "POST /callbacks/bank-a HTTP/1.1\r\nHost: pay.example\r\nContent-Length: 2\r\n\r\n{}"
            async let answer = listener.send(Array(request.utf8), tls: old.client)
            for await _ in intake.received.stream.prefix(1) { tls.replace(by: new.server) }
            intake.gate.open()
            let answered = try await answer
            #expect(answered.hasPrefix("HTTP/1.1 204 "))
        }
    }
}
