package import Payments

extension HistoryEntry {
    /// What an operator asked for at an endpoint.
    package static func asked(_ endpoint: EndpointID) -> HistoryEntry {
        HistoryEntry(at: Sample.start, version: 0, event: "webhooks.asked", cause: .operator, actor: "ana", object: endpoint.name)
    }
}
