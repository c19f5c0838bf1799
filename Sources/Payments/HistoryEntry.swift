public import AdapterKit

/// One change of a payment or of its operations, written with it in one step: what, when, why and by whom.
public struct HistoryEntry: Sendable, Equatable, Codable {
    /// The words of openapi.yaml, `Event.cause`.
    public enum Cause: String, Sendable, CaseIterable, Codable {
        case response, callback, reconciliation
        case `operator`
    }

    public var at: Timestamp
    /// Of the payment after the change.
    public var version: Int
    /// A snake_case word: `payment.succeeded`, `failover`, `late_success`, `redriven` …
    public var event: String
    public var cause: Cause
    /// An operator's name; `nil` for Drawbridge itself.
    public var actor: String?
    /// The operation it is about, or `nil` for the payment.
    public var operation: OperationID?
    public var gateway: String?
    public var from: String?
    public var to: String?
    /// Why, in the operator's words or in one of ours. Never a value of the payment.
    public var reason: String?

    public init(
        at: Timestamp, version: Int, event: String, cause: Cause, actor: String? = nil, operation: OperationID? = nil,
        gateway: String? = nil, from: String? = nil, to: String? = nil, reason: String? = nil
    ) {
        self.at = at
        self.version = version
        self.event = event
        self.cause = cause
        self.actor = actor
        self.operation = operation
        self.gateway = gateway
        self.from = from
        self.to = to
        self.reason = reason
    }
}
