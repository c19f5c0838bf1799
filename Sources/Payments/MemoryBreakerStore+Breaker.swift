import Resilience

/// One gateway's breaker in memory: what the scripts of the Redis store do, in Swift.
struct MemoryBreaker {
    private var generation = 0
    private var state = BreakerState.closed
    /// Until it may be probed, until the probe's lease ends, or until the forced state ends.
    private var until: Duration?
    private var failures = 0
    /// The last report of each replica that has contributed failures.
    private var reports: [String: String] = [:]
    /// Until when each replica's own trip counts.
    private var votes: [String: Duration] = [:]
    private var probe: String?
    private var probesPassed = 0
    private var reason: String?
    private var actor: String?

    init() {}

    func shared(at now: Duration) -> SharedBreaker {
        if hasEnded(at: now) { return SharedBreaker(generation: generation) }
        return SharedBreaker(
            generation: generation, state: state, remaining: until.map { max(.zero, $0 - now) }, isCounting: failures > 0,
            reason: reason, actor: actor)
    }

    // MARK: Counting

    mutating func fail(_ count: Int, id: String, _ report: BreakerReport, at now: Duration) {
        guard counts(report), reports.updateValue(id, forKey: report.replica) != id else { return }
        failures += count
        if failures >= report.settings.consecutiveFailures, reports.count >= 2 { open(report, at: now) }
    }

    mutating func succeed(_ report: BreakerReport) {
        guard counts(report) else { return }
        failures = 0
        reports = [:]
    }

    mutating func vote(_ report: BreakerReport, at now: Duration) {
        guard counts(report) else { return }
        votes = votes.filter { $0.value > now }
        votes[report.replica] = now + report.settings.window
        if votes.count >= 2 { open(report, at: now) }
    }

    private func counts(_ report: BreakerReport) -> Bool { state == .closed && report.generation == generation }

    // MARK: Probing

    mutating func takeProbe(_ token: String, _ report: BreakerReport, at now: Duration) -> Bool {
        guard state == .open || state == .halfOpen, report.generation == generation else { return false }
        if isBlocked(at: now) { return probe == token }
        state = .halfOpen
        probe = token
        until = now + report.settings.probeLease
        return true
    }

    mutating func endProbe(_ token: String, _ result: CallResult, _ report: BreakerReport, at now: Duration) {
        guard state == .halfOpen, probe == token, report.generation == generation else { return }
        switch result {
        case .failure: open(report, at: now)
        case .neutral: freeProbe(at: now)
        case .success:
            probesPassed += 1
            if probesPassed >= report.settings.halfOpenProbes { decide(.closed, until: nil) } else { freeProbe(at: now) }
        }
    }

    private func isBlocked(at now: Duration) -> Bool { until.map { $0 > now } ?? false }

    private mutating func freeProbe(at now: Duration) {
        probe = nil
        until = now
    }

    // MARK: Deciding

    mutating func force(_ order: BreakerOrder, reason: String, actor: String, limit: Duration?, at now: Duration) {
        switch order {
        case .closed: return decide(.closed, until: nil)
        case .forcedOpen: decide(.forcedOpen, until: limit.map { now + $0 })
        case .forcedClosed: decide(.forcedClosed, until: limit.map { now + $0 })
        }
        self.reason = reason
        self.actor = actor
    }

    /// A forced state whose limit has passed is closed. That is no new decision: everybody knew it beforehand.
    mutating func endForce(at now: Duration) {
        guard hasEnded(at: now) else { return }
        let generation = generation
        self = MemoryBreaker()
        self.generation = generation
    }

    private func hasEnded(at now: Duration) -> Bool {
        (state == .forcedOpen || state == .forcedClosed) && until != nil && !isBlocked(at: now)
    }

    private mutating func open(_ report: BreakerReport, at now: Duration) {
        decide(.open, until: now + report.settings.openFor)
    }

    private mutating func decide(_ state: BreakerState, until: Duration?) {
        let next = generation + 1
        self = MemoryBreaker()
        generation = next
        self.state = state
        self.until = until
    }
}
