import AdapterKit
public import Logging
public import NIOCore
public import Payments

/// The feeds and deliveries that all replicas share. Times are judged on Redis' clock, inside the scripts.
///
/// A tenant's feed and all that is on its way to the tenant's endpoints lie in one slot of a Redis Cluster.
public final class RedisEventStore: EventStore {
    /// Events that one script appends, and that one call gives.
    static let step = 1_000

    let client: RedisClient
    let keys: RedisKeys
    let logger: Logger
    private let limits: FeedLimits

    /// Connects to nothing yet: that is for `start()`.
    ///
    /// - Throws: `.refused` when the certificate authority cannot be read.
    public init(
        configuration: RedisConfiguration, limits: FeedLimits = .standard, time: any TimeSource, random: any RandomSource,
        logger: Logger, group: any EventLoopGroup
    ) throws(StoreFailure) {
        self.client = RedisClient(
            connections: 1, timeout: configuration.timeout,
            connector: try RedisConnector(configuration: configuration, group: group), time: time, random: random, logger: logger)
        self.keys = RedisKeys(prefix: configuration.keyPrefix)
        self.logger = logger
        self.limits = limits
    }

    /// Begins to connect, and to connect again whenever the connection ends.
    public func start() async { client.start() }

    /// Ends the connection. What waits for a reply fails.
    public func shutdown() async { await client.shutdown() }

    /// At most 1,000.
    public func events(of tenant: String, after: EventID?, limit: Int) async throws(StoreFailure) -> FeedPage {
        let count = Self.bounded(limit)
        let parts = try await run(.readEvents, of: tenant, [after?.place ?? "", String(count + 1)])
        switch parts.first?.text {
        case "unknown": return .cursorNotKept
        case "page":
            let found = parts.last?.elements ?? []
            let page = try found.prefix(count).map { entry throws(StoreFailure) in
                try RedisEvent.feedEvent(entry, tenant: tenant)
            }
            return .page(page, hasMore: found.count > count)
        default: throw RedisEvent.unreadable
        }
    }

    static func bounded(_ limit: Int) -> Int { min(max(0, limit), step) }

    // MARK: Scripts

    func run(_ script: RedisScript, of tenant: String, _ arguments: [String]) async throws(StoreFailure) -> [RedisReply] {
        try await run(script, of: tenant, arguments.map(RedisFields.bytes))
    }

    func run(_ script: RedisScript, of tenant: String, _ arguments: [[UInt8]]) async throws(StoreFailure) -> [RedisReply] {
        let feed = keys.feed(of: tenant)
        let call = script.call(keys: [feed, RedisKeys.absent(beside: feed)], bounds + arguments)
        guard let parts = try await client.send([call]).first?.elements else { throw RedisEvent.unreadable }
        return parts
    }

    private var bounds: [[UInt8]] {
        [
            RedisFields.bytes(limits.age), RedisFields.bytes(String(limits.events)), RedisFields.bytes(limits.memory),
            RedisFields.bytes(String(limits.pendingDeliveries)), RedisFields.bytes(String(limits.deadLetters)),
        ]
    }
}
