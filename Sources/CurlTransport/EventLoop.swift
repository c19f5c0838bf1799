internal import AdapterKit
internal import CCurl
internal import Payments

/// What the transport's thread does: waits for sockets, times and new exchanges, and calls libcurl.
final class EventLoop {
    private let intake: Intake
    private let events: EventQueue
    private let limits: CurlTransport.Limits
    private let gate: AddressGate
    private let clock = ContinuousClock()
    /// In the order in which they are filled, so that a steady load finds its connections again.
    private var pools: [ConnectionKey: [ConnectionPool]] = [:]
    private var poolsByNumber: [UInt32: ConnectionPool] = [:]
    private var lastNumber: UInt32 = 0

    init(intake: Intake, events: EventQueue, limits: CurlTransport.Limits, gate: AddressGate) {
        self.gate = gate
        self.intake = intake
        self.events = events
        self.limits = limits
    }

    /// Returns when the transport is shut down and every exchange has ended.
    func run() {
        // libcurl does not keep this signal away when it is told to leave signals alone.
        ccurl_block_sigpipe()
        while true {
            let (submissions, kept, drained) = intake.take()
            guard !drained else { break }
            for submission in submissions { start(submission) }
            if let kept { retire(allBut: Set(kept.map(ConnectionKey.init))) }
            let now = clock.now
            for pool in poolsByNumber.values { pool.tick(now: now) }
            dropIdlePools(now: now)
            let timeout = intake.mayWait() ? millisecondsToWait() : 0
            events.wait(timeout: timeout, handle: handle)
        }
        pools = [:]
        poolsByNumber = [:]
        intake.end()
    }

    private func start(_ submission: Submission) {
        do throws(TransportFailure) {
            try gate.checkHost(of: submission.endpoint)
            try pool(for: submission.endpoint).start(submission)
        } catch {
            submission.continuation.resume(returning: .failure(error))
            intake.finishOne()
        }
    }

    private func handle(_ event: EventQueue.Readiness) {
        guard event.tag.pool != EventQueue.Tag.wakeup.pool else { return intake.wakeup.reset() }
        poolsByNumber[event.tag.pool]?.handle(event)
    }

    /// Until the first pool's time comes, rounded up; -1 for ever.
    private func millisecondsToWait() -> Int32 {
        var first: ContinuousClock.Instant?
        for pool in poolsByNumber.values {
            guard let due = pool.isIdle ? pool.idleSince + limits.idleEndpoint : pool.deadline else { continue }
            first = min(first ?? due, due)
        }
        guard let first else { return -1 }
        let wait = max(.zero, first - clock.now) + .microseconds(999)
        return Int32(clamping: wait.wholeMilliseconds)
    }
}

// The pools.
extension EventLoop {
    /// Connections in one pool at most.
    private static let poolCapacity = 256

    private func pool(for endpoint: Endpoint) throws(TransportFailure) -> ConnectionPool {
        let key = ConnectionKey(endpoint)
        let existing = pools[key] ?? []
        if let pool = existing.first(where: \.hasRoom) { return pool }
        guard !existing.isEmpty || pools.count < limits.endpoints || dropLongestIdle() else {
            throw .notSent("\(limits.endpoints) endpoints are in use already")
        }
        let capacity = min(Self.poolCapacity, limits.connectionsPerEndpoint - existing.reduce(0) { $0 + $1.capacity })
        guard capacity > 0 else {
            throw .notSent("\(limits.connectionsPerEndpoint) exchanges with this endpoint are in flight already")
        }
        return try makePool(key, to: endpoint, capacity: capacity)
    }

    private func makePool(_ key: ConnectionKey, to endpoint: Endpoint, capacity: Int) throws(TransportFailure) -> ConnectionPool {
        lastNumber = max(1, lastNumber &+ 1)
        guard
            let pool = ConnectionPool(
                to: endpoint, number: lastNumber, capacity: capacity, events: events, intake: intake, gate: gate)
        else {
            throw .notSent("libcurl has no memory for another handle")
        }
        pools[key, default: []].append(pool)
        poolsByNumber[lastNumber] = pool
        return pool
    }

    /// Nothing begins any more on a pool that `pools` does not hold; it is gone when its last exchange is.
    private func retire(allBut kept: Set<ConnectionKey>) {
        for (key, retired) in pools where !kept.contains(key) {
            for pool in retired { pool.isRetired = true }
            pools[key] = nil
        }
    }

    private func dropIdlePools(now: ContinuousClock.Instant) {
        poolsByNumber = poolsByNumber.filter { !$0.value.isRetired || !$0.value.isIdle }
        guard poolsByNumber.values.contains(where: { isOverdue($0, now) }) else { return }
        for key in pools.keys { drop(key) { isOverdue($0, now) } }
    }

    private func isOverdue(_ pool: ConnectionPool, _ now: ContinuousClock.Instant) -> Bool {
        pool.isIdle && pool.idleSince + limits.idleEndpoint <= now
    }

    /// - Returns: whether there was one to drop.
    private func dropLongestIdle() -> Bool {
        let idle = pools.filter { $0.value.allSatisfy(\.isIdle) }.mapValues { $0.map(\.idleSince).max() }
        guard let longest = idle.min(by: { ($0.value ?? clock.now) < ($1.value ?? clock.now) }) else { return false }
        drop(longest.key) { _ in true }
        return true
    }

    private func drop(_ key: ConnectionKey, where isUnwanted: (ConnectionPool) -> Bool) {
        for pool in pools[key] ?? [] where isUnwanted(pool) { poolsByNumber[pool.number] = nil }
        pools[key]?.removeAll(where: isUnwanted)
        if pools[key]?.isEmpty == true { pools[key] = nil }
    }
}
