/// How long to wait before the next try. Full jitter: uniform between nothing and the ceiling of the step, so that many
/// waiters do not come back together.
public struct Backoff: Sendable, Equatable {
    public var base: Duration
    public var factor: Int
    public var ceiling: Duration

    public init(base: Duration, factor: Int = 2, ceiling: Duration) {
        self.base = base
        self.factor = factor
        self.ceiling = ceiling
    }

    /// - Parameters:
    ///   - attempt: how many tries have failed, from 1.
    ///   - unit: drawn by the caller from `0..<1`.
    public func delay(afterAttempt attempt: Int, unit: Double) -> Duration {
        var step = base
        var left = max(attempt, 1) - 1
        // Multiplied one at a time and stopped at the ceiling, so that nothing can overflow.
        while left > 0, step < ceiling, factor > 1 {
            step *= factor
            left -= 1
        }
        return min(step, ceiling) * unit
    }
}
