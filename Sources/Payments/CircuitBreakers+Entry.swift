import Resilience

/// One gateway's breaker in this replica, and what of it is not reported yet.
struct BreakerEntry: Sendable {
    /// Ends of probes that were taken from the fleet.
    struct ProbeEnd: Sendable {
        let probe: BreakerProbe
        let lease: BreakerProbe.Lease
        let result: CallResult
    }

    /// What is to be told to the store. Bounded: calls are only counted, and the fleet has one probe at a time.
    struct Outbox: Sendable {
        var hasSucceeded = false
        /// Since the success, if there was one.
        var failures = 0
        var hasTripped = false
        var probeEnds: [ProbeEnd] = []

        var isEmpty: Bool { !hasSucceeded && failures == 0 && !hasTripped && probeEnds.isEmpty }
    }

    /// Probes that may wait to be reported; a replica whose store is slow does not gather more.
    private static let maximumProbeEnds = 8

    var breaker: CircuitBreaker
    /// Where inquiries and reversals go one at a time.
    let line: BulkheadLine
    var outbox = Outbox()
    /// The state that was shown last.
    var shown = BreakerState.closed
    private var isCounting = false
    private var reason: String?
    private var actor: String?

    init(breaker: CircuitBreaker, line: BulkheadLine) {
        self.breaker = breaker
        self.line = line
    }

    /// Whether an inquiry or a reversal waits: then it shall be the probe.
    var isAwaited: Bool { line.waiting > 0 }

    func status(at now: Duration) -> BreakerStatus {
        let state = BreakerState(breaker.state(at: now))
        let isForced = state == .forcedOpen || state == .forcedClosed
        return BreakerStatus(
            state: state, isShared: breaker.isShared && state != .closed,
            remaining: state == .closed ? nil : breaker.remaining(at: now),
            reason: isForced ? reason : nil, actor: isForced ? actor : nil)
    }

    // MARK: Calls

    /// The breaker's own judgement, and what the fleet should hear of it.
    mutating func record(_ result: CallResult, duration: Duration, generation: Int, at now: Duration) {
        let isOwn = !breaker.isShared && generation == breaker.generation
        let cause = breaker.record(result.decided, duration: duration, generation: generation, at: now)
        guard isOwn else { return }
        switch result {
        case .success: succeed()
        case .failure: fail()
        case .neutral: break
        }
        if cause == .rate { outbox.hasTripped = true }
    }

    private mutating func fail() {
        outbox.failures += 1
        isCounting = true
    }

    /// A success is news only where failures are counted.
    private mutating func succeed() {
        guard isCounting else { return }
        outbox.hasSucceeded = true
        outbox.failures = 0
        isCounting = false
    }

    mutating func end(_ probe: BreakerProbe, _ lease: BreakerProbe.Lease, _ result: CallResult, duration: Duration) {
        let isPassed = breaker.verdict(result.decided, after: duration) == result.decided
        let judged = isPassed ? result : .failure
        guard outbox.probeEnds.count < Self.maximumProbeEnds else { return }
        outbox.probeEnds.append(ProbeEnd(probe: probe, lease: lease, result: judged))
    }

    // MARK: Sharing

    mutating func takeOutbox() -> Outbox {
        defer { outbox = Outbox() }
        return outbox
    }

    mutating func adopt(_ shared: SharedBreaker, at now: Duration) {
        // What was counted before a new decision belongs to an older generation.
        if shared.generation != breaker.sharedGeneration { outbox = Outbox(probeEnds: outbox.probeEnds) }
        breaker.adopt(
            CircuitBreaker.Shared(
                generation: shared.generation, state: shared.state.decided, remaining: shared.remaining), at: now)
        isCounting = shared.isCounting || outbox.failures > 0
        reason = shared.reason
        actor = shared.actor
    }

    mutating func force(_ order: BreakerOrder, reason: String, actor: String, limit: Duration?, at now: Duration) {
        breaker.force(order.decided, limit: limit, at: now)
        outbox = Outbox()
        self.reason = reason
        self.actor = actor
    }
}
