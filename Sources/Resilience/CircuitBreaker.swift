/// Keeps calls away from a gateway that fails, and lets one through now and then to see whether it is well again.
///
/// A value: instants are monotonic and passed in. It is moved by its own results, by an operator (`force`), and by what the
/// fleet has decided together (`adopt`).
public struct CircuitBreaker: Sendable {
    public enum State: Sendable, Equatable, CaseIterable { case closed, open, halfOpen, forcedOpen, forcedClosed }

    public enum Permit: Sendable, Equatable {
        case proceed(generation: Int)
        /// The right to try, for `probeLease`: nobody else gets it meanwhile.
        case probe(generation: Int)
        case refuse
    }

    public enum Result: Sendable, Equatable {
        case success, failure
        /// Says nothing about the gateway's health.
        case neutral
    }

    public enum Cause: Sendable, Equatable { case consecutiveFailures, rate, probe }

    private enum Phase: Equatable {
        case closed
        /// Until when there is no probe.
        case open(until: Duration)
        /// Until when somebody holds the right to probe.
        case halfOpen(until: Duration)
        /// Until when, or until somebody ends it.
        case forcedOpen(until: Duration?)
        case forcedClosed(until: Duration?)
    }

    public private(set) var settings: Settings
    /// Grows with every change of state and with every probe: a result that belongs to an earlier one is dropped.
    public private(set) var generation = 0
    /// Whether the state is the fleet's rather than this breaker's own.
    public private(set) var isShared = false
    /// The newest decision of the fleet that was adopted; 0 before the first.
    public private(set) var sharedGeneration = 0
    private var phase = Phase.closed
    private var failuresInARow = 0
    private var probesPassed = 0
    private var counts: SlidingCounts

    public init(settings: Settings) {
        self.settings = settings
        counts = SlidingCounts(window: settings.window, buckets: 10)
    }

    /// Takes new settings over, and keeps the state. What was counted by another window is forgotten.
    public mutating func use(_ settings: Settings) {
        if settings.window != self.settings.window { counts = SlidingCounts(window: settings.window, buckets: 10) }
        self.settings = settings
    }

    // MARK: Asking

    public func state(at now: Duration) -> State {
        switch phase {
        case .closed: .closed
        case .open: .open
        case .halfOpen: .halfOpen
        case .forcedOpen(let end): Self.isOver(end, now) ? .closed : .forcedOpen
        case .forcedClosed(let end): Self.isOver(end, now) ? .closed : .forcedClosed
        }
    }

    /// Whether a call would be refused now. Changes nothing.
    public func refuses(at now: Duration) -> Bool {
        switch state(at: now) {
        case .closed, .forcedClosed: false
        case .forcedOpen: true
        case .open, .halfOpen: !isDue(at: now)
        }
    }

    /// Whether the next call would be a probe.
    public func isDue(at now: Duration) -> Bool {
        switch phase {
        case .open(let until), .halfOpen(let until): until <= now
        case .closed, .forcedOpen, .forcedClosed: false
        }
    }

    /// Until it may be probed, or until the forced state ends; `nil` where nothing ends by itself.
    public func remaining(at now: Duration) -> Duration? {
        switch phase {
        case .closed: nil
        case .open(let until), .halfOpen(let until): max(.zero, until - now)
        case .forcedOpen(let until), .forcedClosed(let until): until.map { max(.zero, $0 - now) }
        }
    }

    /// A probe that takes too long has not shown that the gateway is well.
    public func verdict(_ result: Result, after duration: Duration) -> Result {
        result == .success && isSlow(duration) ? .failure : result
    }

    private func isSlow(_ duration: Duration) -> Bool { settings.slowCall.map { duration >= $0 } ?? false }

    private static func isOver(_ end: Duration?, _ now: Duration) -> Bool { end.map { $0 <= now } ?? false }

    // MARK: Calls

    public mutating func permit(at now: Duration) -> Permit {
        endForce(at: now)
        switch phase {
        case .closed, .forcedClosed: return .proceed(generation: generation)
        case .forcedOpen: return .refuse
        case .open, .halfOpen:
            guard isDue(at: now) else { return .refuse }
            move(to: .halfOpen(until: now + settings.probeLease))
            return .probe(generation: generation)
        }
    }

    /// - Parameter generation: of the call's permit.
    /// - Returns: why the result opened the breaker, if it did.
    @discardableResult
    public mutating func record(_ result: Result, duration: Duration, generation: Int, at now: Duration) -> Cause? {
        endForce(at: now)
        guard generation == self.generation else { return nil }
        switch phase {
        case .closed: return count(result, duration, at: now)
        case .halfOpen: return judge(verdict(result, after: duration), at: now)
        case .open, .forcedOpen, .forcedClosed: return nil
        }
    }

    /// Takes the right to probe back until then: somebody else in the fleet has it.
    public mutating func postponeProbe(until: Duration) {
        if case .halfOpen = phase { phase = .halfOpen(until: until) }
    }

    private mutating func count(_ result: Result, _ duration: Duration, at now: Duration) -> Cause? {
        guard result != .neutral else { return nil }
        let isFailure = result == .failure
        failuresInARow = isFailure ? failuresInARow + 1 : 0
        counts.add(all: 1, marked: isFailure || isSlow(duration) ? 1 : 0, at: now)
        guard let cause = trip(at: now) else { return nil }
        open(at: now)
        return cause
    }

    private func trip(at now: Duration) -> Cause? {
        if failuresInARow >= settings.consecutiveFailures { return .consecutiveFailures }
        guard let rate = settings.tripRate else { return nil }
        let recent = counts.total(at: now)
        return recent.all >= settings.minimumCalls && Double(recent.marked) >= rate * Double(recent.all) ? .rate : nil
    }

    private mutating func judge(_ result: Result, at now: Duration) -> Cause? {
        switch result {
        case .failure:
            open(at: now)
            return .probe
        case .neutral:
            move(to: .halfOpen(until: now))
            return nil
        case .success:
            probesPassed += 1
            if probesPassed >= settings.halfOpenProbes { close() } else { move(to: .halfOpen(until: now)) }
            return nil
        }
    }

    // MARK: Moving

    /// Forces the state, or with `.closed` gives it back to the results.
    ///
    /// - Parameter limit: after it the breaker is closed again; `nil`: it stays. Only the two forced states take one.
    public mutating func force(_ order: Order, limit: Duration?, at now: Duration) {
        let end = limit.map { now + $0 }
        switch order {
        case .open: move(to: .forcedOpen(until: end))
        case .closed: move(to: .forcedClosed(until: end))
        case .automatic: close()
        }
        isShared = false
    }

    /// Takes over what the fleet has decided.
    ///
    /// Its "closed" does not close a breaker that this replica's own calls opened since, unless it is a new decision.
    public mutating func adopt(_ shared: Shared, at now: Duration) {
        endForce(at: now)
        let isNew = shared.generation != sharedGeneration
        sharedGeneration = shared.generation
        let end = shared.remaining.map { now + $0 }
        switch shared.state {
        case .closed:
            guard isNew || isShared, phase != .closed else { return }
            return close()
        case .open: follow(.open(until: end ?? now), isNew)
        case .halfOpen: follow(.halfOpen(until: end ?? now), isNew)
        case .forcedOpen: follow(.forcedOpen(until: end), isNew)
        case .forcedClosed: follow(.forcedClosed(until: end), isNew)
        }
    }

    private mutating func follow(_ phase: Phase, _ isNew: Bool) {
        // Within one decision only the times change: a probe of ours that is under way stays valid.
        if isNew || !isShared {
            move(to: phase)
            probesPassed = 0
        } else {
            self.phase = phase
        }
        isShared = true
    }

    private mutating func endForce(at now: Duration) {
        switch phase {
        case .forcedOpen, .forcedClosed: if state(at: now) == .closed { close() }
        case .closed, .open, .halfOpen: break
        }
    }

    private mutating func open(at now: Duration) {
        move(to: .open(until: now + settings.openFor))
        isShared = false
        probesPassed = 0
    }

    private mutating func close() {
        move(to: .closed)
        isShared = false
        probesPassed = 0
    }

    private mutating func move(to phase: Phase) {
        self.phase = phase
        generation += 1
        failuresInARow = 0
        counts.clear()
    }
}
