import AdapterKit
import MockGateways
import ProcessKit
import Signing
import TestKit
import Testing

/// A UPI facade, and a running gateway that speaks to it over mutual TLS, in both directions.
struct UPIWorld: Sendable {
    let facade: MockBank
    let gateway: RunningGateway
    let setup: Setup

    var acme: Caller { gateway.acme }

    /// Runs the body with both running, and ends them whatever happens.
    /// - Parameters:
    ///   - subject: of the certificate that the facade shows where it calls back.
    ///   - lines: of the gateway's section.
    static func with(
        _ lines: [String] = [World.asksLater], calledBackBy subject: String = "npci-facade", attempt: String = "5s",
        _ change: (inout CallbackDestination) -> Void = { _ in }, _ body: (UPIWorld) async throws -> Void
    ) async throws {
        let setup = try Setup {
            $0.adapter = "npci-upi"
            $0.settings = settings
            $0.callback = callback
            $0.callbackServer = try $0.authority.server(valid: Setup.valid)
            $0.callbackPort = try RedisServer.freePort()
            $0.gatewayLines = lines
            $0.lines = ["queue: { retry: { first: 2s, max: 2s } }"]
            $0.attempt = attempt
        }
        var destination = try destination(setup, subject)
        change(&destination)
        let facade = try await start(setup, destination)
        do {
            try await with(facade, setup, body)
            await facade.stop()
        } catch {
            await facade.stop()
            throw error
        }
    }

    private static func with(_ facade: MockBank, _ setup: Setup, _ body: (UPIWorld) async throws -> Void) async throws {
        let folder = try Folder()
        try folder.write("own.pem", UPIKeys.ownKey.utf8)
        try folder.write("facade.pem", UPIKeys.facadePublicKey.utf8)
        try await RunningGateway.with(try setup.write(to: folder, bankPort: facade.port)) { gateway in
            try await body(UPIWorld(facade: facade, gateway: gateway, setup: setup))
        }
    }

    // MARK: Who signs with what

    static let organisation = "drawbridge-org"
    private static let key = SigningKey(id: "upi-1", secret: Secret(text: "upi-hmac-secret"))
    private static let callbackKey = SigningKey(id: "facade-1", secret: Secret(text: "facade-hmac-secret"))

    static let settings = [
        "organisation: \(organisation)", "participant_code: DRW", "keys: [{ id: upi-1, secret: \"text:upi-hmac-secret\" }]",
        "payload_key: \"file:own.pem\"",
    ]

    static let callback = [
        "organisation: npci-facade", "keys: [{ id: facade-1, secret: \"text:facade-hmac-secret\" }]",
        "payload_key: \"file:facade.pem\"", "client_certificate_subject: \"CN=npci-facade\"",
    ]

    private static func start(_ setup: Setup, _ destination: CallbackDestination) async throws -> MockBank {
        let client = NonceSigned(
            names: .proposed, sender: organisation, keys: [key],
            payload: .init(key: Secret(text: UPIKeys.ownPublicKey), form: .raw))
        let face = try GatewayFace.npciUPI(
            client: client, organisation: "npci-facade", payload: .init(key: Secret(text: UPIKeys.facadeKey), form: .raw))
        var configuration = MockBank.Configuration(face: face, now: { Caller.now })
        configuration.tls = setup.bankTLS
        configuration.callbacks = destination
        return try await MockBank.start(configuration)
    }

    private static func destination(_ setup: Setup, _ subject: String) throws -> CallbackDestination {
        let url = try #require(CallbackURL("https://127.0.0.1:\(setup.callbackPort)\(World.callbackTarget)"))
        var destination = CallbackDestination(url: url, key: callbackKey) { UInt64.random(in: .min ... .max) }
        destination.waits = Array(repeating: .milliseconds(100), count: 100)
        destination.tls.authorityPEM = setup.authority.root.certificate
        let shown = try setup.authority.client(named: subject, valid: Setup.valid)
        destination.tls.client = (certificatePEM: shown.certificate, keyPEM: shown.key)
        return destination
    }

    // MARK: Paying

    /// A payment of 10.00 rupees.
    /// - Parameter note: in which a misbehaviour can be asked for.
    func pay(_ note: String? = nil, flow: String = "pay", key: String = Caller.freshKey()) async throws -> Reply {
        let method = JSON.members([
            ("type", .string("upi")),
            (
                "upi",
                .members([
                    ("flow", .string(flow)), ("payer_vpa", .string("alice@psp")), ("payee_vpa", .string("shop@bank")),
                ])
            ),
        ])
        var order = Caller.order(("currency", .string("INR")), ("method", method))
        if let note, let members = order.members { order = .object(members + [.init("description", .string(note))]) }
        return try await acme.pay(order, key: key)
    }

    /// The id under which a charge of ours goes, derived as the adapter's README says.
    static func transaction(ofCharge reference: String) -> String {
        let digits = ReferenceDigest.hexadecimal(reference, length: 32)
        let first = (digits.first?.hexDigitValue ?? 0) & 7
        return "DRW\(first)\(digits.dropFirst())"
    }

    /// What the gateway would send once more after the facade's answer was lost, signed as it does.
    /// - Parameter headers: that are to be otherwise.
    func post(
        _ body: JSON, to path: String = "/v1/initiateTransaction", nonce: String = Caller.freshKey(),
        at time: Timestamp = Caller.now,
        _ headers: [String: String] = [:]
    ) async throws -> CallbackResult {
        let message = NonceSignature.Message(
            method: "POST", path: path, timestamp: time.rfc3339WholeSeconds, nonce: nonce, body: body.encoded())
        let payload = NonceSigned.Payload(key: Secret(text: UPIKeys.ownKey), form: .raw)
        let names = NonceSigned.Names.proposed
        let fields = [
            (names.sender, Self.organisation), (names.timestamp, message.timestamp), (names.nonce, nonce),
            (names.keyID, Self.key.id), (names.signature, NonceSignature.code(of: message, with: Self.key.secret)),
            (names.payloadSignature, try #require(NonceSignature.payloadSignature(of: message, payload))),
        ].map { (name: $0.0, value: headers[$0.0] ?? $0.1) }
        let url = try #require(CallbackURL("https://127.0.0.1:\(facade.port)\(path)"))
        let client = try CallbackClient(url: url, tls: try shown())
        return await client.post(CallbackPost(target: path, headers: fields, body: message.body))
    }

    private func shown() throws -> CallbackDestination.TLS {
        let client = try #require(setup.client)
        return .init(
            authorityPEM: setup.authority.root.certificate, client: (certificatePEM: client.certificate, keyPEM: client.key))
    }

    /// What the facade was answered, once it has nothing more to tell.
    func answersToCallbacks() async -> [CallbackResult] {
        await facade.reaches(callbacks: { $0.underway == 0 && !$0.attempts.isEmpty })
        return facade.callbacks.attempts.map(\.result)
    }
}
