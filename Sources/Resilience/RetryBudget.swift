/// What retries may be spent on one gateway (O10): a share of its recent calls, so that attempts stay near requests when
/// everything fails. Instants are monotonic.
public struct RetryBudget: Sendable, Equatable {
    private static let window = 10

    private let ratio: Double
    private let minimumPerSecond: Int
    private var counts = SlidingCounts(window: .seconds(window), buckets: window)

    /// - Parameters:
    ///   - ratio: retries for each call of the last 10 seconds; 0 or more.
    ///   - minimumPerSecond: retries allowed in every second whatever the calls; 0 or more.
    public init(ratio: Double = 0.2, minimumPerSecond: Int = 3) {
        self.ratio = ratio
        self.minimumPerSecond = minimumPerSecond
    }

    /// Counts a call that is no retry.
    public mutating func called(at now: Duration) { counts.add(all: 1, at: now) }

    /// Whether one more retry may be made; if so, it is counted.
    public mutating func takeRetry(at now: Duration) -> Bool {
        let recent = counts.total(at: now)
        let isWithinShare = Double(recent.marked + 1) <= ratio * Double(recent.all)
        guard isWithinShare || counts.current(at: now).marked < minimumPerSecond else { return false }
        counts.add(marked: 1, at: now)
        return true
    }
}
