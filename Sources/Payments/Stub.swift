public import AdapterKit
public import Logging

public enum BreakerState: String, Sendable, CaseIterable, Codable {
    case closed, open
    case halfOpen = "half_open"
    case forcedOpen = "forced_open"
    case forcedClosed = "forced_closed"
}
public enum BreakerPermit: Sendable {
    case proceed(generation: Int)
    case probe(generation: Int, token: String)
    case refused
}
public enum CallResult: Sendable { case success, failure, neutral }
public final class CircuitBreakers: Sendable {
    public init() {}
    func refuses(_ gateway: String) -> Bool { false }
    func permit(_ gateway: String) async -> BreakerPermit { .proceed(generation: 0) }
    func inquiryPermit(_ gateway: String) async -> BreakerPermit { .proceed(generation: 0) }
    func record(_ permit: BreakerPermit, _ gateway: String, _ result: CallResult, duration: Duration) {}
    public func state(of gateway: String) -> BreakerState { .closed }
}
public final class GatewayLimits: Sendable {
    public init() {}
    func enter(_ gateway: String, until: Duration) async -> Bool { true }
    func leave(_ gateway: String) {}
    func mayRetry(_ gateway: String) -> Bool { true }
}
