/// How long to wait before the next try: the step grows from the base up to the ceiling, and chance spreads it.
public struct Backoff: Sendable, Equatable {
    /// What of a step is left to chance, so that many waiters do not come back together.
    public enum Jitter: String, Sendable, CaseIterable {
        /// Uniform between nothing and the whole step.
        case full
        /// Half the step, and uniform between nothing and the other half.
        case equal
        /// The whole step.
        case none
    }

    public var base: Duration
    public var factor: Int
    public var ceiling: Duration
    public var jitter: Jitter

    public init(base: Duration, factor: Int = 2, ceiling: Duration, jitter: Jitter = .full) {
        self.base = base
        self.factor = factor
        self.ceiling = ceiling
        self.jitter = jitter
    }

    /// - Parameters:
    ///   - attempt: how many tries have failed, from 1.
    ///   - unit: drawn by the caller from `0..<1`.
    public func delay(afterAttempt attempt: Int, unit: Double) -> Duration {
        let step = step(afterAttempt: attempt)
        return switch jitter {
        case .full: step * unit
        case .equal: step / 2 + step / 2 * unit
        case .none: step
        }
    }

    private func step(afterAttempt attempt: Int) -> Duration {
        var step = base
        var left = max(attempt, 1) - 1
        // Multiplied one at a time and stopped at the ceiling, so that nothing can overflow.
        while left > 0, step < ceiling, factor > 1 {
            step *= factor
            left -= 1
        }
        return min(step, ceiling)
    }
}
