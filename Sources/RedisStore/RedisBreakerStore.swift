import AdapterKit
public import Logging
public import NIOCore
public import Payments
import Resilience

/// The breakers that all replicas share. Times are judged on Redis' clock, inside the scripts.
///
/// Changes are announced on a stream that each replica reads on a connection of its own, waiting there: a breaker that is closed
/// and clean costs a look every few seconds.
public final class RedisBreakerStore: BreakerStore {
    /// Loaded from `reason` and `actor`: long enough for a sentence.
    private static let maximumText = 1_000

    let timeout: Duration
    let time: any TimeSource
    let random: any RandomSource
    let logger: Logger
    let client: RedisClient
    private let prefix: String
    private let names: RedisKeys

    /// Connects to nothing yet: that is for `start()`, and for those who follow.
    ///
    /// - Throws: `.refused` when the certificate authority cannot be read.
    public init(
        configuration: RedisConfiguration, time: any TimeSource, random: any RandomSource, logger: Logger,
        group: any EventLoopGroup
    ) throws(StoreFailure) {
        timeout = configuration.timeout
        self.time = time
        self.random = random
        self.logger = logger
        client = RedisClient(
            connections: 1, timeout: configuration.timeout,
            connector: try RedisConnector(configuration: configuration, group: group), time: time, random: random, logger: logger)
        prefix = configuration.keyPrefix
        names = RedisKeys(prefix: configuration.keyPrefix)
    }

    /// Begins to connect, and to connect again whenever the connection ends.
    public func start() async { client.start() }

    /// Ends the connection. What waits for a reply fails. Those who follow end with their task.
    public func shutdown() async { await client.shutdown() }

    // MARK: Reporting

    public func reportFailures(_ count: Int, id: String, _ report: BreakerReport) async throws(StoreFailure) {
        let settings = report.settings
        _ = try await run(
            .failures, report,
            [report.replica, String(count), id, String(settings.consecutiveFailures), Self.text(settings.openFor)])
    }

    public func reportSuccess(_ report: BreakerReport) async throws(StoreFailure) {
        _ = try await run(.success, report, [])
    }

    public func reportTrip(_ report: BreakerReport) async throws(StoreFailure) {
        let settings = report.settings
        _ = try await run(.trip, report, [report.replica, Self.text(settings.window), Self.text(settings.openFor)])
    }

    public func takeProbe(_ token: String, _ report: BreakerReport) async throws(StoreFailure) -> Bool {
        try await run(.takeProbe, report, [token, Self.text(report.settings.probeLease)]) == .integer(1)
    }

    public func endProbe(_ token: String, _ result: CallResult, _ report: BreakerReport) async throws(StoreFailure) {
        let settings = report.settings
        _ = try await run(
            .endProbe, report,
            [token, result.rawValue, String(settings.halfOpenProbes), Self.text(settings.openFor)])
    }

    public func force(
        _ gateway: String, _ order: BreakerOrder, reason: String, actor: String, limit: Duration?
    ) async throws(StoreFailure) {
        let words = [order.rawValue, limit.map(Self.text) ?? "0"] + [reason, actor].map { String($0.prefix(Self.maximumText)) }
        let subject = AuditSubject.gateway(gateway)
        // How it was is read a step before: what happens in between has an entry of its own, or is no operator's doing.
        let before = (try? await breakers(of: [gateway]))?[gateway]?.state
        let entry = HistoryEntry.forced(gateway, from: before, order, reason: reason, by: actor, limit: limit, at: time.now())
        let script = RedisBreakerScript.force.call(
            keys: keys(of: gateway) + [names.trail(of: subject)], [gateway] + words,
            RedisAuditScript.arguments(entry, of: subject))
        _ = try await client.send([names.register(subject), script])
    }

    private func run(
        _ script: RedisBreakerScript, _ report: BreakerReport, _ arguments: [String]
    ) async throws(StoreFailure) -> RedisReply {
        let head = [report.gateway, String(report.generation)]
        let replies = try await client.send([script.call(keys: keys(of: report.gateway), head + arguments)])
        guard let reply = replies.first else { throw Self.unexpected }
        return reply
    }

    /// Milliseconds, one at least: 0 would mean no end.
    private static func text(_ duration: Duration) -> String { String(max(1, duration.wholeMilliseconds)) }

    // MARK: Reading

    public func breakers(of gateways: [String]) async throws(StoreFailure) -> [String: SharedBreaker] {
        if gateways.isEmpty { return [:] }
        return try Self.breakers(of: gateways, try await client.send(reads(gateways)))
    }

    func reads(_ gateways: [String]) -> [RedisCommand] {
        gateways.map { RedisBreakerScript.read.call(keys: keys(of: $0), [$0]) }
    }

    static func breakers(of gateways: [String], _ replies: [RedisReply]) throws(StoreFailure) -> [String: SharedBreaker] {
        var breakers: [String: SharedBreaker] = [:]
        for (gateway, reply) in zip(gateways, replies) { breakers[gateway] = try breaker(reply) }
        return breakers
    }

    private static func breaker(_ reply: RedisReply) throws(StoreFailure) -> SharedBreaker {
        if let failure = StoreFailure(reply) { throw failure }
        let parts = (reply.elements ?? []).compactMap(\.text)
        guard parts.count == 6, let generation = Int(parts[0]), let state = BreakerState(rawValue: parts[1]) else {
            throw unexpected
        }
        return SharedBreaker(
            generation: generation, state: state, remaining: Int64(parts[2]).map { .milliseconds($0) },
            isCounting: parts[3] == "1", reason: parts[4].isEmpty ? nil : parts[4], actor: parts[5].isEmpty ? nil : parts[5])
    }

    static let unexpected = StoreFailure(code: .unreadable, detail: "a breaker in Redis cannot be read")

    // MARK: Keys

    /// All have one hash tag, so that they lie in one slot of a Redis Cluster.
    func keys(of gateway: String) -> [String] {
        ["\(prefix){breakers}:\(gateway)", stream, RedisKeys.absent(beside: "\(stream):")]
    }

    var stream: String { "\(prefix){breakers}" }
}
