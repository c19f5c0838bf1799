public import AdapterKit

/// A payment as it is stored. What recovery needs to ask or to reverse stands open; names, accounts and texts are in `sealed`.
public struct PaymentRecord: Sendable, Equatable, Codable {
    public enum Status: String, Sendable, CaseIterable, Codable {
        case processing, queued
        case requiresAction = "requires_action"
        case authorized, succeeded, failed, canceled
        case manualReview = "manual_review"
    }

    public enum ProcessingReason: String, Sendable, Codable {
        case inFlight = "in_flight"
        case awaitingGateway = "awaiting_gateway"
        case outcomeUnknown = "outcome_unknown"
    }

    public enum CaptureMode: String, Sendable, CaseIterable, Codable { case automatic, manual }
    public enum OnUnavailable: String, Sendable, CaseIterable, Codable { case queue, fail }

    public let id: PaymentID
    public let tenant: String
    public let money: Money
    public let reference: String
    public let capture: CaptureMode
    public let methodKind: PaymentMethod.Kind
    /// The gateway the caller pinned, if any.
    public let pinnedGateway: String?
    public let onUnavailable: OnUnavailable
    public let createdAt: Timestamp

    /// Counts changes, from 1.
    public var version: Int
    public var status: Status
    /// Set while the status is `processing`.
    public var processingReason: ProcessingReason?
    public var amountCaptured: Int64
    public var amountRefunded: Int64
    /// The gateway that holds the payment, or is being asked; with its identity as of the attempt (O5).
    public var gateway: String?
    public var gatewayIdentity: String?
    public var gatewayReference: String?
    public var attempts: [AttemptRecord]
    public var failure: Failure?
    /// A decline that the route let move on to another gateway: what the payment fails with if nobody else takes it.
    public var softDecline: Failure?
    public var nextAction: NextAction?
    public var updatedAt: Timestamp
    /// Since when, and how often, it is asked about.
    public var schedule: Schedule?
    /// Since when it is queued, and how often it was tried again.
    public var queue: Schedule?
    public var deadLetter: DeadLetter?
    /// Gateways that have a reversal of this payment: what they hold or may come to hold is given back (R6).
    public var reversedAt: [String]
    /// The kind of the event that was told last.
    public var told: String?
    /// Encrypted: method, description, metadata, customer. Never a CVC.
    public var sealed: [UInt8]
    /// Encrypted: what `failure`, `softDecline` and `nextAction` hold of a gateway's own words. Set only in what is stored.
    public var words: Envelope?

    public init(
        id: PaymentID, tenant: String, money: Money, reference: String, capture: CaptureMode, methodKind: PaymentMethod.Kind,
        pinnedGateway: String?, onUnavailable: OnUnavailable, createdAt: Timestamp, sealed: [UInt8]
    ) {
        self.id = id
        self.tenant = tenant
        self.money = money
        self.reference = reference
        self.capture = capture
        self.methodKind = methodKind
        self.pinnedGateway = pinnedGateway
        self.onUnavailable = onUnavailable
        self.createdAt = createdAt
        self.version = 1
        self.status = .processing
        self.processingReason = .inFlight
        self.amountCaptured = 0
        self.amountRefunded = 0
        self.attempts = []
        self.reversedAt = []
        self.updatedAt = createdAt
        self.sealed = sealed
    }

    /// What can still be refunded if nothing else is in flight.
    public var refundable: Int64 { amountCaptured - amountRefunded }
}

/// One exchange with a gateway, stored before its first byte leaves.
public struct AttemptRecord: Sendable, Equatable, Codable {
    public let number: Int
    public let gateway: String
    public let operation: OperationName
    /// The reference as sent: ours.
    public let reference: String
    /// Digest of adapter, base URL and account settings: a "not found" under another identity proves nothing (O5).
    public let identity: String
    /// The time-stamp of its signature; also when it started.
    public let startedAt: Timestamp
    /// Unset while it is under way or when its owner died before recording its end.
    public var end: End?
    /// How an attempt whose own answer was `unknown`, or never recorded, was cleared up; `nil`: it was not (O1).
    public var resolution: Resolution?
    /// The gateway's own id of what it holds and should not: what it is asked by where it does not know ours.
    public var gatewayReference: String?
    /// Set when the gateway said that it holds something although another one holds the payment, or nobody should (R6).
    public var holdsUnwanted: Bool?

    public enum Resolution: String, Sendable, Codable {
        /// The same reference was approved there.
        case answered
        /// It was taken there; the gateway's last word is still to come.
        case pending
        case declined
        /// A final "not found": that gateway held nothing (O4).
        case notHeld = "not_held"
        /// What it held was given back.
        case reversed
    }

    public struct End: Sendable, Equatable, Codable {
        public var outcome: Outcome.Kind
        public var code: String?
        public var httpStatus: Int?
        /// Milliseconds.
        public var duration: Double

        public init(outcome: Outcome.Kind, code: String?, httpStatus: Int?, duration: Double) {
            self.outcome = outcome
            self.code = code
            self.httpStatus = httpStatus
            self.duration = duration
        }
    }

    public init(number: Int, gateway: String, operation: OperationName, reference: String, identity: String, startedAt: Timestamp)
    {
        self.number = number
        self.gateway = gateway
        self.operation = operation
        self.reference = reference
        self.identity = identity
        self.startedAt = startedAt
    }
}

/// Why a payment or refund failed, as the API tells it.
public struct Failure: Sendable, Equatable, Codable {
    public var code: String
    public var category: FailureCategory
    public var message: String
    public var gatewayCode: String?
    public var gatewayMessage: String?

    public init(
        code: String, category: FailureCategory, message: String, gatewayCode: String? = nil, gatewayMessage: String? = nil
    ) {
        self.code = code
        self.category = category
        self.message = message
        self.gatewayCode = gatewayCode
        self.gatewayMessage = gatewayMessage
    }
}
