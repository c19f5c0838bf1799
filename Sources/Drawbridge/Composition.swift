import AdapterKit
import CurlTransport
import Logging
import NIOCore
import Payments
import RedisStore
import Signing

/// Builds the running parts from the configuration.
struct Composition: Sendable {
    /// Payments in flight on one replica; more are told to come again.
    private static let maximumInFlight = 16_384

    let configuration: Configuration
    let executor: EventLoopExecutor
    let service: PaymentService
    let recovery: Recovery
    let operators: OperatorService
    let gateways: [Payments.Gateway]
    let breakers: CircuitBreakers
    let store: any PaymentStore
    let callbacks: CallbackReceiver
    let callbackReview: CallbackReview
    let waiting: WaitingCallbacks
    let callbackStore: any CallbackStore
    let relay: EventRelay
    let feed: EventFeed
    let dispatcher: WebhookDispatcher
    let webhookReview: WebhookReview
    /// Set when the store is Redis: it has connections to start and to close.
    let redis: Redis?
    let transport: CurlTransport
    let inFlight: InFlight
    let authentication: InboundAuthentication
    let certificates: CertificateExpiry
    let time: any TimeSource
    let random: any RandomSource
    let logger: Logger

    /// - Throws: `ConfigurationProblems` for a certificate or key that cannot be read.
    init(
        _ configuration: Configuration, executor: EventLoopExecutor, time: any TimeSource, random: any RandomSource,
        logger: Logger
    ) throws {
        self.executor = executor
        self.configuration = configuration
        self.time = time
        self.random = random
        self.logger = logger
        transport = try CurlTransport()
        redis = try Redis(configuration, group: executor.group, time: time, random: random, logger: logger)
        let memory = MemoryPaymentStore(time: time)
        store = MeasuredPaymentStore(redis?.payments ?? memory, time: time)
        callbackStore = redis?.callbacks ?? MemoryCallbackStore(time: time)
        let events: any EventStore & DeliveryStore = redis?.events ?? MemoryEventStore(payments: memory, time: time)
        inFlight = InFlight(limit: Self.maximumInFlight)
        authentication = InboundAuthentication(configuration)
        var gateways: [Payments.Gateway] = []
        for gateway in configuration.gateways {
            gateways.append(
                Payments.Gateway(
                    name: gateway.name, adapter: gateway.adapter, endpoint: try gateway.endpoint(of: configuration),
                    policy: gateway.policy, callback: gateway.callback))
        }
        self.gateways = gateways
        certificates = CertificateExpiry(gateways)
        breakers = CircuitBreakers(
            settings: configuration.byGateway(\.breakerSettings), store: redis?.breakers, replica: Hex.encode(random.bytes(8)),
            time: time, random: random, logger: logger)
        let routing = Routing(configuration, gateways: gateways)
        let vault = try Vault(configuration.encryption, random: random)
        let keeping = Keeping(retention: configuration.state.retention, keys: configuration.state.keysKept)
        let endpoints = configuration.webhookEndpoints
        let feed = EventFeed(store: events, vault: vault, inFlight: inFlight, time: time, logger: logger)
        let dispatcher = WebhookDispatcher(
            endpoints: endpoints, store: events, transport: transport, vault: vault, time: time, random: random, logger: logger)
        relay = EventRelay(
            store: events, endpoints: { event in endpoints.filter { $0.wants(event) }.map(\.id) },
            grown: { tenants in
                feed.wake(tenants)
                dispatcher.wake(tenants)
            }, time: time, logger: logger)
        self.feed = feed
        self.dispatcher = dispatcher
        webhookReview = WebhookReview(endpoints: endpoints, store: events, dispatcher: dispatcher, logger: logger)
        service = PaymentService(
            settings: .init(
                deadline: configuration.payments.deadline, keeping: keeping, queue: configuration.queue.cadence,
                executor: executor),
            routing: routing, store: store, callbacks: callbackStore, relay: relay,
            client: GatewayClient(transport: transport, time: time, random: random, logger: logger),
            breakers: breakers, limits: GatewayLimits(limits: configuration.byGateway(\.limit), time: time), vault: vault,
            derivation: Derivation(deployment: configuration.deployment), time: time, random: random, inFlight: inFlight,
            logger: logger)
        recovery = Recovery(service: service)
        callbacks = CallbackReceiver(service: service, time: time, logger: logger)
        waiting = WaitingCallbacks(service: service)
        callbackReview = CallbackReview(service: service, time: time, logger: logger)
        operators = OperatorService(
            store: store, relay: relay, routing: routing, vault: vault, time: time, keeping: keeping, logger: logger)
    }
}

extension Composition {
    /// What all replicas share.
    struct Redis: Sendable {
        let payments: RedisPaymentStore
        let breakers: RedisBreakerStore
        let callbacks: RedisCallbackStore
        let events: RedisEventStore

        /// `nil` where the state is kept in memory.
        fileprivate init?(
            _ configuration: Configuration, group: any EventLoopGroup, time: any TimeSource, random: any RandomSource,
            logger: Logger
        ) throws {
            guard configuration.state.backend == .redis else { return nil }
            let redis = configuration.state.redis
            let settings = try RedisConfiguration(
                url: redis.url.text,
                credentials: redis.credentials.map { .init(username: $0.username ?? "default", password: $0.password) },
                timeout: redis.timeout, waitReplicas: redis.waitReplicas, keyPrefix: redis.keyPrefix)
            payments = try RedisPaymentStore(configuration: settings, time: time, random: random, logger: logger, group: group)
            breakers = try RedisBreakerStore(configuration: settings, time: time, random: random, logger: logger, group: group)
            callbacks = RedisCallbackStore(beside: payments, random: random, logger: logger)
            events = try RedisEventStore(configuration: settings, time: time, random: random, logger: logger, group: group)
        }

        func start() async {
            await payments.start()
            await breakers.start()
            await events.start()
        }

        func shutdown() async {
            await events.shutdown()
            await breakers.shutdown()
            await payments.shutdown()
        }
    }
}

extension Configuration {
    fileprivate func byGateway<Value>(_ value: KeyPath<Gateway, Value>) -> [String: Value] {
        Dictionary(gateways.map { ($0.name, $0[keyPath: value]) }, uniquingKeysWith: { first, _ in first })
    }
}

extension Configuration {
    /// The same egress rules as for banks; the system's authorities, and TLS 1.2 for what is not a bank.
    fileprivate var webhookEndpoints: [WebhookEndpoint] {
        tenants.flatMap { tenant in
            tenant.webhooks.map { webhook in
                let url = webhook.url
                let endpoint = Endpoint(
                    scheme: url.scheme == .https ? .https : .http, host: url.address.host.text, port: url.address.port,
                    minimumTLS: .v12, connectTimeout: .seconds(5), attemptTimeout: WebhookDispatcher.attemptTimeout)
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

extension RedisURL {
    fileprivate var text: String {
        "\(usesTLS ? "rediss" : "redis")://\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
    }
}

extension Vault {
    /// Without keys (memory only: the configuration sees to that) under a key that ends with the process, as the payments do.
    fileprivate init(_ encryption: Configuration.Encryption, random: any RandomSource) throws {
        var keys = encryption.keys.compactMap { Vault.Key(id: $0.id, secret: $0.key) }
        if keys.isEmpty { keys = [Vault.Key(id: "process", secret: Secret(random.bytes(32)))].compactMap { $0 } }
        guard let first = keys.first, keys.count >= encryption.keys.count else {
            throw RuntimeFailure("The encryption keys must have 32 bytes each and ids of 1 to 64 characters.")
        }
        self.init(first: first, others: Array(keys.dropFirst()), random: random)
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

extension InboundAuthentication {
    fileprivate init(_ configuration: Configuration) {
        var schemes: [String: Scheme] = [:]
        for tenant in configuration.tenants {
            switch tenant.auth {
            case .hmac: schemes[tenant.id] = .hmac(KeyRing(tenant.keys))
            case .jwt: schemes[tenant.id] = .jwt
            case .none: schemes[tenant.id] = Scheme.none
            }
        }
        self.init(tenants: schemes)
    }
}

/// Something that stops the program, in words for whoever started it.
struct RuntimeFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
