import NIOCore
import NIOPosix
import Testing

@testable import Drawbridge

@Suite("A listener's connections", .timeLimit(.minutes(1)))
struct InboundListenerTests {
    private static func listener(_ metrics: PrometheusMetrics = PrometheusMetrics(), loopback: Bool = false) -> InboundListener {
        var limits = InboundLimits()
        (limits.connectionsPerAddress, limits.connections, limits.countsLoopback) = (2, 3, loopback)
        return InboundListener("api", limits: limits, metrics: metrics) { "test" }
    }

    private static let (a, b, c) = (CallerAddress("192.0.2.1"), CallerAddress("192.0.2.2"), CallerAddress("192.0.2.3"))

    @Test("are limited for each address, and the others' go on")
    func perAddress() {
        let metrics = PrometheusMetrics()
        let listener = Self.listener(metrics)
        #expect([Self.a, Self.a, Self.a, Self.b].map { listener.admit($0) } == [true, true, false, true])
        listener.left(Self.a)
        #expect(listener.admit(Self.a))
        #expect(metrics.text().contains(#"refused_total{listener="api",reason="too_many_of_address"} 1"#))
    }

    @Test("are limited in all")
    func inAll() {
        let metrics = PrometheusMetrics()
        let listener = Self.listener(metrics)
        #expect([Self.a, Self.b, Self.b, Self.c].map { listener.admit($0) } == [true, true, true, false])
        #expect(metrics.text().contains(#"refused_total{listener="api",reason="too_many"} 1"#))
        listener.left(Self.b)
        #expect(listener.admit(Self.c))
        #expect(!listener.admit(CallerAddress("127.0.0.1")))
    }

    @Test("from loopback are limited in all alone")
    func loopback() {
        let listener = Self.listener()
        #expect((0..<4).map { _ in listener.admit(CallerAddress("127.0.0.1")) } == [true, true, true, false])
    }

    @Test(
        "are counted as one address: IPv4, also within IPv6, or an IPv6 network of 64 bits",
        arguments: [
            ("192.0.2.1", "192.0.2.1", false), ("::ffff:192.0.2.1", "192.0.2.1", false), ("::ffff:127.0.0.1", "127.0.0.1", true),
            ("127.9.9.9", "127.9.9.9", true), ("::1", "0:0:0:0::/64", true), ("2001:db8::1", "2001:db8:0:0::/64", false),
            ("2001:db8::1:2:3:4", "2001:db8:0:0::/64", false), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", false),
            ("2001:db8:1:2::", "2001:db8:1:2::/64", false), ("::2:0:0:0:1", "0:0:0:2::/64", false),
            ("fe80::1:2", "fe80:0:0:0::/64", false), ("", "", false),
        ])
    func addresses(text: String, counted: String, isLoopback: Bool) {
        let address = CallerAddress(text)
        #expect(address.description == counted)
        #expect(address.isLoopback == isLoopback)
    }

    @Test("over the limit are closed before anything is read, while the others are served")
    func closed() async throws {
        let metrics = PrometheusMetrics()
        var limits = InboundLimits()
        (limits.connectionsPerAddress, limits.countsLoopback) = (1, true)
        let intake = RecordingIntake()
        try await RunningListener.run(intake, limits: limits, metrics: metrics) { listener in
            let first = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
                host: "127.0.0.1", port: listener.port
            ) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
            try await first.executeThenClose { inbound, outbound in
                let request = "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"
                var answers = inbound.makeAsyncIterator()
                try await outbound.write(ByteBuffer(string: request))
                #expect(try await answers.next().map { String(buffer: $0) }?.hasPrefix("HTTP/1.1 204 ") == true)
                // Refused before its bytes are written, or afterwards.
                let refused = (try? await listener.send(request)) ?? ""
                #expect(refused.isEmpty)
                try await outbound.write(ByteBuffer(string: request))
                #expect(try await answers.next().map { String(buffer: $0) }?.hasPrefix("HTTP/1.1 204 ") == true)
            }
        }
        #expect(intake.deliveries.count == 2)
        #expect(metrics.text().contains(#"{listener="callbacks",reason="too_many_of_address"} 1"#))
    }
}
