internal import AdapterKit
internal import CCurl
internal import Payments

/// What the transport's thread does: waits for sockets, times and new exchanges, and calls libcurl.
final class EventLoop {
    private let intake: Intake
    private let events: EventQueue
    private let limits: CurlTransport.Limits
    private let clock = ContinuousClock()
    private var pools: [ConnectionKey: ConnectionPool] = [:]
    private var poolsByNumber: [UInt32: ConnectionPool] = [:]
    private var lastNumber: UInt32 = 0

    init(intake: Intake, events: EventQueue, limits: CurlTransport.Limits) {
        self.intake = intake
        self.events = events
        self.limits = limits
    }

    /// Returns when the transport is shut down and every exchange has ended.
    func run() {
        // libcurl does not keep this signal away when it is told to leave signals alone.
        ccurl_block_sigpipe()
        while true {
            let (submissions, drained) = intake.take()
            guard !drained else { break }
            for submission in submissions { start(submission) }
            let now = clock.now
            for pool in poolsByNumber.values { pool.tick(now: now) }
            dropIdlePools(now: now)
            for event in events.wait(timeout: millisecondsToWait()) { handle(event) }
        }
        pools = [:]
        poolsByNumber = [:]
        intake.end()
    }

    private func start(_ submission: Submission) {
        guard let pool = pool(for: submission.endpoint) else {
            submission.continuation.resume(returning: .failure(.notSent("\(limits.endpoints) endpoints are in use already")))
            return intake.finishOne()
        }
        pool.start(submission)
    }

    private func handle(_ event: EventQueue.Readiness) {
        guard event.tag.pool != EventQueue.Tag.wakeup.pool else { return intake.wakeup.reset() }
        poolsByNumber[event.tag.pool]?.handle(event)
    }

    /// Until the first pool's time comes, rounded up; -1 for ever.
    private func millisecondsToWait() -> Int32 {
        let deadlines = pools.values.compactMap { pool in
            pool.isIdle ? pool.idleSince + limits.idleEndpoint : pool.deadline
        }
        guard let first = deadlines.min() else { return -1 }
        let wait = max(.zero, first - clock.now) + .microseconds(999)
        return Int32(clamping: wait.wholeMilliseconds)
    }
}

// The pools.
extension EventLoop {
    private func pool(for endpoint: Endpoint) -> ConnectionPool? {
        let key = ConnectionKey(endpoint)
        if let pool = pools[key] { return pool }
        guard pools.count < limits.endpoints || dropLongestIdle() else { return nil }
        lastNumber = max(1, lastNumber &+ 1)
        let pool = ConnectionPool(number: lastNumber, limit: limits.connectionsPerEndpoint, events: events, intake: intake)
        pools[key] = pool
        poolsByNumber[lastNumber] = pool
        return pool
    }

    private func dropIdlePools(now: ContinuousClock.Instant) {
        for (key, pool) in pools where pool.isIdle && pool.idleSince + limits.idleEndpoint <= now { drop(key) }
    }

    /// - Returns: whether there was one to drop.
    private func dropLongestIdle() -> Bool {
        let idle = pools.filter { $0.value.isIdle }
        guard let longest = idle.min(by: { $0.value.idleSince < $1.value.idleSince }) else { return false }
        drop(longest.key)
        return true
    }

    private func drop(_ key: ConnectionKey) {
        guard let pool = pools.removeValue(forKey: key) else { return }
        poolsByNumber[pool.number] = nil
    }
}
