public import AdapterKit

/// Why something waits for an operator.
public struct DeadLetter: Sendable, Equatable, Codable {
    public enum Reason: String, Sendable, CaseIterable, Codable {
        /// The inquiry schedule ended without an answer (R4).
        case outcomeUnknown = "outcome_unknown"
        /// No gateway took it for as long as it may be queued (R5).
        case queueGaveUp = "queue_gave_up"
        /// An approval whose amount, currency or state is not what was asked (O6).
        case amountMismatch = "amount_mismatch"
        /// A gateway refused to give back what it should not hold (R6).
        case reversalRefused = "reversal_refused"
        /// A gateway that was tried is not configured any more, or is another account now (R9).
        case gatewayChanged = "gateway_changed"
        /// What a gateway says does not fit a payment that is final (S).
        case finalMismatch = "final_mismatch"
        /// The stored record cannot be read (R8).
        case unreadable
        /// No key opens what a gateway would have to be sent (R8): it goes on when its key is in the ring again, and it is redriven.
        case undecryptable
        /// Queued without what a gateway needs to take it.
        case incomplete
    }

    public var reason: Reason
    public var since: Timestamp

    public init(_ reason: Reason, since: Timestamp) {
        self.reason = reason
        self.since = since
    }
}

/// Where a piece of work stands on its schedule of inquiries or of queue tries.
public struct Schedule: Sendable, Equatable, Codable {
    public var since: Timestamp
    /// How often it was tried.
    public var tries: Int

    public init(since: Timestamp, tries: Int = 0) {
        self.since = since
        self.tries = tries
    }
}
