extension CircuitBreaker {
    public struct Settings: Sendable, Equatable {
        /// Failures without a success between them that open the breaker; 1 or more.
        public var consecutiveFailures: Int
        /// Share of failed or slow calls in the window that opens it, more than 0 and up to 1; `nil`: no share of failures does.
        public var failureRate: Double?
        /// Over which the share is taken.
        public var window: Duration
        /// Calls in the window below which the share means nothing.
        public var minimumCalls: Int
        /// A call that takes so long counts as failed in the share. Without a `failureRate` it takes a window of nothing else.
        public var slowCall: Duration?
        /// How long nothing passes once it is open.
        public var openFor: Duration
        /// Probes that must succeed, one after the other, before it closes; 1 or more.
        public var halfOpenProbes: Int
        /// How long a probe holds the right: longer than any attempt. After it the next call may probe.
        public var probeLease: Duration

        public init(
            consecutiveFailures: Int = 5, failureRate: Double? = nil, window: Duration = .seconds(30), minimumCalls: Int = 20,
            slowCall: Duration? = nil, openFor: Duration = .seconds(60), halfOpenProbes: Int = 1,
            probeLease: Duration = .seconds(10)
        ) {
            self.consecutiveFailures = consecutiveFailures
            self.failureRate = failureRate
            self.window = window
            self.minimumCalls = minimumCalls
            self.slowCall = slowCall
            self.openFor = openFor
            self.halfOpenProbes = halfOpenProbes
            self.probeLease = probeLease
        }

        var tripRate: Double? { failureRate ?? (slowCall == nil ? nil : 1) }
    }

    /// What an operator may ask for.
    public enum Order: Sendable, Equatable { case open, closed, automatic }

    /// What the fleet has decided, as one replica is told.
    public struct Shared: Sendable, Equatable {
        /// New with every decision.
        public var generation: Int
        public var state: State
        /// Until it may be probed, until the holder of the probe loses its right, or until the forced state ends.
        public var remaining: Duration?

        public init(generation: Int, state: State, remaining: Duration? = nil) {
            self.generation = generation
            self.state = state
            self.remaining = remaining
        }
    }
}
