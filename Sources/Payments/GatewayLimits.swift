import Resilience
import Synchronization

/// How many calls each gateway is given at a time and per second, and how many of them may be retries (config.md: `limits`,
/// `retry.budget`), so that a slow gateway takes nothing from another.
public final class GatewayLimits: Sendable {
    public struct Limit: Sendable, Equatable {
        /// Calls at a time; 1 or more.
        public var concurrency: Int
        /// More than 0; `nil`: as many as come.
        public var perSecond: Double?
        /// Retries for each recent call, and at least so many a second (O10).
        public var retryRatio: Double
        public var retryMinimumPerSecond: Int

        public init(
            concurrency: Int = 512, perSecond: Double? = nil, retryRatio: Double = 0.2, retryMinimumPerSecond: Int = 3
        ) {
            self.concurrency = concurrency
            self.perSecond = perSecond
            self.retryRatio = retryRatio
            self.retryMinimumPerSecond = retryMinimumPerSecond
        }
    }

    private final class Lane: Sendable {
        let limit: Limit
        let line: BulkheadLine
        let hasRate: Bool
        let rate: Mutex<TokenBucket>
        let budget: Mutex<RetryBudget>

        init(_ limit: Limit, time: any TimeSource) {
            self.limit = limit
            line = BulkheadLine(places: limit.concurrency, maximumWaiting: maximumWaiting, time: time)
            // A tenth of a second's worth may come at once: the gateway sees little more than its rate in any second.
            let perSecond = min(limit.perSecond ?? 1, 1_000_000)
            hasRate = limit.perSecond != nil
            rate = Mutex(TokenBucket(perSecond: perSecond, burst: Int(perSecond / 10)))
            budget = Mutex(RetryBudget(ratio: limit.retryRatio, minimumPerSecond: limit.retryMinimumPerSecond))
        }
    }

    /// Calls that wait for a place at one gateway.
    private static let maximumWaiting = 10_000

    private let lanes: [String: Lane]
    private let time: any TimeSource

    /// - Parameter earlier: a gateway whose limit is the same there goes on with what it has counted.
    public init(limits: [String: Limit], continuing earlier: GatewayLimits? = nil, time: any TimeSource) {
        var lanes: [String: Lane] = [:]
        for (gateway, limit) in limits {
            let lane = earlier?.lanes[gateway]
            lanes[gateway] = lane?.limit == limit ? lane : Lane(limit, time: time)
        }
        self.lanes = lanes
        self.time = time
    }

    // MARK: Calls

    /// Waits for a place and for the gateway's rate; where neither is short, without suspending. A gateway without limits
    /// lets everybody in.
    ///
    /// - Parameter until: monotonic; waits no longer.
    /// - Returns: `true` once in: then `leave` follows. `false`: the time was over first, too many wait already, or the task
    ///   was cancelled.
    public func enter(_ gateway: String, until: Duration) async -> Bool {
        guard let lane = lanes[gateway] else { return true }
        guard await lane.line.enter(until: until) else { return false }
        let isInTime = await turn(lane, until: until)
        if !isInTime { lane.line.leave() }
        return isInTime
    }

    public func leave(_ gateway: String) { lanes[gateway]?.line.leave() }

    private func turn(_ lane: Lane, until: Duration) async -> Bool {
        guard lane.hasRate else { return true }
        let now = time.monotonic()
        guard let wait = lane.rate.withLock({ $0.take(at: now, until: until) }) else { return false }
        guard wait > .zero else { return true }
        do {
            try await time.sleep(for: wait)
            return true
        } catch {
            lane.rate.withLock { $0.giveBack() }
            return false
        }
    }

    // MARK: Retries

    /// Counts a call that is no retry.
    public func called(_ gateway: String) {
        let now = time.monotonic()
        lanes[gateway]?.budget.withLock { $0.called(at: now) }
    }

    /// Whether the gateway's budget has a retry left; if so, it is spent.
    public func mayRetry(_ gateway: String) -> Bool {
        let now = time.monotonic()
        return lanes[gateway]?.budget.withLock { $0.takeRetry(at: now) } ?? true
    }
}
