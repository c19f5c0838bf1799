import AdapterKit
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOSSL
import TestKit
import Testing

@testable import Drawbridge

@Suite("A slow sender", .timeLimit(.minutes(1)))
struct ConnectionWatchTests {
    /// A connection whose clock the test moves.
    private struct Connection {
        private let channel = EmbeddedChannel()
        let metrics = PrometheusMetrics()

        init() throws {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(InboundSetup(InboundListener("api", metrics: metrics) { "test" }))
            try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        }

        func send(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

        func pass(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

        var isOpen: Bool { channel.isActive }

        func counted(_ reason: String) -> Bool {
            metrics.text().contains(#"drawbridge_connections_refused_total{listener="api",reason="\#(reason)"} 1"#)
        }
    }

    private static let valid = Timestamp(seconds: 1_500_000_000)..<Timestamp(seconds: 4_000_000_000)
    private static let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n"

    @Test("has ten seconds to say anything at all")
    func silent() throws {
        let connection = try Connection()
        connection.pass(9)
        #expect(connection.isOpen)
        connection.pass(1)
        #expect(!connection.isOpen)
        #expect(connection.counted("slow_head"))
    }

    @Test("has ten seconds for the head, however steadily it comes")
    func slowHead() throws {
        let connection = try Connection()
        for character in Self.head.prefix(9) {
            try connection.send(String(character))
            connection.pass(1)
        }
        #expect(connection.isOpen)
        try connection.send("T")
        connection.pass(1)
        #expect(!connection.isOpen)
        #expect(connection.counted("slow_head"))
    }

    @Test("has thirty seconds for the body, however steadily it comes")
    func slowBody() throws {
        let connection = try Connection()
        connection.pass(9)
        try connection.send(Self.head)
        for _ in 0..<6 {
            connection.pass(4)
            try connection.send("a")
        }
        connection.pass(5)
        #expect(connection.isOpen)
        connection.pass(1)
        #expect(!connection.isOpen)
        #expect(connection.counted("slow_body"))
    }

    @Test("has ten seconds for a later head from its first byte, and the pause before is none of them")
    func laterHead() throws {
        let connection = try Connection()
        try connection.send(Self.head + "12345678")
        connection.pass(60)
        #expect(connection.isOpen)
        try connection.send("P")
        connection.pass(9)
        #expect(connection.isOpen)
        connection.pass(1)
        #expect(!connection.isOpen)
    }

    @Test("is not who waits for the answer to a whole request")
    func whole() throws {
        let connection = try Connection()
        try connection.send(Self.head + "12345678")
        connection.pass(3_600)
        #expect(connection.isOpen)
        #expect(!connection.metrics.text().contains("drawbridge_connections_refused_total{"))
    }

    @Test("is cut off in the middle of anything by the real listener", arguments: ["", "POST /callb", head, head + "123"])
    func cut(text: String) async throws {
        let metrics = PrometheusMetrics()
        var limits = InboundLimits()
        (limits.head, limits.body) = (.milliseconds(50), .milliseconds(50))
        let intake = RecordingIntake()
        try await RunningListener.run(intake, limits: limits, metrics: metrics) { listener in
            let answer = try await listener.send(text.replacing("POST / ", with: "POST /callbacks/bank-a "))
            #expect(answer.isEmpty)
            #expect(intake.deliveries.isEmpty)
        }
        let reason = text.hasPrefix(Self.head) ? "slow_body" : "slow_head"
        #expect(metrics.text().contains(#"{listener="callbacks",reason="\#(reason)"} 1"#))
    }

    @Test("is cut off in the middle of a TLS handshake")
    func handshake() async throws {
        let authority = try TestAuthority(valid: Self.valid)
        let server = try authority.server(valid: Self.valid)
        let tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(server.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: server.key, format: .pem)))
        var limits = InboundLimits()
        limits.head = .milliseconds(50)
        try await RunningListener.run(RecordingIntake(), tls: ListenerTLS(try NIOSSLContext(configuration: tls)), limits: limits)
        {
            listener in
            // The beginning of a ClientHello.
            for bytes in [[], [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]] as [[UInt8]] {
                let answer = try await listener.send(bytes)
                #expect(answer.isEmpty)
            }
        }
    }
}
