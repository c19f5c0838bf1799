import AdapterKit
public import Logging
public import NIOCore
public import Payments

/// What all replicas remember of callbacks. All durations are judged on Redis' clock.
public final class RedisCallbackStore: CallbackStore {
    let client: RedisClient
    let keys: RedisCallbackKeys
    let logger: Logger
    private let random: any RandomSource

    /// Connects to nothing yet: that is for `start()`.
    ///
    /// - Throws: `.refused` when the certificate authority cannot be read.
    public init(
        configuration: RedisConfiguration, time: any TimeSource, random: any RandomSource, logger: Logger,
        group: any EventLoopGroup
    ) throws(StoreFailure) {
        client = RedisClient(
            connections: configuration.connections, timeout: configuration.timeout,
            connector: try RedisConnector(configuration: configuration, group: group), time: time, random: random, logger: logger)
        keys = RedisCallbackKeys(prefix: configuration.keyPrefix)
        self.logger = logger
        self.random = random
    }

    /// Over the connections of the payments, which start and end them: what a payment binds leaves in one write with its settlement.
    public init(beside payments: RedisPaymentStore, random: any RandomSource, logger: Logger) {
        client = payments.client
        keys = RedisCallbackKeys(prefix: payments.keys.prefix)
        self.logger = logger
        self.random = random
    }

    /// Begins to connect, and to connect again whenever a connection ends. Until then every step waits for up to the time-out.
    public func start() async { client.start() }

    /// Ends all connections. What waits for a reply fails.
    public func shutdown() async { await client.shutdown() }

    // MARK: Marks

    public func claim(_ mark: CallbackMark, for duration: Duration) async throws(StoreFailure) -> Bool {
        let (key, token) = (keys.mark(mark), token())
        // Read back, so that a repeat after a lost reply knows its own mark.
        let replies = try await client.send([
            RedisCommand("SET", key, token, "NX", "PX", Self.text(duration)), RedisCommand("GET", key),
        ])
        return replies.first == .status("OK") || replies.last?.text == token
    }

    public func release(_ mark: CallbackMark) async throws(StoreFailure) {
        _ = try await client.send([RedisCommand("DEL", keys.mark(mark))])
    }

    public func remember(_ marks: [CallbackMark], for duration: Duration) async throws(StoreFailure) {
        if marks.isEmpty { return }
        _ = try await client.send(marks.map { RedisCommand("SET", keys.mark($0), "1", "PX", Self.text(duration)) })
    }

    public func isKnown(_ marks: [CallbackMark]) async throws(StoreFailure) -> [Bool] {
        if marks.isEmpty { return [] }
        return try await client.send(marks.map { RedisCommand("EXISTS", keys.mark($0)) }).map { $0 == .integer(1) }
    }

    // MARK: References

    public func bind(
        _ reference: GatewayReference, to work: WorkID, for duration: Duration
    ) async throws(StoreFailure) -> [CallbackID] {
        let arguments = [work.description, token(), Self.text(duration)].map(RedisFields.bytes)
        let replies = try await client.send([RedisCallbackScript.bind.call(keys: keys.reference(reference), arguments)])
        return try RedisPaymentStore.parts(of: replies).map { reply throws(StoreFailure) in
            guard let id = reply.text.flatMap({ CallbackID($0) }) else { throw RedisPaymentStore.unexpected }
            return id
        }
    }

    public func find(
        _ reference: GatewayReference, orWait callback: CallbackID?, for duration: Duration
    ) async throws(StoreFailure) -> WorkID? {
        let arguments = [callback?.text ?? "", Self.text(duration), String(StoreLimits.waitingCallbacks)].map(RedisFields.bytes)
        let replies = try await client.send([RedisCallbackScript.find.call(keys: keys.reference(reference), arguments)])
        let parts = try RedisPaymentStore.parts(of: replies)
        switch parts.first?.text {
        case "none", "waits": return nil
        case "full": throw StoreFailure(code: .full, detail: "too many callbacks wait for one reference")
        case "bound":
            guard let work = parts.last?.text.flatMap({ WorkID($0) }) else { throw RedisPaymentStore.unexpected }
            return work
        default: throw RedisPaymentStore.unexpected
        }
    }

    private func token() -> String { hexadecimal(random.bytes(16)) }

    /// Milliseconds, one at least: Redis takes no 0.
    private static func text(_ duration: Duration) -> String { String(max(1, duration.wholeMilliseconds)) }
}
