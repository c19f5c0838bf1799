public import AdapterKit

/// What operators do to something that is not one payment.
extension HistoryEntry {
    /// - Parameter limit: for how long it is forced; `nil`: until somebody changes it.
    public static func forced(
        _ gateway: String, from before: BreakerState?, _ order: BreakerOrder, reason: String, by actor: String, limit: Duration?,
        at now: Timestamp
    ) -> HistoryEntry {
        let until = limit.map { (now + $0).rfc3339 }
        return HistoryEntry(
            at: now, version: 0, event: "breaker.\(order.rawValue)", cause: .operator, actor: actor, gateway: gateway,
            object: until.map { "until \($0)" }, from: before?.rawValue, to: order.rawValue, reason: CardNumberMask.mask(reason))
    }

    static func enabled(
        _ endpoint: EndpointID, from before: EndpointStatus, reason: String?, by actor: String, at now: Timestamp
    ) -> HistoryEntry {
        HistoryEntry(
            at: now, version: 0, event: "webhooks.enabled", cause: .operator, actor: actor, object: endpoint.name,
            from: before.disabled.map { "disabled: \($0)" } ?? "enabled", to: "enabled", reason: reason)
    }

    static func redriven(
        _ endpoint: EndpointID, event: EventID?, reason: String?, by actor: String, at now: Timestamp
    ) -> HistoryEntry {
        HistoryEntry(
            at: now, version: 0, event: "webhooks.redriven", cause: .operator, actor: actor,
            object: event.map { "\(endpoint.name) \($0.text)" } ?? endpoint.name, from: "dead", to: "pending", reason: reason)
    }
}
