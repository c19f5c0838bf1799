import AdapterKit
import CurlTransport
import Logging
import NIOCore
import Payments
import RedisStore
import Signing

/// What lives as long as the process: the store, the transport, the clocks. What the configuration says beside that stands in a
/// `Generation`, which a reload replaces.
struct Composition: Sendable {
    /// Payments in flight on one replica; more are told to come again.
    private static let maximumInFlight = 16_384

    /// As it was at the start: where the listeners and the store stand never changes later.
    let configuration: Configuration
    let executor: EventLoopExecutor
    let store: any PaymentStore
    let auditLog: any AuditLog
    let callbackStore: any CallbackStore
    let events: any EventStore & DeliveryStore
    /// Set when the store is Redis: it has connections to start and to close.
    let redis: Redis?
    let transport: CurlTransport
    let vault: Vault
    let keySets: KeySets
    let breakers: CircuitBreakers
    let feed: EventFeed
    let inFlight: InFlight
    let adminAttempts: AdminAttempts
    let metrics: PrometheusMetrics
    let time: any TimeSource
    let random: any RandomSource
    let logger: Logger

    /// - Throws: what the store or the transport cannot start with.
    init(
        _ configuration: Configuration, executor: EventLoopExecutor, metrics: PrometheusMetrics, time: any TimeSource,
        random: any RandomSource, logger: Logger
    ) throws {
        self.configuration = configuration
        self.executor = executor
        self.metrics = metrics
        self.time = time
        self.random = random
        self.logger = logger
        transport = try CurlTransport(onDenial: EgressWatch(time: time, logger: logger).note)
        redis = try Redis(configuration, group: executor.group, time: time, random: random, logger: logger)
        let memory = MemoryPaymentStore(time: time)
        let memoryLog = MemoryAuditLog()
        auditLog = redis.map { RedisAuditLog(beside: $0.payments) } ?? memoryLog
        store = MeasuredPaymentStore(redis?.payments ?? memory, time: time)
        callbackStore = redis?.callbacks ?? MemoryCallbackStore(time: time)
        events = redis?.events ?? MemoryEventStore(payments: memory, audit: memoryLog, time: time)
        adminAttempts = AdminAttempts(time: time)
        inFlight = InFlight(limit: Self.maximumInFlight)
        vault = try Vault(configuration.encryption, random: random)
        keySets = KeySets(transport: transport, time: time, logger: logger)
        breakers = CircuitBreakers(
            settings: configuration.breakerSettings, store: redis?.breakers, audit: auditLog,
            replica: Hex.encode(random.bytes(8)), time: time,
            random: random, logger: logger)
        feed = EventFeed(store: events, vault: vault, inFlight: inFlight, time: time, logger: logger)
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

extension RedisURL {
    fileprivate var text: String {
        "\(usesTLS ? "rediss" : "redis")://\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
    }
}

extension Vault {
    /// Without keys (memory only: the configuration sees to that) under a key that ends with the process, as the payments do.
    fileprivate convenience init(_ encryption: Configuration.Encryption, random: any RandomSource) throws {
        var keys = try Self.keys(of: encryption)
        if keys.isEmpty { keys = [Vault.Key(id: "process", secret: Secret(random.bytes(32)))].compactMap { $0 } }
        guard let first = keys.first else { throw RuntimeFailure("The random generator gave no key.") }
        self.init(first: first, others: Array(keys.dropFirst()), random: random)
    }

    static func keys(of encryption: Configuration.Encryption) throws -> [Vault.Key] {
        let keys = encryption.keys.compactMap { Vault.Key(id: $0.id, secret: $0.key) }
        guard keys.count == encryption.keys.count else {
            throw RuntimeFailure("The encryption keys must have 32 bytes each and ids of 1 to 64 characters.")
        }
        return keys
    }
}

/// Something that stops the program, in words for whoever started it.
struct RuntimeFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
