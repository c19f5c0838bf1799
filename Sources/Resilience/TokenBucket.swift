/// A rate limit whose callers stand in line: each is told how long to wait for its own turn. Instants are monotonic.
public struct TokenBucket: Sendable, Equatable {
    /// Between two turns.
    private let interval: Duration
    /// How far turns may run ahead of the clock.
    private let tolerance: Duration
    /// When the next turn would be, if there were no burst.
    private var next: Duration?

    /// - Parameters:
    ///   - perSecond: turns a second, on average; more than 0.
    ///   - burst: turns that may come at once after a rest; 1 or more.
    public init(perSecond: Double, burst: Int) {
        interval = .seconds(1) / max(perSecond, 0.001)
        tolerance = interval * (max(burst, 1) - 1)
    }

    /// Takes a turn.
    ///
    /// - Returns: how long to wait for it, or `nil` when it would come after `end`; then none is taken.
    public mutating func take(at now: Duration, until end: Duration) -> Duration? {
        let next = max(next ?? now, now)
        let turn = max(next - tolerance, now)
        guard turn <= end else { return nil }
        self.next = next + interval
        return turn - now
    }

    /// Gives back a turn that was taken and not used; those who wait already keep theirs.
    public mutating func giveBack() { next = next.map { $0 - interval } }
}
