import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("Mutual TLS with the bank", .serialized, .timeLimit(.minutes(2)))
struct MutualTLSTests {
    /// Something that is wrong with a connection, and the attempt's code for it.
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let spoil: @Sendable (inout Setup) throws -> Void

        init(_ name: String, _ code: String, _ spoil: @escaping @Sendable (inout Setup) throws -> Void) {
            testDescription = name
            self.code = code
            self.spoil = spoil
        }
    }

    static let faults = [
        Fault("a client certificate of an authority that the bank does not know", "client_certificate_unknown_authority") {
            $0.client = try stranger().client(named: "drawbridge", valid: Setup.valid)
        },
        Fault("an expired client certificate", "client_certificate_expired") {
            $0.client = try $0.authority.client(named: "drawbridge", valid: Setup.past)
        },
        Fault("a client certificate that does not hold yet", "client_certificate_not_yet_valid") {
            $0.client = try $0.authority.client(named: "drawbridge", valid: Setup.future)
        },
        Fault("a client certificate with another one's key", "client_certificate_mismatched") {
            $0.clientKey = try $0.authority.client(named: "drawbridge", valid: Setup.valid).key
        },
        Fault("a client key that cannot be read", "client_certificate_unusable") { $0.clientKey = Array("nothing".utf8) },
        Fault("a client certificate that was taken back", "client_certificate_revoked") {
            let client = try #require($0.client)
            $0.revocations = try $0.authority.revocations(of: [client], valid: Setup.valid)
        },
        Fault("a server certificate that was taken back", "server_certificate_revoked") {
            $0.revocations = try $0.authority.revocations(of: [$0.server], valid: Setup.valid)
        },
        Fault("a revocation list that was to be renewed", "revocation_list_unusable") {
            $0.revocations = try $0.authority.revocations(of: [], valid: Setup.past)
        },
        Fault("a revocation list that cannot be read", "revocation_list_unusable") {
            $0.revocations = Array("nothing".utf8)
        },
        Fault("no client certificate", "client_certificate_required") { $0.client = nil },
        Fault("a server certificate for another name", "server_name_mismatch") {
            $0.server = try $0.authority.server(names: ["bank.example"], addresses: [], valid: Setup.valid)
        },
        Fault("a server certificate for another address", "server_name_mismatch") {
            $0.server = try $0.authority.server(names: [], addresses: ["127.0.0.2"], valid: Setup.valid)
        },
        Fault("a pin of another key", "server_pin_mismatch") {
            $0.pins = [try $0.authority.server(valid: Setup.valid).pin]
        },
        Fault("an expired server certificate", "server_certificate_expired") {
            $0.server = try $0.authority.server(valid: Setup.past)
        },
        Fault("a server certificate of an authority that we do not trust", "server_certificate_untrusted") {
            $0.trusted = try stranger().root.certificate
        },
        Fault("a bank that has nothing newer than TLS 1.2", "tls_version") { $0.bankIsLimitedToTLS12 = true },
    ]

    /// Four attempts, with little time between them.
    private static let quickly = "retry: { max_retries: 3, base: 5ms, max: 20ms, budget: { min_per_second: 10 } }"

    private static func stranger() throws -> TestAuthority { try TestAuthority(named: "Someone else", valid: Setup.valid) }

    @Test("queues a payment of which the bank got nothing whenever it was tried, and says why", arguments: faults)
    func refused(fault: Fault) async throws {
        let setup = try Setup {
            $0.gatewayLines = [Self.quickly]
            try fault.spoil(&$0)
        }
        try await World.with(.memory, setup) { world in
            let reply = try await world.acme.pay()
            #expect(reply.status == 202)
            #expect(reply.state == "queued")
            #expect(reply["gateway"] == .null)
            #expect(reply.attempts.map { $0["outcome"]?.text } == Array(repeating: "not_processed", count: 4))
            #expect(reply.attempts.map { $0["code"]?.text } == Array(repeating: fault.code, count: 4))
            #expect(reply.attempts.allSatisfy { $0["http_status"] == .null })
            try await failsForGood(world)
            #expect(world.bank.ledger.charges.isEmpty)
            #expect(world.requestsAtBank == 0)
        }
    }

    /// Who wants no queue gets a failure, and the same one again.
    private func failsForGood(_ world: World) async throws {
        let key = Caller.freshKey()
        let order = Caller.order(("on_unavailable", .string("fail")))
        let first = try await world.acme.pay(order, key: key)
        #expect(first.status == 503)
        #expect(first.code == "gateways_unavailable")
        #expect(first.headers.single("content-type") == "application/problem+json")
        let connections = world.bank.counters.connections
        let again = try await world.acme.pay(order, key: key)
        #expect(again.status == 503)
        #expect(again.body == first.body)
        #expect(again.isReplayed)
        #expect(world.bank.counters.connections == connections)
    }

    static let rights = [
        Fault("our certificate and no pin", "00") { _ in },
        Fault("a revocation list that names neither", "00") {
            $0.revocations = try $0.authority.revocations(
                of: [$0.authority.server(valid: Setup.valid)], valid: Setup.valid)
        },
        Fault("the pin of the bank's key", "00") { $0.pins = [$0.server.pin] },
        Fault("one right pin of two", "00") { $0.pins = [try $0.authority.server(valid: Setup.valid).pin, $0.server.pin] },
        Fault("TLS 1.2 where the configuration allows it", "00") {
            $0.bankIsLimitedToTLS12 = true
            $0.minimumTLS = "1.2"
        },
    ]

    @Test("pays over a connection on which both sides are who they should be", arguments: rights)
    func accepted(right: Fault) async throws {
        try await World.with(.memory, try Setup(right.spoil)) { world in
            let reply = try await world.acme.pay()
            #expect(reply.status == 201)
            #expect(reply.state == "succeeded")
            #expect(reply.attempts.first?["code"]?.text == right.code)
            #expect(world.bank.ledger[reply.id]?.captured == 1000)
            #expect(world.bank.counters.handshakes == 1)
        }
    }

    @Test("queues a payment for a bank where nobody listens")
    func nobody() async throws {
        let setup = try Setup {
            // The port of tcpmux, which nobody serves any more.
            $0.bankPort = 1
            $0.gatewayLines = [Self.quickly]
        }
        try await World.with(.memory, setup) { world in
            let reply = try await world.acme.pay()
            #expect(reply.state == "queued")
            #expect(reply.attempts.map { $0["code"]?.text } == Array(repeating: "connect_refused", count: 4))
        }
    }
}
