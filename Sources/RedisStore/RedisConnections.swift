import Logging
import NIOCore
import Payments
import Resilience
import Synchronization

/// A few connections to one server, each made again whenever it ends.
final class RedisConnections: Sendable {
    private struct State {
        var live: [RedisConnection?]
        var next = 0
        var waiting: [UInt64: EventLoopPromise<RedisConnection>] = [:]
        var lastWaiter: UInt64 = 0
        /// Why there is no connection, for those who waited for one in vain.
        var cause = StoreFailure(code: .unreachable, detail: "not connected to Redis yet")
        var keepers: [Task<Void, Never>] = []
        var isStopped = false
    }

    /// Steps that wait for a connection to come back.
    private static let maximumWaiting = 10_000
    private static let backoff = Backoff(base: .milliseconds(50), ceiling: .seconds(1))

    private let node: RedisNode
    private let takesTurns: Bool
    private let connector: RedisConnector
    private let time: any TimeSource
    private let random: any RandomSource
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameter takesTurns: whether all are used in turn, as what waits on one holds up what stands behind it. Otherwise always the
    ///   same while it lives, so that what is sent at a time leaves in one write; the others are spare.
    init(
        to node: RedisNode, count: Int, takesTurns: Bool, connector: RedisConnector, time: any TimeSource,
        random: any RandomSource, logger: Logger
    ) {
        self.node = node
        self.takesTurns = takesTurns
        self.connector = connector
        self.time = time
        self.random = random
        self.logger = logger
        self.state = Mutex(State(live: Array(repeating: nil, count: max(1, count))))
    }

    func start() {
        state.withLock { state in
            guard state.keepers.isEmpty, !state.isStopped else { return }
            state.keepers = state.live.indices.map { slot in Task { await self.keep(slot) } }
        }
    }

    func shutdown() async { for keeper in end() { await keeper.value } }

    /// Ends all connections, and does not wait for what keeps them to notice.
    @discardableResult
    func end() -> [Task<Void, Never>] {
        let (keepers, connections, waiting) = state.withLock { state in
            state.isStopped = true
            defer { state.waiting = [:] }
            return (state.keepers, state.live, state.waiting)
        }
        for keeper in keepers { keeper.cancel() }
        for connection in connections { connection?.close() }
        for promise in waiting.values { promise.fail(RedisInterruption.lost) }
        return keepers
    }

    // MARK: Using

    /// A connection, one after the other; where there is none, the first to come back before the deadline.
    func connection(before deadline: NIODeadline) async throws(StoreFailure) -> RedisConnection {
        if let connection = live() { return connection }
        do {
            return try await wait(until: deadline).get()
        } catch {
            throw state.withLock { $0.cause }
        }
    }

    /// `nil` when there is none just now.
    func live() -> RedisConnection? { state.withLock { pick(&$0) } }

    private func pick(_ state: inout State) -> RedisConnection? {
        if takesTurns { state.next = (state.next + 1) % state.live.count }
        for slot in state.live.indices {
            let slot = (state.next + slot) % state.live.count
            if let connection = state.live[slot], connection.isActive { return connection }
        }
        return nil
    }

    private func wait(until deadline: NIODeadline) -> EventLoopFuture<RedisConnection> {
        let loop = connector.group.next()
        let promise = loop.makePromise(of: RedisConnection.self)
        guard let waiter = enlist(promise) else { return promise.futureResult }
        let timer = loop.scheduleTask(deadline: deadline) {
            self.state.withLock { $0.waiting.removeValue(forKey: waiter) }?.fail(RedisInterruption.timeout)
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        return promise.futureResult
    }

    /// `nil` when the promise is kept or broken already: a connection may have come back since it was looked for.
    private func enlist(_ promise: EventLoopPromise<RedisConnection>) -> UInt64? {
        let (connection, waiter): (RedisConnection?, UInt64?) = state.withLock { state in
            if let connection = pick(&state) { return (connection, nil) }
            guard !state.isStopped, state.waiting.count < Self.maximumWaiting else { return (nil, nil) }
            state.lastWaiter += 1
            state.waiting[state.lastWaiter] = promise
            return (nil, state.lastWaiter)
        }
        if let connection { promise.succeed(connection) } else if waiter == nil { promise.fail(RedisInterruption.crowded) }
        return waiter
    }

    // MARK: Keeping

    private func keep(_ slot: Int) async {
        var failures = 0
        while !Task.isCancelled {
            do throws(StoreFailure) {
                let connection = try await connector.connect(to: node)
                failures = 0
                guard publish(connection, slot) else { return connection.close() }
                logger.info("connected to Redis", metadata: ["node": "\(node)"])
                await connection.ended()
                withdraw(slot, StoreFailure(code: .unreachable, detail: "the connection to Redis broke"))
            } catch {
                withdraw(slot, error)
                log(error, failures: failures)
            }
            failures += 1
            guard await pause(after: failures) else { return }
        }
    }

    /// Only the first of a row of failures is news.
    private func log(_ failure: StoreFailure, failures: Int) {
        logger.log(
            level: failures == 0 ? .warning : .debug, "cannot connect to Redis: \(failure.detail)", metadata: ["node": "\(node)"])
    }

    private func pause(after failures: Int) async -> Bool {
        do {
            try await time.sleep(for: Self.backoff.delay(afterAttempt: failures, unit: random.unit()))
            return true
        } catch {
            return false
        }
    }

    /// `false` when the store was shut down meanwhile.
    private func publish(_ connection: RedisConnection, _ slot: Int) -> Bool {
        let waiting: [UInt64: EventLoopPromise<RedisConnection>]? = state.withLock { state in
            guard !state.isStopped else { return nil }
            state.live[slot] = connection
            defer { state.waiting = [:] }
            return state.waiting
        }
        for promise in (waiting ?? [:]).values { promise.succeed(connection) }
        return waiting != nil
    }

    private func withdraw(_ slot: Int, _ cause: StoreFailure) {
        state.withLock { state in
            state.live[slot] = nil
            state.cause = cause
        }
    }
}
