public import AdapterKit

/// A capture, void or refund as it is stored, under the keys of its payment.
public struct OperationRecord: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, CaseIterable, Codable {
        case capture, void, refund
        /// Gives back what a gateway should not hold (R6); nobody called for it.
        case reversal

        public var prefix: String {
            switch self {
            case .capture: "cap_"
            case .void: "void_"
            case .refund: "ref_"
            case .reversal: "rev_"
            }
        }
    }

    public enum Status: String, Sendable, CaseIterable, Codable {
        case processing, succeeded, failed
        case manualReview = "manual_review"
    }

    public let id: OperationID
    public let payment: PaymentID
    public let tenant: String
    public let kind: Kind
    /// Also the time-stamp of the first attempt's signature: the claim stores it before a byte leaves (O5).
    public let createdAt: Timestamp
    /// Minor units. A claim may leave it open ("all there is"): the store fills in what the payment allows. 0 for a void.
    public var amount: Int64
    public var version: Int
    public var status: Status
    /// The gateway that holds the payment, and its identity: filled in by the claim from the payment.
    public var gateway: String?
    public var gatewayIdentity: String?
    public var gatewayReference: String?
    public var failure: Failure?
    public var updatedAt: Timestamp
    /// Since when, and how often, it is asked about or sent again.
    public var schedule: Schedule?
    public var deadLetter: DeadLetter?
    /// Of a reversal: until then a success may still come, and the gateway is asked again.
    public var watchedUntil: Timestamp?
    /// The kind of the event that was told last.
    public var told: String?
    /// Encrypted: the refund's reason.
    public var sealed: [UInt8]
    /// Encrypted: what `failure` holds of a gateway's own words. Set only in what is stored.
    public var words: Envelope?

    public init(
        id: OperationID, payment: PaymentID, tenant: String, kind: Kind, amount: Int64, createdAt: Timestamp, sealed: [UInt8]
    ) {
        self.id = id
        self.payment = payment
        self.tenant = tenant
        self.kind = kind
        self.amount = amount
        self.createdAt = createdAt
        self.version = 1
        self.status = .processing
        self.updatedAt = createdAt
        self.sealed = sealed
    }
}
