import NIOCore
import Payments
import Synchronization

/// The primaries of a Redis Cluster, and which of them serves which slot. Until one is found it costs a look at a flag.
final class RedisClusterClient: Sendable {
    private struct State {
        var slots: RedisSlotMap?
        var nodes: [RedisNode: RedisConnections]
        /// When the nodes may be asked again where the slots are.
        var refreshes = NIODeadline.distantPast
        var questions = 0
        var isStopped = false
    }

    /// How often a command is sent on before a redirection is its answer.
    private static let redirections = 5
    /// Between two questions where the slots are: while they move, each of many steps would ask.
    private static let refreshPause = TimeAmount.milliseconds(250)
    /// Before a command is sent again whose keys are on their way to another node.
    private static let tryAgainPause = TimeAmount.milliseconds(20)

    private let seed: RedisNode
    private let connector: RedisConnector
    private let make: @Sendable (RedisNode) -> RedisConnections
    private let found = Atomic(false)
    private let state: Mutex<State>

    init(
        seed: (node: RedisNode, connections: RedisConnections), connector: RedisConnector,
        make: @escaping @Sendable (RedisNode) -> RedisConnections
    ) {
        self.seed = seed.node
        self.connector = connector
        self.make = make
        self.state = Mutex(State(nodes: [seed.node: seed.connections]))
    }

    var isFound: Bool { found.load(ordering: .acquiring) }

    /// The seed is among those that are ended.
    func shutdown() async {
        let nodes = state.withLock { state in
            state.isStopped = true
            return state.nodes
        }
        for connections in nodes.values { await connections.shutdown() }
    }

    // MARK: Slots

    /// Nodes that serve nothing any more are let go; the seed stays, by whose name others may be found again.
    func adopt(_ slots: RedisSlotMap) {
        let gone = state.withLock { state in
            state.slots = slots
            state.refreshes = .now() + Self.refreshPause
            let gone = state.nodes.filter { $0.key != seed && !slots.nodes.contains($0.key) }
            for node in gone.keys { state.nodes[node] = nil }
            return gone
        }
        found.store(true, ordering: .releasing)
        for connections in gone.values { connections.end() }
    }

    private var slots: RedisSlotMap? { state.withLock { $0.slots } }

    /// Of all that serve slots.
    func primaries() -> [RedisConnections] { (slots?.nodes ?? []).compactMap(connections) }

    /// `nil` after the shutdown.
    private func connections(to node: RedisNode) -> RedisConnections? {
        state.withLock { state in
            guard !state.isStopped else { return nil }
            if let known = state.nodes[node] { return known }
            let new = make(node)
            state.nodes[node] = new
            new.start()
            return new
        }
    }

    /// Asks one node after the other, those that are connected, until one says where the slots are.
    private func refresh(before deadline: NIODeadline) async {
        let nodes: [(RedisNode, RedisConnections)] = state.withLock { state in
            guard state.refreshes <= .now() else { return [] }
            state.refreshes = .now() + Self.refreshPause
            state.questions += 1
            let nodes = state.nodes.map { ($0.key, $0.value) }
            // Another is first each time: one may be cut off and know nothing new.
            let first = state.questions % nodes.count
            return Array(nodes[first...] + nodes[..<first])
        }
        for (node, connections) in nodes {
            guard let connection = connections.live(),
                let reply = try? await connection.send([RedisSlotMap.question], deadline: deadline).first,
                let slots = RedisSlotMap(reply, from: node), !slots.nodes.isEmpty
            else { continue }
            return adopt(slots)
        }
    }

    // MARK: Batches

    /// The replies to all commands, error replies among them, and failures of nodes that could not be reached.
    ///
    /// What was refused (`MOVED`, `ASK`, `TRYAGAIN`) was not executed, so to send it again is safe; and so it is where a connection
    /// broke, since every batch of these stores may be repeated.
    func replies(to commands: [RedisCommand], before deadline: NIODeadline) async -> [RedisReply] {
        var batch = RedisBatch(commands)
        var turns = 0
        while turns <= Self.redirections {
            var needs = Needs()
            await send(&batch, &needs, before: deadline)
            if batch.isDone || .now() >= deadline { break }
            turns += 1
            if needs.slots { await refresh(before: deadline) }
            if needs.patience { turns = 0 }
            if needs.pause {
                // One more that is cut off by the deadline would end a connection that is well.
                guard .now() + .init(connector.timeout / 4) < deadline else { break }
                turns = 0
                await pause()
            }
        }
        return batch.replies
    }

    /// What is to be done before the next turn.
    private struct Needs {
        var slots = false
        var pause = false
        /// A node is not connected. It may come back, or another may take its slots over.
        var patience = false
    }

    private func send(_ batch: inout RedisBatch, _ needs: inout Needs, before deadline: NIODeadline) async {
        var parts = parts(of: batch)
        if parts.contains(where: { connection(for: $0) == nil }) {
            await refresh(before: deadline)
            parts = self.parts(of: batch)
        }
        for (part, future) in zip(parts, await submit(parts, of: batch, before: deadline)) {
            do {
                let replies = try await future.get()
                batch.take(replies, of: part) { next(after: $0, from: part.node, &needs) }
            } catch is NotYet {
                needs.slots = true
                needs.patience = true
                batch.fail(part, RedisInterruption.lost.failure, next: .owner)
            } catch {
                let interruption = error as? RedisInterruption
                if interruption == .lost { needs.slots = true }
                let failure = error as? StoreFailure ?? (interruption ?? .lost).failure
                batch.fail(part, failure, next: interruption == .lost ? .owner : nil)
            }
        }
    }

    private func parts(of batch: RedisBatch) -> [RedisBatch.Part] {
        let slots = slots
        return batch.parts(any: connectedNode) { slots?.owner(of: $0) }
    }

    private func connectedNode() -> RedisNode {
        state.withLock { $0.nodes }.first { $0.value.live() != nil }?.key ?? seed
    }

    private func connection(for part: RedisBatch.Part) -> RedisConnection? { part.node.flatMap(connections)?.live() }

    /// All parts are on their way before the first is waited for; last those of nodes that are not connected just now.
    private func submit(
        _ parts: [RedisBatch.Part], of batch: RedisBatch, before deadline: NIODeadline
    ) async -> [EventLoopFuture<[RedisReply]>] {
        let sent = parts.map { part in connection(for: part).map { submit(batch.words(of: part), over: $0, deadline) } }
        var all: [EventLoopFuture<[RedisReply]>] = []
        for (part, sent) in zip(parts, sent) {
            if let sent {
                all.append(sent)
            } else {
                all.append(await submit(batch.words(of: part), to: part.node, before: deadline))
            }
        }
        return all
    }

    /// There was no connection until the slots may be asked for again.
    private struct NotYet: Error {}

    private func submit(
        _ commands: [RedisCommand], to node: RedisNode?, before deadline: NIODeadline
    ) async -> EventLoopFuture<[RedisReply]> {
        let end = min(deadline, .now() + Self.refreshPause)
        do throws(StoreFailure) {
            guard let node else { throw StoreFailure(code: .unreachable, detail: "no node of the Redis Cluster serves the slot") }
            guard let connections = connections(to: node) else { throw RedisInterruption.lost.failure }
            return submit(commands, over: try await connections.connection(before: end), deadline)
        } catch {
            if end < deadline, end <= .now() { return connector.group.any().makeFailedFuture(NotYet()) }
            return connector.group.any().makeFailedFuture(error)
        }
    }

    private func submit(
        _ commands: [RedisCommand], over connection: RedisConnection, _ deadline: NIODeadline
    ) -> EventLoopFuture<[RedisReply]> {
        do throws(RedisInterruption) {
            return try connection.submit(commands, deadline: deadline)
        } catch {
            return connector.group.any().makeFailedFuture(error)
        }
    }

    private func next(after reply: RedisReply, from node: RedisNode?, _ needs: inout Needs) -> RedisBatch.Way? {
        if reply.errorCode == "TRYAGAIN" {
            needs.pause = true
            return .owner
        }
        guard let redirection = RedisRedirection(reply, from: node ?? seed) else { return nil }
        guard redirection.isForGood else { return .asking(redirection.node) }
        needs.slots = true
        state.withLock { $0.slots?.move(redirection.slot, to: redirection.node) }
        return .node(redirection.node)
    }

    private func pause() async {
        // A timer fails only where its loop has ended, and the program with it.
        _ = try? await connector.group.any().scheduleTask(in: Self.tryAgainPause) {}.futureResult.get()
    }

    // MARK: Followers

    /// A connection for its caller alone, to the node that serves the key: what it told when it was greeted says whether it is.
    func connect(toServerOf key: String, before deadline: NIODeadline) async throws(StoreFailure) -> RedisConnection {
        let slot = RedisSlot(of: key.utf8)
        let node = slots?.owner(of: slot) ?? seed
        let connection: RedisConnection
        do throws(StoreFailure) {
            connection = try await connector.connect(to: node)
        } catch {
            if isFound { await refresh(before: deadline) }
            throw error
        }
        guard let slots = connection.slots else { return connection }
        adopt(slots)
        guard let owner = slots.owner(of: slot), owner != node else { return connection }
        connection.close()
        return try await connector.connect(to: owner)
    }
}
