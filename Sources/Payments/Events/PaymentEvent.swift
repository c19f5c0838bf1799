public import AdapterKit

/// What happened to a payment or refund, as payment services are told (openapi.yaml, `Event`).
public struct PaymentEvent: Sendable, Equatable {
    /// openapi.yaml, `Event.type`.
    public enum Kind: String, Sendable, CaseIterable {
        case paymentProcessing = "payment.processing"
        case paymentQueued = "payment.queued"
        case paymentRequiresAction = "payment.requires_action"
        case paymentAuthorized = "payment.authorized"
        case paymentSucceeded = "payment.succeeded"
        case paymentFailed = "payment.failed"
        case paymentCanceled = "payment.canceled"
        case paymentManualReview = "payment.manual_review"
        case paymentDisputed = "payment.disputed"
        case refundProcessing = "refund.processing"
        case refundSucceeded = "refund.succeeded"
        case refundFailed = "refund.failed"
        case refundManualReview = "refund.manual_review"
    }

    public let tenant: String
    /// Whose outbox it goes through.
    public let payment: PaymentID
    /// The id of what changed: the payment's, or the refund's.
    public let object: String
    /// Of the payment or refund.
    public let version: Int
    public let kind: Kind
    public let cause: HistoryEntry.Cause
    public let createdAt: Timestamp
    /// Encrypted for `object`: the payment or refund right after the change, as JSON.
    public let sealed: [UInt8]

    public init(
        tenant: String, payment: PaymentID, object: String, version: Int, kind: Kind, cause: HistoryEntry.Cause,
        createdAt: Timestamp, sealed: [UInt8]
    ) {
        self.tenant = tenant
        self.payment = payment
        self.object = object
        self.version = version
        self.kind = kind
        self.cause = cause
        self.createdAt = createdAt
        self.sealed = sealed
    }
}

/// Where an event stands in its tenant's feed: `evt_`, a number that only grows, `-`, and a second one. Assigned when it is
/// appended; never given twice, also after the store has lost its last moments.
public struct EventID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public static let prefix = "evt_"
    /// Milliseconds of the store's clock.
    public let major: UInt64
    public let minor: UInt64

    public init(major: UInt64, minor: UInt64) {
        self.major = major
        self.minor = minor
    }

    /// `nil` unless the text is exactly what `text` would write.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.dropFirst(Self.prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = UInt64(parts[0]), let minor = UInt64(parts[1]) else { return nil }
        self.init(major: major, minor: minor)
        guard self.text == text else { return nil }
    }

    public var text: String { "\(Self.prefix)\(major)-\(minor)" }
    public var description: String { text }

    public static func < (left: EventID, right: EventID) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

/// An event with its place in the feed.
public struct FeedEvent: Sendable, Equatable {
    public let id: EventID
    public let event: PaymentEvent

    public init(id: EventID, event: PaymentEvent) {
        self.id = id
        self.event = event
    }
}
