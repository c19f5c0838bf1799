import AdapterKit
import TestKit
import Testing

@testable import Payments

/// Which addresses are public. The ends of every block are tried, and what lies just outside.
@Suite("Addresses that a gateway may have")
struct AddressPolicyTests {
    /// A block's first and last address, and what it is.
    struct Block: Sendable, CustomTestStringConvertible {
        let first: String
        let last: String
        let reason: EgressDenial.Reason
        var testDescription: String { "\(first) to \(last)" }

        init(_ first: String, _ last: String, _ reason: EgressDenial.Reason) {
            (self.first, self.last, self.reason) = (first, last, reason)
        }
    }

    static let blocks = [
        Block("0.0.0.0", "0.255.255.255", .unspecified),
        Block("10.0.0.0", "10.255.255.255", .private),
        Block("100.64.0.0", "100.127.255.255", .shared),
        Block("127.0.0.0", "127.255.255.255", .loopback),
        Block("169.254.0.0", "169.254.255.255", .linkLocal),
        Block("169.254.169.254", "169.254.169.254", .linkLocal),
        Block("172.16.0.0", "172.31.255.255", .private),
        Block("192.0.0.0", "192.0.0.255", .reserved),
        Block("192.0.2.0", "192.0.2.255", .reserved),
        Block("192.88.99.0", "192.88.99.255", .reserved),
        Block("192.168.0.0", "192.168.255.255", .private),
        Block("198.18.0.0", "198.19.255.255", .reserved),
        Block("198.51.100.0", "198.51.100.255", .reserved),
        Block("203.0.113.0", "203.0.113.255", .reserved),
        Block("224.0.0.0", "239.255.255.255", .multicast),
        Block("240.0.0.0", "255.255.255.255", .reserved),
        Block("::", "::", .unspecified),
        Block("::1", "::1", .loopback),
        Block("::2", "::ffff:ffff", .embedded),
        Block("::127.0.0.1", "::8.8.8.8", .embedded),
        Block("::ffff:0.0.0.0", "::ffff:255.255.255.255", .embedded),
        Block("::ffff:127.0.0.1", "::ffff:8.8.8.8", .embedded),
        Block("::ffff:0:0:0", "::ffff:0:8.8.8.8", .embedded),
        Block("64:ff9b::127.0.0.1", "64:ff9b::127.255.255.255", .loopback),
        Block("64:ff9b::10.0.0.0", "64:ff9b::192.168.1.1", .private),
        Block("64:ff9b::169.254.169.254", "64:ff9b::169.254.169.254", .linkLocal),
        Block("64:ff9b::100.64.0.1", "64:ff9b::100.127.255.255", .shared),
        Block("64:ff9b::0.0.0.0", "64:ff9b::0.255.255.255", .unspecified),
        Block("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", .embedded),
        Block("64:ff9b:1::8.8.8.8", "64:ff9b:1::127.0.0.1", .embedded),
        Block("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .embedded),
        Block("2002:7f00:1::", "2002:808:808::1", .embedded),
        Block("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", .embedded),
        Block("2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", .reserved),
        Block("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", .reserved),
        Block("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", .reserved),
        Block("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .private),
        Block("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .linkLocal),
        Block("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .private),
        Block("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .multicast),
        // What nobody has been given.
        Block("::1:0:0:0", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", .reserved),
        Block("100::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .reserved),
        Block("4000::", "5f00::1", .reserved),
        Block("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .reserved),
    ]

    private func reason(_ text: String, own: Set<IPAddress> = []) throws -> EgressDenial.Reason? {
        try #require(IPAddress(text), "\(text)").denialReason(own: own)
    }

    @Test("A block of special addresses is refused from its first to its last", arguments: blocks)
    func refused(block: Block) throws {
        #expect(try reason(block.first) == block.reason)
        #expect(try reason(block.last) == block.reason)
    }

    @Test(
        "What lies beside the blocks is public",
        arguments: [
            "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
            "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
            "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255",
            "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "2000::", "2001:200::",
            "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::",
            "2606:4700::1111", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::8.8.8.8",
        ])
    func accepted(address: String) throws { #expect(try reason(address) == nil) }

    @Test("Every reason has a block, but the machine's own, and a code of its own")
    func codes() {
        #expect(Set(Self.blocks.map(\.reason)).union([.own]) == Set(EgressDenial.Reason.allCases))
        #expect(Set(EgressDenial.Reason.allCases.map(\.code)).count == EgressDenial.Reason.allCases.count)
        #expect(EgressDenial.Reason.allCases.allSatisfy { $0.code.rawValue.hasPrefix("address_") })
    }

    @Test("The machine's own public addresses are refused, also through a translator", arguments: ["8.8.4.4", "2606:4700::64"])
    func own(address: String) throws {
        let own = Set([IPAddress("8.8.4.4"), IPAddress("2606:4700::64")].compactMap { $0 })
        #expect(try reason(address, own: own) == .own)
        #expect(try reason("64:ff9b::8.8.4.4", own: own) == .own)
        #expect(try reason("8.8.8.8", own: own) == nil)
        // What it is says more than whose it is.
        #expect(try reason("127.0.0.1", own: [try #require(IPAddress("127.0.0.1"))]) == .loopback)
    }

    @Test(
        "Where nothing is said, a host that is written as loopback is meant",
        arguments: ["127.0.0.1", "127.255.0.9", "::1", "localhost", "LOCALHOST", "api.localhost"])
    func written(host: String) { #expect(AddressPolicy(forHostWritten: host) == .any) }

    @Test(
        "Where nothing is said, every other host must be public",
        arguments: [
            "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "::", "0.0.0.0", "localhost.example.com", "notlocalhost",
            "bank.example", "2130706433", "",
        ])
    func notWritten(host: String) { #expect(AddressPolicy(forHostWritten: host) == .publicOnly) }

    @Test("An address is told in full")
    func described() throws {
        #expect(try #require(IPAddress("10.1.2.255")).description == "10.1.2.255")
        #expect(try #require(IPAddress("::ffff:10.1.2.3")).description == "0:0:0:0:0:ffff:a01:203")
        #expect(try #require(IPAddress("fe80::1:0:abcd")).description == "fe80:0:0:0:0:1:0:abcd")
    }
}

@Suite("What is told of denied addresses")
struct EgressWatchTests {
    private let time = ManualTime()
    private let log = RecordedLog()

    private func denial(
        _ purpose: String = "bank-a", _ reason: EgressDenial.Reason = .private, _ mode: EgressDenial.Mode = .enforced
    ) -> EgressDenial {
        EgressDenial(purpose: purpose, host: "bank.example", address: "10.0.0.1", reason: reason, mode: mode)
    }

    @Test("A denial is a warning that names gateway, host, address, reason and mode")
    func line() throws {
        EgressWatch(time: time, logger: log.logger).note(denial())
        let line = try #require(log.lines.first)
        #expect(line.hasPrefix("warning egress denied"))
        for word in ["bank-a", "bank.example", "10.0.0.1", "address_private", "enforced"] {
            #expect(line.contains(word), "\(line)")
        }
    }

    @Test("The same denial is told once a second, another one at once")
    func bounded() {
        let watch = EgressWatch(time: time, logger: log.logger)
        for _ in 0..<1_000 { watch.note(denial()) }
        #expect(log.lines.count == 1)
        watch.note(denial("bank-b"))
        watch.note(denial("bank-a", .loopback))
        watch.note(denial("bank-a", .private, .report))
        #expect(log.lines.count == 4)
        time.advance(by: .milliseconds(999))
        watch.note(denial())
        #expect(log.lines.count == 4)
        time.advance(by: .milliseconds(1))
        watch.note(denial())
        #expect(log.lines.count == 5)
    }
}

@Suite("A client certificate before it is used")
struct IdentityCheckTests {
    private let time = ManualTime()
    private let transport = FakeTransport()

    private func send(_ change: (inout Endpoint.Identity) -> Void = { _ in }) async -> TransportFailure? {
        var identity = Endpoint.Identity(certificate: [], key: Secret([]))
        change(&identity)
        let endpoint = Endpoint(scheme: .https, host: "bank.example", port: 443, identity: identity)
        let request = EgressRequest(method: .get, target: "/", headers: Headers(), body: [])
        do throws(TransportFailure) {
            _ = try await IdentityCheck(transport: transport, time: time).send(request, to: endpoint)
            return nil
        } catch {
            return error
        }
    }

    private func refused(_ code: TransportFailure.Code, _ change: (inout Endpoint.Identity) -> Void) async {
        let failure = await send(change)
        #expect(failure?.code == code)
        #expect(failure?.certainlyNotProcessed == true && failure?.requestMayHaveLeft == false)
        #expect(failure?.outcome == .notProcessed(NotProcessed(reason: code.rawValue)))
        #expect(transport.sent.isEmpty)
    }

    @Test("One that has expired is not shown, from that very moment on")
    func expired() async {
        await refused(.clientCertificateExpired) { $0.validUntil = time.now() }
        await refused(.clientCertificateExpired) { $0.validUntil = time.now() + .seconds(-1) }
    }

    @Test("One that does not hold yet is not shown")
    func early() async { await refused(.clientCertificateNotYetValid) { $0.validFrom = time.now() + .milliseconds(1) } }

    @Test("One that does not go with its key, or was taken back, is not shown")
    func faulty() async {
        await refused(.clientCertificateMismatched) { $0.fault = .clientCertificateMismatched }
        await refused(.clientCertificateRevoked) {
            $0.fault = .clientCertificateRevoked
            $0.validUntil = time.now() + .seconds(-1)
        }
    }

    @Test("One that expires while the process runs is shown until then")
    func expiring() async {
        let answer = GatewayResponse(status: 200, headers: Headers(), body: [])
        transport.script(.unsigned(answer), .unsigned(answer))
        let end = time.now() + .seconds(1)
        #expect(await send { $0.validUntil = end } == nil)
        time.advance(by: .milliseconds(999))
        #expect(await send { $0.validUntil = end } == nil)
        time.advance(by: .milliseconds(1))
        #expect(await send { $0.validUntil = end }?.code == .clientCertificateExpired)
        #expect(transport.sent.count == 2)
    }
}
