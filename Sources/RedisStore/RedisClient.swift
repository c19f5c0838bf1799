import AdapterKit
import Logging
import NIOCore
import Payments

/// Sends batches of commands: each is one flush on one connection, answered in order.
struct RedisClient: Sendable {
    /// To the server that the URL names: all there is, or one of a cluster.
    private let seed: RedisConnections
    private let cluster: RedisClusterClient
    private let timeout: Duration

    /// - Parameters:
    ///   - connections: to each server.
    ///   - takesTurns: whether all of them are used in turn.
    init(
        connections: Int, takesTurns: Bool = false, timeout: Duration, connector: RedisConnector, time: any TimeSource,
        random: any RandomSource,
        logger: Logger
    ) {
        @Sendable func make(_ node: RedisNode) -> RedisConnections {
            RedisConnections(
                to: node, count: connections, takesTurns: takesTurns, connector: connector, time: time, random: random,
                logger: logger)
        }
        seed = make(connector.seed)
        cluster = RedisClusterClient(seed: (connector.seed, seed), connector: connector, make: make)
        self.timeout = timeout
    }

    func start() { seed.start() }

    func shutdown() async { await cluster.shutdown() }

    /// Whether a Redis Cluster was found; before the first connection nobody knows.
    var isCluster: Bool { cluster.isFound }

    /// The replies to all commands; the first error reply is thrown.
    func send(_ commands: [RedisCommand]) async throws(StoreFailure) -> [RedisReply] {
        try Self.checked(try await replies(to: commands))
    }

    /// The same of a server that stands alone, for commands with keys of several slots; `nil` of a cluster, which was sent nothing.
    func sendAlone(_ commands: [RedisCommand]) async throws(StoreFailure) -> [RedisReply]? {
        let deadline = NIODeadline.now() + .init(timeout)
        guard var replies = try await attemptAlone(commands, before: deadline) else { return nil }
        if Self.lacksScripts(replies) {
            guard let again = try await attemptAlone(Self.loads + commands, before: deadline) else { return nil }
            replies = Array(again.dropFirst(Self.loads.count))
        }
        return try Self.checked(replies)
    }

    private static func checked(_ replies: [RedisReply]) throws(StoreFailure) -> [RedisReply] {
        if let failure = replies.lazy.compactMap({ StoreFailure($0) }).first { throw failure }
        return replies
    }

    /// The replies to all commands, error replies among them.
    ///
    /// Every batch of this store may be repeated: claims are known by their token, settlements by what they wrote. So one whose
    /// connection broke is sent once more within the time-out, and so is one whose scripts Redis has forgotten.
    func replies(to commands: [RedisCommand]) async throws(StoreFailure) -> [RedisReply] {
        let deadline = NIODeadline.now() + .init(timeout)
        let replies = try await attempt(commands, before: deadline)
        guard Self.lacksScripts(replies) else { return replies }
        return Array(try await attempt(Self.loads + commands, before: deadline).dropFirst(Self.loads.count))
    }

    private static let loads = RedisScript.all.map(\.load)

    private static func lacksScripts(_ replies: [RedisReply]) -> Bool { replies.contains { $0.errorCode == "NOSCRIPT" } }

    private func attempt(_ commands: [RedisCommand], before deadline: NIODeadline) async throws(StoreFailure) -> [RedisReply] {
        if let replies = try await attemptAlone(commands, before: deadline) { return replies }
        return await cluster.replies(to: commands, before: deadline)
    }

    /// `nil` of a cluster.
    private func attemptAlone(
        _ commands: [RedisCommand], before deadline: NIODeadline
    ) async throws(StoreFailure) -> [RedisReply]? {
        guard let first = try await connectionAlone(before: deadline) else { return nil }
        do throws(RedisInterruption) {
            return try await first.send(commands, deadline: deadline)
        } catch {
            guard error == .lost, NIODeadline.now() < deadline else { throw error.failure }
        }
        guard let second = try await connectionAlone(before: deadline) else { return nil }
        do throws(RedisInterruption) {
            return try await second.send(commands, deadline: deadline)
        } catch {
            throw error.failure
        }
    }

    /// To a server that is in no cluster.
    private func connectionAlone(before deadline: NIODeadline) async throws(StoreFailure) -> RedisConnection? {
        if cluster.isFound { return nil }
        let connection = try await seed.connection(before: deadline)
        guard let slots = connection.slots else { return connection }
        cluster.adopt(slots)
        return nil
    }

    // MARK: Beside the batches

    /// One command of each server there is; where one fails, so does all.
    func everywhere(_ command: RedisCommand) async throws(StoreFailure) -> [RedisReply] {
        let first = try await send([command])
        guard cluster.isFound else { return first }
        var replies: [RedisReply] = []
        for connections in cluster.primaries() {
            let deadline = NIODeadline.now() + .init(timeout)
            let connection = try await connections.connection(before: deadline)
            do throws(RedisInterruption) {
                replies += try await connection.send([command], deadline: deadline)
            } catch {
                throw error.failure
            }
        }
        if let failure = replies.lazy.compactMap({ StoreFailure($0) }).first { throw failure }
        return replies
    }

    /// One command of one server, by its place among all; `nil`: there are no more.
    func reply(to command: RedisCommand, fromServer place: Int) async throws(StoreFailure) -> RedisReply? {
        if !cluster.isFound {
            let reply = try await send([command]).first
            if !cluster.isFound { return place == 0 ? reply : nil }
        }
        let primaries = cluster.primaries()
        guard primaries.indices.contains(place) else { return nil }
        let deadline = NIODeadline.now() + .init(timeout)
        let connection = try await primaries[place].connection(before: deadline)
        do throws(RedisInterruption) {
            return try await connection.send([command], deadline: deadline).first
        } catch {
            throw error.failure
        }
    }

    /// A connection for its caller alone, to the server that has the key.
    func connect(toServerOf key: String) async throws(StoreFailure) -> RedisConnection {
        try await cluster.connect(toServerOf: key, before: .now() + .init(timeout))
    }
}
