import AdapterKit
import NIOCore
import Payments
import Synchronization
import TestKit
import Testing

@testable import CurlTransport

/// Where no connection is made, whatever the configuration's name leads to.
@Suite("Denied addresses", .timeLimit(.minutes(1)))
struct AddressTests {
    /// What the transport told.
    private final class Denials: Sendable {
        private let kept = Mutex<[EgressDenial]>([])
        var all: [EgressDenial] { kept.withLock { $0 } }
        func note(_ denial: EgressDenial) { kept.withLock { $0.append(denial) } }
    }

    private let world: World
    private let denials = Denials()
    private let transport: CurlTransport

    init() throws {
        world = try World()
        transport = try CurlTransport(onDenial: denials.note)
    }

    private func endpoint(_ bank: TestBank, _ change: (inout Endpoint) -> Void = { _ in }) -> Endpoint {
        world.endpoint(bank) {
            $0.scheme = .http
            $0.addresses = .publicOnly
            $0.purpose = "bank-a"
            change(&$0)
        }
    }

    private func expectDenied(_ code: TransportFailure.Code, _ endpoint: Endpoint, at place: SourceLocation = #_sourceLocation)
        async throws
    {
        let failure = try #require(await transport.failure(to: endpoint), sourceLocation: place)
        #expect(failure.code == code && failure.phase == .connect, "\(failure)", sourceLocation: place)
        #expect(failure.certainlyNotProcessed && !failure.requestMayHaveLeft, sourceLocation: place)
        #expect(failure.outcome == .notProcessed(NotProcessed(reason: code.rawValue)), sourceLocation: place)
    }

    /// Ways to write this machine's loopback, and what they are taken for.
    static let loopbacks: [(String, TransportFailure.Code)] = [
        ("127.0.0.1", .addressLoopback), ("localhost", .addressLoopback), ("127.1", .addressLoopback),
        ("2130706433", .addressLoopback), ("0x7f000001", .addressLoopback), ("0177.0.0.1", .addressLoopback),
        ("::ffff:127.0.0.1", .addressEmbedded), ("::ffff:7f00:1", .addressEmbedded), ("0.0.0.0", .addressUnspecified),
        ("0", .addressUnspecified),
    ]

    @Test("However the loopback is written, a listener there sees no connection", arguments: loopbacks)
    func loopback(host: String, code: TransportFailure.Code) async throws {
        let bank = try await TestBank(tls: nil)
        try await expectDenied(code, endpoint(bank) { $0.host = host })
        #expect(bank.counts.connections == 0)
        #expect(!denials.all.isEmpty)
        #expect(denials.all.allSatisfy { $0.purpose == "bank-a" && $0.host == host && $0.mode == .enforced })
        // That it was denied is all that kept the connection from being made.
        #expect(try await transport.send(.post(), to: endpoint(bank) { ($0.host, $0.addresses) = (host, .any) }).status == 200)
        #expect(bank.counts.connections == 1)
        try await bank.stop()
    }

    @Test(
        "An address that is not public is denied before anything is sent there",
        arguments: [
            ("10.0.0.1", TransportFailure.Code.addressPrivate), ("172.16.0.1", .addressPrivate), ("192.168.0.1", .addressPrivate),
            ("fd00::1", .addressPrivate), ("fec0::1", .addressPrivate), ("169.254.169.254", .addressLinkLocal),
            ("fe80::1", .addressLinkLocal), ("100.64.0.1", .addressShared), ("224.0.0.1", .addressMulticast),
            ("ff02::1", .addressMulticast), ("::", .addressUnspecified), ("240.0.0.1", .addressReserved),
            ("255.255.255.255", .addressReserved), ("192.0.2.1", .addressReserved), ("198.18.0.1", .addressReserved),
            ("2001:db8::1", .addressReserved), ("100::1", .addressReserved), ("::1", .addressLoopback),
            ("::127.0.0.1", .addressEmbedded), ("64:ff9b::127.0.0.1", .addressLoopback),
            ("64:ff9b::10.0.0.1", .addressPrivate), ("64:ff9b:1::8.8.8.8", .addressEmbedded),
            ("2002:7f00:1::1", .addressEmbedded), ("2001::1", .addressEmbedded),
        ])
    func ranges(host: String, code: TransportFailure.Code) async throws {
        let bank = try await TestBank(tls: nil)
        try await expectDenied(code, endpoint(bank) { $0.host = host })
        #expect(denials.all.map(\.reason.code) == [code])
        #expect(denials.all.map(\.address) == [IPAddress(host)?.description])
        try await bank.stop()
    }

    @Test("A name that leads to loopback is denied over TLS too, for everyone who waits for it")
    func crowd() async throws {
        let bank = try await TestBank(tls: world.tls())
        let endpoint = endpoint(bank) {
            $0.scheme = .https
            $0.host = "localhost"
        }
        let failures = await withTaskGroup(of: TransportFailure?.self) { group in
            for _ in 0..<50 { group.addTask { await transport.failure(to: endpoint) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(failures.count == 50)
        #expect(failures.allSatisfy { $0?.code == .addressLoopback && $0?.certainlyNotProcessed == true })
        #expect(bank.counts.connections == 0)
        try await bank.stop()
    }

    @Test("What would be denied is let through and told where it is only reported")
    func report() async throws {
        let bank = try await TestBank(tls: nil)
        #expect(try await transport.send(.post(), to: endpoint(bank) { $0.addresses = .report }).status == 200)
        let told = EgressDenial(
            purpose: "bank-a", host: "127.0.0.1", address: "127.0.0.1", reason: .loopback, mode: .report)
        #expect(denials.all == [told])
        #expect(bank.counts.begun == 1)
        try await bank.stop()
    }

    @Test("What is allowed is not told")
    func allowed() async throws {
        let bank = try await TestBank(tls: nil)
        #expect(try await transport.send(.post(), to: endpoint(bank) { $0.addresses = .any }).status == 200)
        #expect(denials.all == [])
        try await bank.stop()
    }

    @Test("A connection that another policy allowed is not used where it is denied")
    func reuse() async throws {
        let bank = try await TestBank(tls: nil)
        for policy in [AddressPolicy.any, .report] {
            #expect(try await transport.send(.post(), to: endpoint(bank) { $0.addresses = policy }).status == 200)
            try await expectDenied(.addressLoopback, endpoint(bank))
        }
        #expect(bank.counts.connections == 2 && bank.counts.begun == 2)
        try await bank.stop()
    }

    @Test("An endpoint of which nothing is said must be public")
    func byDefault() async throws {
        let bank = try await TestBank(tls: nil)
        try await expectDenied(.addressLoopback, Endpoint(scheme: .http, host: "127.0.0.1", port: bank.port))
        #expect(bank.counts.connections == 0)
        try await bank.stop()
    }

    @Test("The machine's own addresses are those of its interfaces")
    func own() throws {
        let interfaces = try System.enumerateDevices().compactMap { $0.address?.ipAddress }
        // NIO writes the interface behind an address of the link.
        let expected = interfaces.compactMap { IPAddress($0.prefix { $0 != "%" }) }
        let own = try #require(OwnAddresses.read())
        #expect(own.contains(try #require(IPAddress("127.0.0.1"))))
        #expect(own == Set(expected))
    }
}

/// The way through an egress proxy, which looks names up itself.
@Suite("Addresses behind a proxy", .timeLimit(.minutes(1)))
struct ProxiedAddressTests {
    private let world: World
    private let transport: CurlTransport

    init() throws {
        world = try World()
        transport = try CurlTransport()
    }

    @Test("A target that is written as a private address is not asked of the proxy", arguments: AddressTests.loopbacks)
    func literal(host: String, code: TransportFailure.Code) async throws {
        let proxy = try await TestProxy()
        let bank = try await TestBank(tls: world.tls())
        let endpoint = world.endpoint(bank) {
            $0.host = host
            $0.proxy = "http://127.0.0.1:\(proxy.port)"
            $0.addresses = .publicOnly
        }
        let failure = try #require(await transport.failure(to: endpoint))
        #expect(failure.code == code && failure.phase == .connect, "\(failure)")
        #expect(failure.certainlyNotProcessed && !failure.requestMayHaveLeft)
        #expect(proxy.targets == [] && bank.counts.connections == 0)
        try await proxy.stop()
        try await bank.stop()
    }

    @Test("Mutual TLS goes through the proxy of the endpoint to a name that only the proxy can find")
    func mutualTLS() async throws {
        let proxy = try await TestProxy()
        let server = try world.authority.server(names: ["bank.invalid"], addresses: [], valid: World.valid)
        let bank = try await TestBank(tls: world.tls(server: server, clients: world.authority))
        let endpoint = world.endpoint(bank, identity: world.client) {
            $0.host = "bank.invalid"
            $0.proxy = "http://127.0.0.1:\(proxy.port)"
            $0.addresses = .publicOnly
        }
        #expect(try await transport.send(.post(), to: endpoint).status == 200)
        #expect(proxy.targets == ["bank.invalid:\(bank.port)"])
        // The certificate is the bank's and is judged by us, not by the proxy.
        var misnamed = endpoint
        misnamed.host = "other.invalid"
        let failure = try #require(await transport.failure(to: misnamed))
        #expect(failure.code == .serverNameMismatch && failure.certainlyNotProcessed)
        var stranger = endpoint
        stranger.identity = nil
        let refusal = try #require(await transport.failure(to: stranger))
        #expect([.clientCertificateRequired, .connectionLost].contains(refusal.code))
        #expect(bank.counts.begun == 1)
        try await proxy.stop()
        try await bank.stop()
    }
}
