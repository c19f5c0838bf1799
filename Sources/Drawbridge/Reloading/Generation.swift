import AdapterKit
import Payments
import Resilience
import Signing

/// Everything that follows from one reading of the configuration. A request goes its whole way within the generation that took
/// it; a reload makes the next one, and the old one ends with its last request.
struct Generation: Sendable {
    let configuration: Configuration
    let gateways: [Payments.Gateway]
    let service: PaymentService
    let recovery: Recovery
    let waiting: WaitingCallbacks
    let relay: EventRelay
    let dispatcher: WebhookDispatcher
    let limits: GatewayLimits
    let certificates: CertificateExpiry
    /// Certificates and keys that could not be used when they were read: unreadable, expired, or another's.
    let problems: [String]
    let api: APIResponder
    let callbacks: CallbackResponder
    let admin: AdminResponder

    /// - Parameter earlier: the generation that it replaces: what it has counted of its gateways goes on.
    /// - Throws: `ConfigurationProblems` for a certificate or key that cannot be read.
    init(_ configuration: Configuration, of base: Composition, after earlier: Generation? = nil) throws {
        self.configuration = configuration
        let gateways = try configuration.gateways.map { gateway in
            Payments.Gateway(
                name: gateway.name, adapter: gateway.adapter, endpoint: try gateway.endpoint(of: configuration),
                policy: gateway.policy, callback: gateway.callback)
        }
        self.gateways = gateways
        certificates = CertificateExpiry(gateways, configuration.listen)
        problems = configuration.unusable(at: base.time.now())
        limits = GatewayLimits(limits: configuration.byGateway(\.limit), continuing: earlier?.limits, time: base.time)
        let endpoints = configuration.webhookEndpoints
        let dispatcher = WebhookDispatcher(
            endpoints: endpoints, store: base.events, transport: base.transport, vault: base.vault, time: base.time,
            random: base.random, logger: base.logger)
        self.dispatcher = dispatcher
        relay = EventRelay(
            store: base.events, endpoints: { event in endpoints.filter { $0.wants(event) }.map(\.id) },
            grown: { [feed = base.feed] tenants in
                feed.wake(tenants)
                dispatcher.wake(tenants)
            }, time: base.time, logger: base.logger)
        let routing = Routing(configuration, gateways: gateways)
        let keeping = Keeping(retention: configuration.state.retention, keys: configuration.state.keysKept)
        service = PaymentService(
            settings: .init(
                deadline: configuration.payments.deadline, keeping: keeping, queue: configuration.queue.cadence,
                quotas: configuration.quotas, executor: base.executor),
            routing: routing, store: base.store, callbacks: base.callbackStore, relay: relay,
            client: GatewayClient(transport: base.transport, time: base.time, random: base.random, logger: base.logger),
            breakers: base.breakers, limits: limits, vault: base.vault,
            derivation: Derivation(deployment: configuration.deployment), time: base.time, random: base.random,
            inFlight: base.inFlight, logger: base.logger)
        recovery = Recovery(service: service)
        waiting = WaitingCallbacks(service: service)
        api = APIResponder(
            service: service, feed: base.feed, authentication: InboundAuthentication(configuration, keySets: base.keySets),
            time: base.time,
            random: base.random, logger: base.logger)
        callbacks = CallbackResponder(
            intake: CallbackReceiver(service: service, time: base.time, logger: base.logger), time: base.time)
        let operations = AdminOperations(
            operators: OperatorService(
                store: base.store, relay: relay, routing: routing, vault: base.vault, time: base.time, keeping: keeping,
                logger: base.logger),
            callbacks: CallbackReview(service: service, audit: base.auditLog, time: base.time, logger: base.logger),
            webhooks: WebhookReview(
                endpoints: endpoints, store: base.events, dispatcher: dispatcher, time: base.time, logger: base.logger),
            audit: AuditReview(store: base.store, log: base.auditLog),
            gateways: gateways, breakers: base.breakers, time: base.time, logger: base.logger)
        admin = AdminResponder(
            store: base.store, inFlight: base.inFlight, metrics: base.metrics,
            shelves: ShelfGauges(
                store: base.store, callbacks: base.callbackStore, gateways: gateways.map(\.name), metrics: base.metrics,
                time: base.time),
            operations: operations, token: configuration.listen.admin.token, attempts: base.adminAttempts,
            certificates: certificates,
            time: base.time, random: base.random, logger: base.logger)
    }

    /// Where its requests go.
    var endpoints: [Endpoint] { gateways.map(\.endpoint) + configuration.webhookEndpoints.map(\.endpoint) }

    /// What goes on beside the requests, until cancelled. Leases and holds see to it that two generations do nothing twice.
    func runBackground() async {
        await withTaskGroup { group in
            group.addTask { await waiting.run() }
            group.addTask { await dispatcher.run() }
            group.addTask { await recovery.run() }
        }
    }
}

extension Configuration {
    /// Certificates, keys and lists that cannot be used, as they stand in their files now.
    func unusable(at now: Timestamp) -> [String] {
        fileFindings(at: now).filter { $0.severity == .problem }.map { "\($0.key): \($0.message)" }
    }

    func byGateway<Value>(_ value: KeyPath<Gateway, Value>) -> [String: Value] {
        Dictionary(gateways.map { ($0.name, $0[keyPath: value]) }, uniquingKeysWith: { first, _ in first })
    }

    var breakerSettings: [String: CircuitBreaker.Settings] { byGateway(\.breakerSettings) }
}

extension Configuration {
    /// The same egress rules as for banks; the system's authorities, and TLS 1.2 for what is not a bank.
    fileprivate var webhookEndpoints: [WebhookEndpoint] {
        tenants.flatMap { tenant in
            tenant.webhooks.map { webhook in
                let url = webhook.url
                let endpoint = Endpoint(
                    scheme: url.scheme == .https ? .https : .http, host: url.address.host.text, port: url.address.port,
                    minimumTLS: .v12, addresses: webhook.addresses, purpose: "webhook", connectTimeout: .seconds(5),
                    attemptTimeout: WebhookDispatcher.attemptTimeout)
                return WebhookEndpoint(
                    tenant: tenant.id, url: "\(url.scheme.rawValue)://\(url.address)\(url.target)", endpoint: endpoint,
                    target: url.target, secrets: webhook.secrets, kinds: webhook.kinds)
            }
        }
    }
}

extension Configuration.Webhook {
    fileprivate var kinds: Set<PaymentEvent.Kind>? {
        guard case .only(let names) = events else { return nil }
        return Set(names.compactMap { PaymentEvent.Kind(rawValue: $0) })
    }
}

extension Routing {
    fileprivate init(_ configuration: Configuration, gateways: [Payments.Gateway]) {
        var allowed: [String: Set<String>] = [:]
        for tenant in configuration.tenants {
            if case .only(let names) = tenant.gateways { allowed[tenant.id] = Set(names) }
        }
        let routes = configuration.routes.map { route in
            Routing.Route(
                methods: route.match.methods.map(Set.init), currencies: route.match.currencies.map(Set.init),
                tenants: route.match.tenants.map(Set.init), minimumAmount: route.match.minAmount,
                maximumAmount: route.match.maxAmount,
                gateways: route.gateways, failoverOnDeclines: Set(route.failoverOnDeclines))
        }
        self.init(routes: routes, gateways: gateways, allowed: allowed)
    }
}
