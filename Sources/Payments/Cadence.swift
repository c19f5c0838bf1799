/// When something that is not settled is looked at again: at growing intervals, until it is given up.
public struct Cadence: Sendable, Equatable {
    public var first: Duration
    public var factor: Int
    public var max: Duration
    public var giveUpAfter: Duration

    public init(first: Duration, factor: Int, max: Duration, giveUpAfter: Duration) {
        self.first = first
        self.factor = factor
        self.max = max
        self.giveUpAfter = giveUpAfter
    }

    /// config.md, `gateways.*.inquiry`.
    public static let inquiry = Cadence(first: .seconds(2), factor: 2, max: .seconds(300), giveUpAfter: .seconds(86_400))
    /// config.md, `queue`.
    public static let queue = Cadence(first: .seconds(30), factor: 2, max: .seconds(600), giveUpAfter: .seconds(3_600))

    /// How long to wait after so many tries.
    /// - Parameter tries: 0 or more.
    func delay(after tries: Int) -> Duration {
        var delay = first
        var left = tries
        // Multiplied one at a time and stopped at the ceiling, so that nothing can overflow.
        while left > 0, delay < max, factor > 1 {
            delay *= factor
            left -= 1
        }
        return min(delay, max)
    }
}
