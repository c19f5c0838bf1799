import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

/// A Pix provider, and a running gateway between it and the tests; all over mutual TLS.
struct PixWorld: Sendable {
    /// What a test may want to be otherwise.
    struct Plan: Sendable {
        /// Of a token, in seconds.
        var tokenLifetime = 300
        /// How far the provider's clock is behind ours: charges are that much older there.
        var lag = Duration.zero
        /// Whether callbacks are proved, or hints.
        var isHint = false
        /// What the provider shows where it calls back; `nil` shows nothing.
        var caller: (@Sendable (TestAuthority) throws -> TestCertificate?)? = {
            try $0.client(named: subject, valid: Setup.valid)
        }
        /// What we say is the secret; the provider knows better.
        var secret = PixWorld.secret
        /// What the provider answers before its books are asked.
        var expectations: [ExpectationFolder] = []
        /// Further lines of the gateway's section.
        var lines = [World.asksLater]
        var attempt = "5s"
    }

    static let secret = "p1x-secret-in-a-text"
    static let subject = "psp-webhook"
    static let key = "7d9f0335-8dcc-4054-9bf9-0dbd61d36906"

    let provider: MockBank
    let gateway: RunningGateway
    var acme: Caller { gateway.acme }

    static func with(_ plan: Plan = Plan(), _ body: (PixWorld) async throws -> Void) async throws {
        let (setup, folder) = (try Setup(), try Folder())
        let callbackPort = try RedisServer.freePort()
        let provider = try await MockBank.start(try configuration(plan, setup, callbackPort: callbackPort))
        do {
            try write(plan, setup, to: folder, providerPort: provider.port, callbackPort: callbackPort)
            try await RunningGateway.with(folder.path("pix.yaml")) { gateway in
                try await body(PixWorld(provider: provider, gateway: gateway))
            }
            await provider.stop()
        } catch {
            await provider.stop()
            throw error
        }
    }

    private static func configuration(_ plan: Plan, _ setup: Setup, callbackPort: Int) throws -> MockBank.Configuration {
        let face = GatewayFace.pix(
            clientID: "acme-pix", secret: Secret(text: secret), tokenLifetime: .seconds(plan.tokenLifetime))
        var configuration = MockBank.Configuration(face: face, now: { Caller.now + (.zero - plan.lag) })
        configuration.tls = setup.bankTLS
        configuration.expectations = plan.expectations
        let url = try #require(CallbackURL("https://127.0.0.1:\(callbackPort)/callbacks/pix-a"))
        var destination = CallbackDestination(url: url) { UInt64.random(in: .min ... .max) }
        destination.tls.authorityPEM = setup.authority.root.certificate
        destination.tls.client = try plan.caller?(setup.authority).map { ($0.certificate, $0.key) }
        destination.waits = Array(repeating: .milliseconds(100), count: 20)
        configuration.callbacks = destination
        return configuration
    }

    private static func write(
        _ plan: Plan, _ setup: Setup, to folder: Folder, providerPort: Int, callbackPort: Int
    ) throws {
        // Certificates of client and authority, and the secrets of the tenants.
        _ = try setup.write(to: folder, bankPort: 1)
        let listener = try setup.authority.server(valid: Setup.valid)
        try folder.write("callbacks.pem", listener.certificate)
        try folder.write("callbacks.key", listener.key)
        let proof = plan.isHint ? "hint: true" : "client_certificate_subject: \"CN=\(subject)\""
        let yaml = """
            deployment: integration
            listen:
              api: { address: 127.0.0.1:0 }
              callbacks:
                address: 127.0.0.1:\(callbackPort)
                tls: { certificate: callbacks.pem, key: callbacks.key\(plan.isHint ? "" : ", client_ca: ca.pem") }
              admin: { address: 127.0.0.1:0 }
            state: { backend: memory }
            encryption: { keys: [{ id: ring-1, key: "text:cjFuZy1rZXktb2YtdGhlLWludGVncmF0aW9uLXRlc3Q=" }] }
            tenants: { acme: { keys: [{ id: acme-1, secret: "env:DRAWBRIDGE_TEST_ACME_SECRET" }] } }
            gateways:
              pix-a:
                adapter: pix
                base_url: https://127.0.0.1:\(providerPort)/api/v2
                allow_private_addresses: true
                settings:
                  token_url: https://127.0.0.1:\(providerPort)/oauth/token
                  client_id: acme-pix
                  client_secret: "text:\(plan.secret)"
                  key: \(key)
                tls: { ca: ca.pem, certificate: client.pem, key: client.key }
                timeout: { connect: \(plan.attempt), attempt: \(plan.attempt) }
                callback: { \(proof) }
            \(plan.lines.map { "    \($0)" }.joined(separator: "\n"))
            routes: [{ gateways: [pix-a] }]
            payments: { deadline: 12s }
            log: { level: info }

            """
        try folder.write("pix.yaml", yaml.utf8)
    }

    /// An order of 10.00 by Pix.
    static func order(_ description: String? = nil, _ pix: (String, JSON)...) -> JSON {
        let method = JSON.members([("type", .string("pix")), ("pix", .members(pix))])
        let order = Caller.order(("method", method))
        return description.map { .object((order.members ?? []) + [JSON.Member("description", .string($0))]) } ?? order
    }

    /// A charge that waits for its payer.
    func charge() async throws -> Reply {
        let reply = try await acme.pay(Self.order())
        try #require(reply.status == 201 && reply.state == "requires_action", "\(reply.text)")
        return reply
    }

    /// A payment whose payer has paid and that we were told of.
    func paid() async throws -> Reply {
        let charge = try await charge()
        try provider.settle(charge.id, as: .approved)
        _ = try await acme.events(of: charge.id, until: "payment.succeeded")
        return try await acme.payment(charge.id)
    }

    /// What the provider was answered, once it has nothing more to tell.
    func answersToCallbacks() async -> [CallbackResult] {
        await provider.reaches(callbacks: { $0.underway == 0 && !$0.attempts.isEmpty })
        return provider.callbacks.attempts.map(\.result)
    }

    var tokensFetched: Int { provider.counters[.session] }
}
