/// The answer to a call that wants to go to a gateway. All but `refused` are recorded exactly once, whatever becomes of the call.
public enum BreakerPermit: Sendable, Equatable {
    case proceed(generation: Int)
    case probe(BreakerProbe)
    /// An inquiry or a reversal at a gateway whose breaker is not closed: the only one until it is recorded.
    case turn(BreakerProbe?)
    case refused
}

/// The right to try whether a gateway is well again.
public struct BreakerProbe: Sendable, Equatable {
    /// As the store of the fleet gave it.
    struct Lease: Sendable, Equatable {
        let generation: Int
        let token: String
    }

    /// Of this replica's breaker.
    let generation: Int
    /// `nil`: the right is this replica's own.
    let lease: Lease?
    /// The store did not say whether it gave the lease: then the probe decides here, and in the fleet if the lease was given.
    var isUnconfirmed = false
}
