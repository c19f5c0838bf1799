public import AdapterKit

/// The id of a kept callback: `cb_` and 26 characters, derived from its gateway and event id or body, so that a repeat is the same.
public struct CallbackID: Sendable, Hashable, Codable, CustomStringConvertible {
    public static let prefix = "cb_"
    public let text: String

    public init?(_ text: String) {
        guard OperationID.isDerived(text, prefix: Self.prefix) else { return nil }
        self.text = text
    }

    public init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }
}

/// A verified callback that could not be applied so far: it waits for its payment, or for an operator.
public struct KeptCallback: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, CaseIterable, Codable {
        /// No payment here has an attempt at this gateway under its reference (yet).
        case unmatched
        /// The adapter cannot read it.
        case malformed
    }

    /// How long one that matches nothing is applied by itself when its payment appears.
    public static let patience = Duration.seconds(24 * 3600)
    /// Kept for one gateway; one more is answered 503, so that the gateway sends it again.
    public static let maximumPerGateway = 10_000
    /// As many as may be kept of a gateway, of both kinds, for one more that cannot be read: it is kept whole, up to 256 KiB.
    public static let maximumMalformed = 1_000

    public let id: CallbackID
    public let gateway: String
    public let kind: Kind
    public let eventID: String?
    /// Whom it speaks of; `nil` where it cannot be read.
    public let subject: CallbackSubject?
    /// What it says; `nil` where it cannot be read.
    public let outcome: Outcome.Kind?
    public let receivedAt: Timestamp
    /// Encrypted for `id`: the event as JSON, or the whole request of a malformed one.
    public let sealed: [UInt8]

    public init(
        id: CallbackID, gateway: String, kind: Kind, eventID: String?, subject: CallbackSubject?, outcome: Outcome.Kind?,
        receivedAt: Timestamp, sealed: [UInt8]
    ) {
        self.id = id
        self.gateway = gateway
        self.kind = kind
        self.eventID = eventID
        self.subject = subject
        self.outcome = outcome
        self.receivedAt = receivedAt
        self.sealed = sealed
    }
}
