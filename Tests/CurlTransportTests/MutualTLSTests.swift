import AdapterKit
import CurlTransport
import NIOSSL
import Payments
import TestKit
import Testing

/// How a bank that demands a client certificate takes ours. With TLS 1.3 it says so only after the request was written.
@Suite("Mutual TLS", .timeLimit(.minutes(1)))
struct MutualTLSTests {
    private let world: World
    private let transport: CurlTransport

    init() throws {
        world = try World()
        transport = try CurlTransport()
    }

    @Test("The right client certificate is accepted", arguments: [TLSVersion.tlsv12, .tlsv13])
    func accepted(version: TLSVersion) async throws {
        let bank = try await TestBank(tls: world.tls(clients: world.authority, maximum: version))
        let endpoint = world.endpoint(bank, identity: world.client) { $0.minimumTLS = .v12 }
        let response = try await transport.send(.post(), to: endpoint)
        #expect(response.status == 200 && response.body == Array("{}".utf8))
        try await bank.stop()
    }

    enum Refused: String, CaseIterable {
        case missing, foreign, expired

        var code: TransportFailure.Code {
            switch self {
            case .missing: .clientCertificateRequired
            case .foreign: .clientCertificateUnknownAuthority
            case .expired: .clientCertificateExpired
            }
        }

        func certificate(in world: World) throws -> TestCertificate? {
            switch self {
            case .missing: nil
            case .foreign: try TestAuthority(named: "Another", valid: World.valid).client(named: "x", valid: World.valid)
            case .expired: try world.authority.client(named: "x", valid: World.expired)
            }
        }
    }

    @Test("A refused client certificate is told apart and not processed, over TLS 1.3", arguments: Refused.allCases)
    func refused(_ refused: Refused) async throws {
        let bank = try await TestBank(tls: world.tls(clients: world.authority))
        let endpoint = world.endpoint(bank, identity: try refused.certificate(in: world))
        var exact = 0
        for _ in 0..<30 {
            let failure = try #require(await transport.failure(to: endpoint))
            // On loopback the bank can have reset the connection before its alert was read: then the reason is lost, but no money.
            #expect(failure.code == refused.code || failure.code == .connectionLost && failure.phase != .waiting, "\(failure)")
            #expect(failure.certainlyNotProcessed || failure.code == .connectionLost, "\(failure)")
            exact += failure.code == refused.code ? 1 : 0
        }
        #expect(exact > 15)
        #expect(bank.counts.begun == 0)
        try await bank.stop()
    }

    @Test("A refused client certificate is told apart and nothing left, over TLS 1.2", arguments: [Refused.foreign, .expired])
    func refusedEarly(_ refused: Refused) async throws {
        let bank = try await TestBank(tls: world.tls(clients: world.authority, maximum: .tlsv12))
        let endpoint = world.endpoint(bank, identity: try refused.certificate(in: world)) { $0.minimumTLS = .v12 }
        let failure = try #require(await transport.failure(to: endpoint))
        #expect(failure.code == refused.code && failure.phase == .tls, "\(failure)")
        #expect(failure.certainlyNotProcessed && !failure.requestMayHaveLeft)
        try await bank.stop()
    }

    @Test("A refused client certificate is never taken for processed, however large the body", arguments: [100_000, 3_000_000])
    func refusedWithLargeBody(size: Int) async throws {
        let bank = try await TestBank(tls: world.tls(clients: world.authority))
        let failure = try #require(await transport.failure(.post(String(repeating: "a", count: size)), to: world.endpoint(bank)))
        #expect([.clientCertificateRequired, .connectionLost].contains(failure.code), "\(failure)")
        #expect(failure.certainlyNotProcessed || failure.code == .connectionLost)
        #expect(bank.counts.begun == 0)
        try await bank.stop()
    }

    @Test("A certificate with another one's key, or that cannot be read, is never used")
    func unusable() async throws {
        let bank = try await TestBank(tls: world.tls(clients: world.authority))
        let other = try world.authority.client(named: "other", valid: World.valid)
        for (certificate, key) in [
            (world.client.certificate, other.key), (world.client.certificate, Array("no key".utf8)), (Array("x".utf8), other.key),
        ] {
            let endpoint = world.endpoint(bank) { $0.identity = .init(certificate: certificate, key: Secret(key)) }
            let failure = try #require(await transport.failure(to: endpoint))
            #expect(failure.code == .clientCertificateUnusable, "\(failure)")
            #expect(failure.certainlyNotProcessed && !failure.requestMayHaveLeft)
        }
        try await bank.stop()
    }
}
