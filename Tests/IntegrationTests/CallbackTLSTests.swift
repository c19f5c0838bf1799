import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("Callbacks over mutual TLS", .serialized, .timeLimit(.minutes(2)))
struct CallbackTLSTests {
    /// Runs the body with a gateway that demands the subject `CN=bank-a`, and a bank that shows what it is given.
    private func with(
        clientOf client: (Setup) throws -> TestCertificate?, _ body: (World, Setup) async throws -> Void
    ) async throws {
        let setup = try Setup {
            $0.gatewayLines = [World.asksLater]
            $0.callbackServer = try $0.authority.server(valid: Setup.valid)
            $0.callback.append("client_certificate_subject: \"CN=bank-a\"")
        }
        let shown = try client(setup)
        let calls = { (destination: inout CallbackDestination) in
            destination.tls = tls(setup, shown)
            destination.waits = [.milliseconds(50)]
        }
        try await World.callingBack(.memory, setup, calls) { world in try await body(world, setup) }
    }

    private func tls(_ setup: Setup, _ client: TestCertificate?) -> CallbackDestination.TLS {
        CallbackDestination.TLS(
            authorityPEM: setup.authority.root.certificate,
            client: client.map { (certificatePEM: $0.certificate, keyPEM: $0.key) })
    }

    private static func bank(_ setup: Setup) throws -> TestCertificate {
        try setup.authority.client(named: "bank-a", valid: Setup.valid)
    }

    @Test("are taken from the subject that the gateway's section names")
    func right() async throws {
        try await with(clientOf: Self.bank) { world, _ in
            try world.bank.script(.callback(.onTime), for: .charge)
            let taken = try await world.acme.pay()
            #expect(await world.answersToCallbacks() == [.answered(status: 204)])
            #expect(try await world.acme.payment(taken.id).state == "succeeded")
        }
    }

    @Test("are forbidden to another subject that the same authority has signed")
    func another() async throws {
        let client = { (setup: Setup) in try setup.authority.client(named: "bank-b", valid: Setup.valid) }
        try await with(clientOf: client) { world, _ in
            try world.bank.script(.callback(.onTime), for: .charge)
            let taken = try await world.acme.pay()
            #expect(await world.answersToCallbacks() == [.answered(status: 403), .answered(status: 403)])
            #expect(try await world.acme.payment(taken.id).state == "processing")
            let metrics = try await world.gateway.ask("/metrics").text
            #expect(metrics.contains("drawbridge_callbacks_total{gateway=\"bank-a\",result=\"forbidden\"} 2"))
        }
    }

    /// What cannot even shake hands.
    enum Stranger: String, Sendable, CaseIterable, CustomTestStringConvertible {
        case withoutCertificate, ofAnotherAuthority, expired

        var testDescription: String { rawValue }

        func certificate(_ setup: Setup) throws -> TestCertificate? {
            switch self {
            case .withoutCertificate: nil
            case .ofAnotherAuthority:
                try TestAuthority(named: "Someone else", valid: Setup.valid).client(named: "bank-a", valid: Setup.valid)
            case .expired: try setup.authority.client(named: "bank-a", valid: Setup.past)
            }
        }
    }

    @Test("are not even read from a stranger", arguments: Stranger.allCases)
    func stranger(_ stranger: Stranger) async throws {
        try await with(clientOf: stranger.certificate) { world, _ in
            try world.bank.script(.callback(.onTime), for: .charge)
            let taken = try await world.acme.pay()
            #expect(await world.answersToCallbacks() == [.unanswered(.cut), .unanswered(.cut)])
            #expect(try await world.acme.payment(taken.id).state == "processing")
            #expect(!(try await world.gateway.ask("/metrics").text.contains("drawbridge_callbacks_total")))
        }
    }

    @Test("need the signature beside the certificate, and the certificate beside the signature")
    func both() async throws {
        try await with(clientOf: Self.bank) { world, setup in
            try world.bank.script(.pending, for: .charge)
            let taken = try await world.acme.pay()
            let event = World.event("evt_tls", of: taken.id)
            let other = SigningKey(id: Setup.callbackKey.id, secret: Secret(text: "not the secret of this key"))
            let unsigned = try await world.post(event.id, event.body, tls: tls(setup, try Self.bank(setup)), key: other)
            #expect(unsigned == .answered(status: 401))
            #expect(try await world.post(event) == .unanswered(.cut), "plain HTTP")
            #expect(try await world.acme.payment(taken.id).state == "processing")
        }
    }

    @Test("need a certificate of this listener: a header that speaks of one proves nothing, and check refuses to hope for it")
    func header() async throws {
        let folder = try Folder()
        let setup = try Setup { $0.callback.append("client_certificate_subject: \"CN=bank-a\"") }
        let run = try await RunningProgram.run(
            "check", "--config", try setup.write(to: folder, bankPort: 1), environment: Setup.environment)
        #expect(run.code == 2)
        #expect((run.output + run.errors).contains("client_certificate_subject"))
    }
}
