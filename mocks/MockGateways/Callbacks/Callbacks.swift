public import AdapterKit

/// What became of the callbacks since the bank started or was reset. A value, so that a snapshot is a copy.
public struct Callbacks: Sendable, Equatable {
    /// Attempts that are kept for certain; the oldest are forgotten.
    static let keptAttempts = 50_000

    /// In the order in which they ended.
    public private(set) var attempts: [CallbackAttempt] = []
    /// Deliveries that were acknowledged. An event that is delivered twice counts twice, the repeated bytes of a replay do not.
    public internal(set) var acknowledged = 0
    /// Deliveries given up after the last try.
    public internal(set) var abandoned = 0
    /// Deliveries never tried, because too many were under way.
    public internal(set) var dropped = 0
    /// What waits, is being tried, or will be tried again.
    public internal(set) var underway = 0

    public init() {}

    mutating func add(_ attempt: CallbackAttempt) {
        attempts.append(attempt)
        if attempts.count >= 2 * Self.keptAttempts { attempts.removeFirst(Self.keptAttempts) }
    }

    /// Those that speak of one charge or refund.
    public func attempts(for reference: String) -> [CallbackAttempt] { attempts.filter { $0.reference == reference } }
}

/// One try at delivering one event.
public struct CallbackAttempt: Sendable, Equatable {
    /// 1 for the first of this event's delivery.
    public let number: Int
    /// Our reference of the charge or refund that is spoken of.
    public let reference: String
    public let eventID: String
    public let nonce: String
    /// What was signed.
    public let timestamp: Timestamp
    public let result: CallbackResult
}

/// What a try came to.
public enum CallbackResult: Sendable, Equatable {
    case answered(status: Int)
    case unanswered(Reason)

    public enum Reason: String, Sendable {
        /// No connection.
        case unreachable
        /// The handshake failed, or the connection ended before the whole answer.
        case cut
        case timedOut = "timed_out"
        /// A part cannot be put into the canonical string: nothing was sent.
        case unsignable
    }

    /// Whether a bank that speaks bank-hmac takes the event as received: 200 or 204.
    public var isAcknowledged: Bool { self == .answered(status: 200) || self == .answered(status: 204) }
}
