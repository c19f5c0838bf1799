public import AdapterKit

/// One change, written with it in one step: what, when, why and by whom, before and after.
public struct HistoryEntry: Sendable, Equatable {
    /// The first four are the words of openapi.yaml, `Event.cause`; the others cause no event.
    public enum Cause: String, Sendable, CaseIterable, Codable {
        case response, callback, reconciliation
        case `operator`
        /// A caller asked for it.
        case request
        /// Drawbridge's own life: its start, its end, its configuration.
        case system
    }

    /// An amount before and after, in minor units.
    public struct AmountChange: Sendable, Equatable {
        public let from: Int64
        public let to: Int64

        public init(from: Int64, to: Int64) {
            self.from = from
            self.to = to
        }
    }

    public var at: Timestamp
    /// Of the payment after the change; 0 where it was not read, or where it is about no payment.
    public var version: Int
    /// A snake_case word: `payment.succeeded`, `failover`, `late_success`, `redriven` …
    public var event: String
    public var cause: Cause
    /// An operator's name, or a tenant and its credential, `acme/key-1`; `nil` for Drawbridge itself.
    public var actor: String?
    /// The operation it is about, or `nil` for the payment.
    public var operation: OperationID?
    public var gateway: String?
    /// The id of what it is about beside payment and operation: a callback, a webhook endpoint, a replica.
    public var object: String?
    public var from: String?
    public var to: String?
    /// Minor units that were asked for; `nil` where nothing was asked, or all that there is.
    public var amount: Int64?
    public var captured: AmountChange?
    public var refunded: AmountChange?
    /// Why, in the operator's words or in one of ours. Never a value of the payment.
    public var reason: String?

    public init(
        at: Timestamp, version: Int, event: String, cause: Cause, actor: String? = nil, operation: OperationID? = nil,
        gateway: String? = nil, object: String? = nil, from: String? = nil, to: String? = nil, amount: Int64? = nil,
        reason: String? = nil
    ) {
        self.at = at
        self.version = version
        self.event = event
        self.cause = cause
        self.actor = actor
        self.operation = operation
        self.gateway = gateway
        self.object = object
        self.from = from
        self.to = to
        self.amount = amount
        self.reason = reason
    }
}
