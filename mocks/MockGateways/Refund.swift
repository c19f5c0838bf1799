public import AdapterKit

/// What the bank knows of one refund. The amount is in minor units.
public struct Refund: Sendable, Equatable {
    public enum Status: String, Sendable, CaseIterable {
        case approved = "APPROVED"
        case pending = "PENDING"
        case declined = "DECLINED"
        /// Only ever told, as a misbehaviour: a refund knows no payer to act.
        case actionRequired = "ACTION_REQUIRED"
    }

    public internal(set) var reference: String
    /// The bank's number of it, from 1; charges and refunds share the count.
    public let serial: Int
    public internal(set) var amount: Int64
    public let openedAt: Timestamp
    /// When it was last decided.
    public internal(set) var changedAt: Timestamp
    public internal(set) var status: Status
    public internal(set) var code: String

    public var bankReference: String { "bank_\(serial)" }
}
