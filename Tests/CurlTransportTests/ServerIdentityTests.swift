import AdapterKit
import CurlTransport
import NIOSSL
import Payments
import TestKit
import Testing

/// What the bank must prove before a byte of a request leaves.
@Suite("Server identity", .timeLimit(.minutes(1)))
struct ServerIdentityTests {
    private let world: World
    private let transport: CurlTransport

    init() throws {
        world = try World()
        transport = try CurlTransport()
    }

    private func expect(
        _ code: TransportFailure.Code, from tls: TLSConfiguration, change: (inout Endpoint) -> Void = { _ in },
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        let bank = try await TestBank(tls: tls)
        let failure = try #require(
            await transport.failure(to: world.endpoint(bank, identity: world.client, change: change)), sourceLocation: location)
        #expect(failure.code == code && failure.phase == .tls, "\(failure)", sourceLocation: location)
        #expect(failure.certainlyNotProcessed && !failure.requestMayHaveLeft, sourceLocation: location)
        #expect(bank.counts.begun == 0, sourceLocation: location)
        try await bank.stop()
    }

    @Test("A server whose authority is not ours is untrusted")
    func untrusted() async throws {
        let other = try TestAuthority(named: "Another", valid: World.valid)
        try await expect(.serverCertificateUntrusted, from: world.tls(server: other.server(valid: World.valid)))
    }

    @Test("Our own authority is not trusted where the system's are asked for")
    func system() async throws {
        try await expect(.serverCertificateUntrusted, from: world.tls()) { $0.authorities = .system }
    }

    @Test("Authorities that cannot be read trust nobody")
    func unreadableAuthorities() async throws {
        try await expect(.serverCertificateUntrusted, from: world.tls()) { $0.authorities = .pem(Array("nothing".utf8)) }
    }

    @Test("A server certificate that has expired is refused")
    func expired() async throws {
        try await expect(.serverCertificateExpired, from: world.tls(server: world.authority.server(valid: World.expired)))
    }

    @Test("A server certificate for another name is refused")
    func otherName() async throws {
        let server = try world.authority.server(names: ["elsewhere.test"], addresses: [], valid: World.valid)
        try await expect(.serverNameMismatch, from: world.tls(server: server))
        try await expect(.serverNameMismatch, from: world.tls(server: server)) { $0.host = "localhost" }
    }

    @Test("A public key that is not pinned is refused, also beside a right authority")
    func wrongPin() async throws {
        try await expect(.serverPinMismatch, from: world.tls()) { $0.pins = [world.client.pin, world.authority.root.pin] }
    }

    @Test("Any of several pins passes")
    func rightPin() async throws {
        let bank = try await TestBank(tls: world.tls())
        let endpoint = world.endpoint(bank) { $0.pins = [world.client.pin, world.server.pin] }
        #expect(try await transport.send(.post(), to: endpoint).status == 200)
        try await bank.stop()
    }

    @Test("A pin does not stand in for the authority")
    func pinWithoutAuthority() async throws {
        let other = try TestAuthority(named: "Another", valid: World.valid)
        let server = try other.server(valid: World.valid)
        try await expect(.serverCertificateUntrusted, from: world.tls(server: server)) { $0.pins = [server.pin] }
    }

    @Test("A server that speaks no newer TLS than 1.2 is refused where 1.3 is the least")
    func oldTLS() async throws {
        try await expect(.tlsVersion, from: world.tls(maximum: .tlsv12))
    }

    @Test("TLS 1.1 is refused where 1.2 is the least")
    func olderTLS() async throws {
        try await expect(.tlsVersion, from: world.tls(maximum: .tlsv11)) { $0.minimumTLS = .v12 }
    }

    @Test("A server that does not speak TLS at all is a TLS failure")
    func plain() async throws {
        let bank = try await TestBank(tls: nil) { _ in .text("HTTP/1.1 400 Bad Request\r\n\r\n") }
        let failure = try #require(
            await transport.failure(to: world.endpoint(bank) { $0.connectTimeout = .seconds(1) }))
        #expect([.tlsFailed, .connectTimedOut].contains(failure.code) && failure.phase == .tls, "\(failure)")
        #expect(failure.certainlyNotProcessed)
        try await bank.stop()
    }
}
