public import AdapterKit

/// What an operator has decided about a kept callback: who, what, when and why.
public struct CallbackDecision: Sendable, Equatable, Codable {
    public enum Verdict: String, Sendable, CaseIterable, Codable { case applied, discarded }

    public let callback: CallbackID
    public let gateway: String
    public let kind: KeptCallback.Kind
    public let eventID: String?
    public let verdict: Verdict
    /// To what it was applied, where the operator said so: `pay_…` or `pay_…/ref_…`.
    public let work: String?
    /// What came of applying it.
    public let result: String?
    public let actor: String
    public let reason: String
    public let at: Timestamp

    public init(
        callback: CallbackID, gateway: String, kind: KeptCallback.Kind, eventID: String?, verdict: Verdict, work: String?,
        result: String?, actor: String, reason: String, at: Timestamp
    ) {
        self.callback = callback
        self.gateway = gateway
        self.kind = kind
        self.eventID = eventID
        self.verdict = verdict
        self.work = work
        self.result = result
        self.actor = actor
        self.reason = reason
        self.at = at
    }

    var json: JSON {
        .members([
            ("id", .string(callback.text)), ("gateway", .string(gateway)), ("kind", .string(kind.rawValue)),
            ("event_id", .optional(eventID)), ("verdict", .string(verdict.rawValue)), ("payment", .optional(work)),
            ("result", .optional(result)), ("actor", .string(actor)), ("reason", .string(reason)), ("at", .string(at.rfc3339)),
        ])
    }
}
