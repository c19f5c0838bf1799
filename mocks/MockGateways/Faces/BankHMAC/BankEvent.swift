public import AdapterKit

/// What a callback's body tells (protocols/bank-hmac.md, "Callbacks").
public struct BankEvent: Sendable, Equatable {
    public enum Kind: String, Sendable {
        case chargeUpdated = "charge.updated"
        case refundUpdated = "refund.updated"
    }

    public var id: String
    public var kind: Kind
    public var occurredAt: Timestamp
    /// A charge, or a refund with its `charge_reference`.
    public var data: JSON

    public init(id: String, kind: Kind, occurredAt: Timestamp, data: JSON) {
        self.id = id
        self.kind = kind
        self.occurredAt = occurredAt
        self.data = data
    }

    public var body: [UInt8] {
        JSON.members([
            ("event_id", .string(id)), ("type", .string(kind.rawValue)),
            ("occurred_at", .string(occurredAt.rfc3339WholeSeconds)), ("data", data),
        ]).encoded()
    }
}
