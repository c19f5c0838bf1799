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

    /// The replies to all commands; the first error reply is thrown.
    func send(_ commands: [RedisCommand]) async throws(StoreFailure) -> [RedisReply] {
        let replies = try await replies(to: commands)
        if let failure = replies.lazy.compactMap({ StoreFailure($0) }).first { throw failure }
        return replies
    }

    /// The replies to all commands, error replies among them.
    ///
    /// Every batch of this store may be repeated: claims are known by their token, settlements by what they wrote. So one whose
    /// connection broke is sent once more within the time-out, and so is one whose scripts Redis has forgotten.
    func replies(to commands: [RedisCommand]) async throws(StoreFailure) -> [RedisReply] {
        let deadline = NIODeadline.now() + .init(timeout)
        var replies = try await attempt(commands, before: deadline)
        if replies.contains(where: { $0.errorCode == "NOSCRIPT" }) {
            let loads = RedisScript.all.map(\.load)
            replies = Array(try await attempt(loads + commands, before: deadline).dropFirst(loads.count))
        }
        return replies
    }

    private func attempt(_ commands: [RedisCommand], before deadline: NIODeadline) async throws(StoreFailure) -> [RedisReply] {
        if cluster.isFound { return await cluster.replies(to: commands, before: deadline) }
        let first = try await seed.connection(before: deadline)
        if let slots = first.slots {
            cluster.adopt(slots)
            return await cluster.replies(to: commands, before: deadline)
        }
        do throws(RedisInterruption) {
            return try await first.send(commands, deadline: deadline)
        } catch {
            guard error == .lost, NIODeadline.now() < deadline else { throw error.failure }
        }
        let second = try await seed.connection(before: deadline)
        do throws(RedisInterruption) {
            return try await second.send(commands, deadline: deadline)
        } catch {
            throw error.failure
        }
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
