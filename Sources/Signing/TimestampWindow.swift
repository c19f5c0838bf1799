public import AdapterKit

/// How far a signed time-stamp may be from now, either side.
public struct TimestampWindow: Sendable, Equatable {
    public let tolerance: Duration

    public init(tolerance: Duration = .seconds(300)) { self.tolerance = tolerance }

    /// Compares whole seconds, as the time-stamp has no finer ones. Both ends belong to the window.
    public func contains(_ sent: Timestamp, at now: Timestamp) -> Bool {
        let seconds = tolerance.components.seconds
        return (now.seconds - seconds...now.seconds + seconds).contains(sent.seconds)
    }
}
