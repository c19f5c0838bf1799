public import Resilience

/// What the replicas know together about their gateways' breakers. Two implementations, one conformance suite (TestKit).
///
/// Leases and times are judged on the store's clock. Whatever belongs to another generation than the newest is dropped.
/// None of its failures ever changes the result of a call.
public protocol BreakerStore: Sendable {
    /// Adds to the failures without a success between them.
    ///
    /// It opens for all when they reach `consecutiveFailures` and two replicas at least have contributed: one alone may have
    /// a broken path of its own.
    ///
    /// - Parameter id: new for every report; a report that is repeated counts once.
    func reportFailures(_ count: Int, id: String, _ report: BreakerReport) async throws(StoreFailure)
    /// Ends the count.
    func reportSuccess(_ report: BreakerReport) async throws(StoreFailure)
    /// The replica's own breaker tripped by its rate. It opens for all when another replica says so too within the window.
    func reportTrip(_ report: BreakerReport) async throws(StoreFailure)
    /// Takes the right to probe for `probeLease`, where it is free and due.
    ///
    /// - Parameter token: random; whoever asks again by the same one has the right still.
    func takeProbe(_ token: String, _ report: BreakerReport) async throws(StoreFailure) -> Bool
    /// A failed probe opens it again for `openFor`, the last of `halfOpenProbes` successes closes it, a neutral one frees the right.
    func endProbe(_ token: String, _ result: CallResult, _ report: BreakerReport) async throws(StoreFailure)
    /// - Parameter limit: after it the breaker is closed again; `nil`: it stays forced.
    func force(
        _ gateway: String, _ order: BreakerOrder, reason: String, actor: String, limit: Duration?
    ) async throws(StoreFailure)
    /// All of the named gateways, those of which nothing is known as closed.
    func breakers(of gateways: [String]) async throws(StoreFailure) -> [String: SharedBreaker]
    /// Hands over how they stand, at once and whenever one changes, until the task is cancelled.
    ///
    /// Comes back by itself when the store does, and then begins with all of them.
    ///
    /// - Parameter gateways: asked for before each look, for a reload may change them.
    func follow(
        _ gateways: @escaping @Sendable () -> [String], _ adopt: @escaping @Sendable ([String: SharedBreaker]) -> Void
    ) async
}

/// Who says something about which breaker.
public struct BreakerReport: Sendable, Equatable {
    public let gateway: String
    /// The newest decision of the fleet that the replica knew.
    public let generation: Int
    public let replica: String
    public let settings: CircuitBreaker.Settings

    public init(gateway: String, generation: Int, replica: String, settings: CircuitBreaker.Settings) {
        self.gateway = gateway
        self.generation = generation
        self.replica = replica
        self.settings = settings
    }
}

/// A breaker as the fleet has it.
public struct SharedBreaker: Sendable, Equatable {
    /// New with every decision; 0 where there never was one.
    public var generation: Int
    public var state: BreakerState
    /// Until it may be probed, until the holder of the probe loses its right, or until the forced state ends.
    public var remaining: Duration?
    /// Failures are counted somewhere: a success must be reported.
    public var isCounting: Bool
    /// Of the operator who forced it.
    public var reason: String?
    public var actor: String?

    public init(
        generation: Int = 0, state: BreakerState = .closed, remaining: Duration? = nil, isCounting: Bool = false,
        reason: String? = nil, actor: String? = nil
    ) {
        self.generation = generation
        self.state = state
        self.remaining = remaining
        self.isCounting = isCounting
        self.reason = reason
        self.actor = actor
    }
}
