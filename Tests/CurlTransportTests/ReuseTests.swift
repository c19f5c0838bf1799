import AdapterKit
import CurlTransport
import Payments
import TestKit
import Testing

/// Which exchanges share a connection, and that none is ever sent twice on account of it.
@Suite("Connection reuse", .timeLimit(.minutes(1)))
struct ReuseTests {
    private let world: World
    private let transport: CurlTransport

    init() throws {
        world = try World()
        transport = try CurlTransport()
    }

    @Test("Exchanges one after the other use one connection")
    func sequential() async throws {
        let bank = try await TestBank(tls: world.tls(clients: world.authority))
        for _ in 0..<50 { _ = try await transport.send(.post(), to: world.endpoint(bank, identity: world.client)) }
        #expect(bank.counts.connections == 1 && bank.counts.begun == 50)
        try await bank.stop()
    }

    @Test("As many connections as exchanges in flight, and no more when they come again")
    func concurrent() async throws {
        let bank = try await TestBank(tls: world.tls()) { _ in .held("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") }
        let endpoint = world.endpoint(bank)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<64 { group.addTask { _ = try await transport.send(.post(), to: endpoint) } }
            for await _ in bank.requests.prefix(64) {}
            bank.release()
            try await group.waitForAll()
        }
        #expect(bank.counts.connections == 64)
        for _ in 0..<5 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<64 { group.addTask { _ = try await transport.send(.post(), to: endpoint) } }
                try await group.waitForAll()
            }
        }
        #expect(bank.counts.connections == 64 && bank.counts.begun == 384)
        try await bank.stop()
    }

    @Test("Endpoints that differ in anything but path and time-outs never share a connection")
    func identities() async throws {
        let bank = try await TestBank(tls: world.tls(clients: world.authority))
        let other = try world.authority.client(named: "other", valid: World.valid)
        let first = world.endpoint(bank, identity: world.client)
        var endpoints = [first, world.endpoint(bank, identity: other)]
        for change: (inout Endpoint) -> Void in [
            { $0.pins = [world.server.pin] }, { $0.minimumTLS = .v12 }, { $0.host = "localhost" },
            { $0.authorities = .pem(world.authority.root.certificate + world.server.certificate) },
        ] {
            var endpoint = first
            change(&endpoint)
            endpoints.append(endpoint)
        }
        for _ in 0..<3 { for endpoint in endpoints { _ = try await transport.send(.post(), to: endpoint) } }
        #expect(bank.counts.connections == endpoints.count)
        var slower = first
        slower.attemptTimeout = .seconds(9)
        slower.basePath = "/v2"
        _ = try await transport.send(.post(), to: slower)
        #expect(bank.counts.connections == endpoints.count)
        try await bank.stop()
    }

    @Test("The same certificate with another key does not ride on the first one's connection")
    func otherKey() async throws {
        let bank = try await TestBank(tls: world.tls(clients: world.authority))
        _ = try await transport.send(.post(), to: world.endpoint(bank, identity: world.client))
        let other = try world.authority.client(named: "other", valid: World.valid)
        let mixed = world.endpoint(bank) { $0.identity = .init(certificate: world.client.certificate, key: Secret(other.key)) }
        #expect(await transport.failure(to: mixed)?.code == .clientCertificateUnusable)
        #expect(bank.counts.begun == 1)
        try await bank.stop()
    }

    @Test("A connection that closes under a second request: it is sent once, and its fate unknown", arguments: [true, false])
    func resendAfterWholeRequest(encrypted: Bool) async throws {
        let bank = try await TestBank(tls: encrypted ? world.tls() : nil) { $0.numberOnConnection == 1 ? .ok : .close }
        try await expectNoSecondSending(bank, encrypted: encrypted)
    }

    @Test(
        "A connection that closes at a second request's first byte: it is sent once, and its fate unknown",
        arguments: [true, false])
    func resendAfterFirstByte(encrypted: Bool) async throws {
        let bank = try await TestBank(tls: encrypted ? world.tls() : nil, closesAtRequest: 2)
        try await expectNoSecondSending(bank, encrypted: encrypted)
    }

    private func expectNoSecondSending(_ bank: TestBank, encrypted: Bool) async throws {
        var requests = [EgressRequest.post(), .post(String(repeating: "a", count: 300_000)), .get]
        requests[2].method = .get
        var sent = 0
        for round in 0..<60 {
            let endpoint = world.endpoint(bank) { $0.scheme = encrypted ? .https : .http }
            _ = try await transport.send(.post(), to: endpoint)
            let failure = try #require(await transport.failure(requests[round % 3], to: endpoint))
            sent += 2
            #expect([.resendPrevented, .connectionLost].contains(failure.code), "\(failure)")
            #expect(failure.requestMayHaveLeft && !failure.certainlyNotProcessed)
            #expect(bank.counts.begun == sent)
        }
        #expect(bank.counts.connections == 60)
        try await bank.stop()
    }

    @Test("A request without a body takes a connection of its own, so that nothing can make libcurl repeat it")
    func emptyBody() async throws {
        let bank = try await TestBank(tls: world.tls()) { $0.numberOnConnection == 1 ? .ok : .close }
        let endpoint = world.endpoint(bank)
        for method in [GatewayRequest.Method.post, .put, .patch, .delete] {
            let request = EgressRequest(method: method, target: "/charges/1/void", headers: Headers(), body: [])
            #expect(try await transport.send(request, to: endpoint).status == 200)
        }
        #expect(bank.counts.connections == 4 && bank.counts.begun == 4)
        try await bank.stop()
    }

    @Test("A bank that closes idle connections costs no request")
    func idleClosed() async throws {
        let bank = try await TestBank(tls: world.tls()) { _ in
            .textThenClose("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        }
        for _ in 0..<10 { #expect(try await transport.send(.post(), to: world.endpoint(bank)).status == 200) }
        #expect(bank.counts.begun == 10)
        try await bank.stop()
    }

    @Test("The endpoint that has been idle longest makes room; one that is busy does not")
    func bounds() async throws {
        let transport = try CurlTransport(limits: .init(connectionsPerEndpoint: 1, endpoints: 1, requests: 2))
        let bank = try await TestBank(tls: nil) { $0.head.contains("/charges?") ? .held("HTTP/1.1 204 No\r\n\r\n") : .ok }
        let endpoint = world.endpoint(bank) { $0.scheme = .http }
        let other = world.endpoint(bank) {
            $0.scheme = .http
            $0.host = "localhost"
        }
        #expect(try await transport.send(.get, to: other).status == 200)
        async let held = transport.send(.post(), to: endpoint)
        for await request in bank.requests where request.head.contains("/charges?") { break }
        for full in [endpoint, other] {
            let failure = try #require(await transport.failure(.get, to: full))
            #expect(failure.code == .notSent && failure.certainlyNotProcessed && !failure.requestMayHaveLeft)
        }
        bank.release()
        #expect(try await held.status == 204)
        #expect(try await transport.send(.get, to: other).status == 200)
        try await bank.stop()
    }
}
