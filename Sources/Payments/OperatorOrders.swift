public import AdapterKit

/// `POST /admin/dead-letters/{id}/discard`.
public struct DiscardOrder: Sendable, Equatable {
    public var reason: String
    /// Required while a gateway may have done it.
    public var outcome: VouchedOutcome?
    /// The gateway that holds a payment that succeeded.
    public var gateway: String?

    /// - Throws: every rule that the body breaks.
    public init(_ json: JSON) throws(Problem) {
        var reader = MemberReader(json, at: "", allowing: ["reason", "outcome", "gateway"])
        let reason = reader.reason(required: true)
        outcome = reader.word("outcome", VouchedOutcome.self)
        gateway = reader.text("gateway", 1...63)
        guard reader.errors.isEmpty, let reason else { throw Problem(.validationFailed, errors: reader.errors) }
        self.reason = reason
    }
}

/// `POST /admin/dead-letters/{id}/redrive`.
public struct RedriveOrder: Sendable, Equatable {
    public var reason: String?

    /// - Throws: every rule that the body breaks.
    public init(_ json: JSON) throws(Problem) {
        var reader = MemberReader(json, at: "", allowing: ["reason"])
        reason = reader.reason(required: false)
        guard reader.errors.isEmpty else { throw Problem(.validationFailed, errors: reader.errors) }
    }
}

/// `POST /admin/callbacks/{id}/apply`.
public struct ApplyOrder: Sendable, Equatable {
    public var reason: String
    /// What it speaks of; without it, it is matched again by its own references.
    public var payment: WorkID?

    /// - Throws: every rule that the body breaks.
    public init(_ json: JSON) throws(Problem) {
        var reader = MemberReader(json, at: "", allowing: ["reason", "payment"])
        let reason = reader.reason(required: true)
        let work = reader.text(
            "payment", 1...64, where: { WorkID($0) != nil },
            saying: "must be the id of a payment, pay_…, or of a refund, pay_…/ref_…")
        guard reader.errors.isEmpty, let reason else { throw Problem(.validationFailed, errors: reader.errors) }
        self.reason = reason
        payment = work.flatMap { WorkID($0) }
    }
}

/// `POST /admin/callbacks/{id}/discard`.
public struct DiscardCallbackOrder: Sendable, Equatable {
    public var reason: String

    /// - Throws: every rule that the body breaks.
    public init(_ json: JSON) throws(Problem) {
        var reader = MemberReader(json, at: "", allowing: ["reason"])
        let reason = reader.reason(required: true)
        guard reader.errors.isEmpty, let reason else { throw Problem(.validationFailed, errors: reader.errors) }
        self.reason = reason
    }
}

/// `POST /admin/webhooks/{tenant}/{id}/redrive`.
public struct RedriveWebhooksOrder: Sendable, Equatable {
    /// Only this one; `nil`: all.
    public var event: EventID?
    public var reason: String?

    /// - Throws: every rule that the body breaks.
    public init(_ json: JSON) throws(Problem) {
        var reader = MemberReader(json, at: "", allowing: ["event", "reason"])
        reason = reader.reason(required: false)
        let event = reader.text("event", 1...64, where: { EventID($0) != nil }, saying: "must be the id of an event, evt_…")
        guard reader.errors.isEmpty else { throw Problem(.validationFailed, errors: reader.errors) }
        self.event = event.flatMap { EventID($0) }
    }
}

/// `POST /admin/webhooks/{tenant}/{id}/enable`.
public struct EnableWebhooksOrder: Sendable, Equatable {
    public var reason: String?

    /// - Throws: every rule that the body breaks.
    public init(_ json: JSON) throws(Problem) {
        var reader = MemberReader(json, at: "", allowing: ["reason"])
        reason = reader.reason(required: false)
        guard reader.errors.isEmpty else { throw Problem(.validationFailed, errors: reader.errors) }
    }
}

/// `POST /admin/gateways/{name}/breaker`.
public struct BreakerChange: Sendable, Equatable {
    public var state: BreakerOrder
    public var reason: String
    /// Until it goes back to its own judgement; `nil`: never. Only for a forced state.
    public var limit: Duration?

    /// - Parameter duration: reads a duration as the configuration writes it, such as `10m`.
    /// - Throws: every rule that the body breaks.
    public init(_ json: JSON, duration: (String) -> Duration?) throws(Problem) {
        var reader = MemberReader(json, at: "", allowing: ["state", "reason", "for"])
        let state = reader.word("state", BreakerOrder.self, required: true)
        let reason = reader.reason(required: true)
        let limits = Duration.seconds(1)...(.seconds(7 * 86_400))
        let limit = reader.text(
            "for", 2...10, where: { duration($0).map(limits.contains) ?? false },
            saying: "must be a duration such as 10m, from 1s to 7d")
        if state == .closed, limit != nil { reader.fail("for", "goes with a forced state only") }
        guard reader.errors.isEmpty, let state, let reason else { throw Problem(.validationFailed, errors: reader.errors) }
        self.state = state
        self.reason = reason
        self.limit = limit.flatMap(duration)
    }
}

extension MemberReader {
    /// The operator's words: kept in the history, so without what looks like a card number.
    fileprivate mutating func reason(required: Bool) -> String? {
        let isPrintable = { (text: String) in text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } }
        let isSaid = { (text: String) in isPrintable(text) && text.contains { $0 != " " } }
        let rule = "must have 1 to 500 characters, and none that cannot be printed"
        return text("reason", 1...500, required: required, where: isSaid, saying: rule).map(CardNumberMask.mask)
    }
}
