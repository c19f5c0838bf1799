import AdapterKit
import CurlTransport
import NIOCore
import NIOPosix
import Payments
import TestKit
import Testing

/// Failures before there is a connection: nothing can have left.
@Suite("Connecting", .timeLimit(.minutes(1)))
struct ConnectTests {
    private let transport: CurlTransport

    init() throws {
        _ = try World()
        transport = try CurlTransport()
    }

    private func http(port: Int, change: (inout Endpoint) -> Void = { _ in }) -> Endpoint {
        var endpoint = Endpoint(scheme: .http, host: "127.0.0.1", port: port, addresses: .any)
        change(&endpoint)
        return endpoint
    }

    private func closedPort() async throws -> Int {
        let bank = try await TestBank(tls: nil)
        try await bank.stop()
        return bank.port
    }

    @Test("A port where nobody listens refuses")
    func refused() async throws {
        let failure = try #require(await transport.failure(to: http(port: closedPort())))
        #expect(failure.code == .connectRefused && failure.phase == .connect, "\(failure)")
        #expect(failure.certainlyNotProcessed && !failure.requestMayHaveLeft)
    }

    @Test("A name that does not exist is not resolved, for everyone who waits for it")
    func unknownName() async throws {
        let endpoint = http(port: 80) {
            $0.host = "nope.invalid"
            $0.connectTimeout = .seconds(20)
            $0.attemptTimeout = .seconds(20)
        }
        let failures = await withTaskGroup(of: TransportFailure?.self) { group in
            for _ in 0..<50 { group.addTask { await transport.failure(to: endpoint) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(failures.count == 50)
        #expect(failures.allSatisfy { $0?.code == .nameNotResolved && $0?.phase == .name }, "\(failures[0] as Any)")
        #expect(failures.allSatisfy { $0?.certainlyNotProcessed == true && $0?.requestMayHaveLeft == false })
    }

    @Test("A server that accepts and never answers the TLS handshake times out while connecting")
    func silentHandshake() async throws {
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0)
            .get()
        let endpoint = http(port: silent.localAddress?.port ?? 0) {
            $0.scheme = .https
            $0.connectTimeout = .seconds(1)
        }
        let failure = try #require(await transport.failure(to: endpoint))
        #expect(failure.code == .connectTimedOut && failure.phase == .tls, "\(failure)")
        #expect(failure.certainlyNotProcessed && !failure.requestMayHaveLeft)
        try await silent.close()
    }

    @Test(
        "What could become another request is not sent",
        arguments: ["", "charges", "/a b", "/a\r\nX: y", "/a#b", "/ä", "//h@evil\u{0}"])
    func badTarget(target: String) async throws {
        var request = EgressRequest.get
        request.target = target
        let failure = try #require(await transport.failure(request, to: http(port: 1)))
        #expect(failure.code == .notSent && failure.certainlyNotProcessed && !failure.requestMayHaveLeft)
    }

    @Test(
        "A header that could become two, or that frames the request, is not sent",
        arguments: [
            ("X", "a\r\nB: c"), ("X", "a\u{0}"), ("X Y", "a"), ("", "a"), ("X:", "a"), ("Content-Length", "3"),
            ("transfer-encoding", "chunked"), ("Expect", "100-continue"),
        ])
    func badHeader(name: String, value: String) async throws {
        var request = EgressRequest.get
        request.headers.add(name, value)
        let failure = try #require(await transport.failure(request, to: http(port: 1)))
        #expect(failure.code == .notSent && failure.certainlyNotProcessed)
    }

    @Test(
        "A host or port that could name another place is not connected to",
        arguments: [("a@b", 1), ("a/b", 1), ("", 1), ("a b", 1), ("a", 0), ("a", 65_536)])
    func badHost(host: String, port: Int) async throws {
        let failure = try #require(await transport.failure(.get, to: http(port: port) { $0.host = host }))
        #expect(failure.code == .notSent && failure.certainlyNotProcessed)
    }
}
