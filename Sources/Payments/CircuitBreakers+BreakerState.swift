import Resilience

/// What a gateway's circuit breaker does with calls, under the names of the contract.
public enum BreakerState: String, Sendable, CaseIterable, Codable {
    case closed, open
    case halfOpen = "half_open"
    case forcedOpen = "forced_open"
    case forcedClosed = "forced_closed"

    init(_ state: CircuitBreaker.State) {
        self =
            switch state {
            case .closed: .closed
            case .open: .open
            case .halfOpen: .halfOpen
            case .forcedOpen: .forcedOpen
            case .forcedClosed: .forcedClosed
            }
    }

    /// The same state of the value that decides.
    var decided: CircuitBreaker.State {
        switch self {
        case .closed: .closed
        case .open: .open
        case .halfOpen: .halfOpen
        case .forcedOpen: .forcedOpen
        case .forcedClosed: .forcedClosed
        }
    }

    /// As `drawbridge_breaker_state` shows it.
    var level: Int {
        switch self {
        case .closed, .forcedClosed: 0
        case .halfOpen: 1
        case .open, .forcedOpen: 2
        }
    }
}

/// What an operator may ask of a breaker, under the names of the admin API.
public enum BreakerOrder: String, Sendable, CaseIterable, Codable {
    case forcedOpen = "forced_open"
    case forcedClosed = "forced_closed"
    /// Closed now, and automatic again.
    case closed

    var decided: CircuitBreaker.Order {
        switch self {
        case .forcedOpen: .open
        case .forcedClosed: .closed
        case .closed: .automatic
        }
    }
}

/// What a call says about its gateway's health (idempotency.md, column "breaker").
public enum CallResult: String, Sendable, CaseIterable {
    case success, failure
    /// Nothing: a 429, or a call that was not made after all.
    case neutral

    var decided: CircuitBreaker.Result {
        switch self {
        case .success: .success
        case .failure: .failure
        case .neutral: .neutral
        }
    }
}

/// A breaker as an operator is shown it.
public struct BreakerStatus: Sendable, Equatable {
    public let state: BreakerState
    /// Whether the whole fleet has it so, rather than this replica alone.
    public let isShared: Bool
    /// Until it may be probed, or until the forced state ends; `nil` where nothing ends by itself.
    public let remaining: Duration?
    /// Of the operator who forced it.
    public let reason: String?
    public let actor: String?
}
