import AdapterKit
import Signing
import Synchronization
import TestKit
import Testing

@testable import Payments

/// The events of a world's payments on their way to endpoints that follow a script.
struct WebhookWorld: Sendable {
    /// Decoded; the second one is on its way out.
    static let secrets = [Secret([UInt8](repeating: 1, count: 24)), Secret([UInt8](repeating: 2, count: 32))]

    let world: World
    let events: EventWorld
    /// What the endpoints are sent.
    let receiver = FakeTransport()
    let endpoint = WebhookWorld.endpoint()
    /// Of another tenant.
    let other = WebhookWorld.endpoint("globex")
    let dispatcher: WebhookDispatcher
    let review: WebhookReview

    init() throws {
        let world = try World()
        self.init(world, events: EventWorld(world))
    }

    /// One replica; another one may look at the same events.
    init(_ world: World, events: EventWorld) {
        self.world = world
        self.events = events
        dispatcher = WebhookDispatcher(
            endpoints: [endpoint, other], store: events.store, transport: receiver, vault: world.vault, time: world.time,
            random: SeededRandom(), logger: world.log.logger)
        review = WebhookReview(
            endpoints: [endpoint, other], store: events.store, dispatcher: dispatcher, time: world.time,
            logger: world.log.logger)
    }

    static func endpoint(_ tenant: String = "acme", kinds: Set<PaymentEvent.Kind>? = nil) -> WebhookEndpoint {
        WebhookEndpoint(
            tenant: tenant, url: "https://hooks.\(tenant).test/\(tenant)",
            endpoint: Endpoint(scheme: .https, host: "hooks.\(tenant).test", port: 443), target: "/\(tenant)",
            secrets: secrets, kinds: kinds)
    }

    /// Payments that succeeded, each with one event that waits for its tenant's endpoint.
    func pay(_ count: Int = 1, tenant: String = "acme", key: String = "key") async throws {
        for number in 1...count {
            world.bank.script(.charge("APPROVED"))
            try #require(try await world.pay(key: "\(key)-\(number)", tenant: tenant).status == 201)
        }
        try await relay()
    }

    func relay() async throws {
        dispatcher.wake(try await events.relay(to: endpoint, other))
    }

    @discardableResult
    func pass(width: Int = 32) async throws -> WebhookDispatcher.Report {
        try await dispatcher.pass(endpoint, width: width)
    }

    func status(of endpoint: WebhookEndpoint? = nil) async throws -> EndpointStatus {
        try await events.store.status(of: (endpoint ?? self.endpoint).id)
    }

    func deadLetters() async throws -> [DeadDelivery] {
        try await events.store.deadLetters(of: endpoint.id, after: nil, limit: 100)
    }

    /// Ids of the events in the order in which their attempts began.
    var sent: [String] { receiver.sent.compactMap { $0.request.headers.single("webhook-id") } }
}

extension FakeTransport.Step {
    static func status(_ status: Int, _ headers: (String, String)...) -> Self {
        .unsigned(GatewayResponse(status: status, headers: Headers(headers)))
    }
}

extension EgressRequest {
    /// As a receiver that knows these secrets judges, the time-stamp aside.
    func isSigned(with secrets: [Secret], body: [UInt8]? = nil) throws -> Bool {
        StandardWebhooks.verify(
            try #require(headers.single("webhook-signature")), id: try #require(headers.single("webhook-id")),
            timestamp: try #require(headers.single("webhook-timestamp")), body: body ?? self.body, with: secrets)
    }
}
