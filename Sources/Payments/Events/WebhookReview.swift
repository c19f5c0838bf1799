public import AdapterKit
public import Logging

/// What operators see and do of webhooks: how each endpoint fares, its dead letters, and putting them back.
public struct WebhookReview: Sendable {
    private let endpoints: [WebhookEndpoint]
    private let store: any DeliveryStore
    private let dispatcher: WebhookDispatcher
    private let time: any TimeSource
    private let logger: Logger

    public init(
        endpoints: [WebhookEndpoint], store: any DeliveryStore, dispatcher: WebhookDispatcher, time: any TimeSource,
        logger: Logger
    ) {
        self.time = time
        self.endpoints = endpoints
        self.store = store
        self.dispatcher = dispatcher
        self.logger = logger
    }

    public func listed() async throws(Problem) -> JSON {
        var items: [JSON] = []
        for endpoint in endpoints { items.append(try await json(endpoint)) }
        return .members([("data", .array(items))])
    }

    /// Oldest first.
    /// - Parameter after: the event of the last one seen.
    public func deadLetters(
        _ tenant: String, _ name: String, after: String?, limit: Int
    ) async throws(Problem) -> JSON {
        let endpoint = try endpoint(tenant, name)
        let cursor = after.flatMap { EventID($0) }
        guard after == nil || cursor != nil else {
            throw Problem(.validationFailed, errors: [.init("/query/after", "must be the next of an earlier page")])
        }
        let dead = try await reaching { () async throws(StoreFailure) in
            try await self.store.deadLetters(of: endpoint.id, after: cursor, limit: limit)
        }
        return .members([
            ("data", .array(dead.map(\.json))),
            ("next", .optional(dead.count == limit ? dead.last?.event.id.text : nil)),
        ])
    }

    /// Dead letters are delivered again, as if never tried.
    public func redrive(
        _ tenant: String, _ name: String, _ order: RedriveWebhooksOrder, by actor: String
    ) async throws(Problem) -> JSON {
        let endpoint = try endpoint(tenant, name)
        let entry = HistoryEntry.redriven(endpoint.id, event: order.event, reason: order.reason, by: actor, at: time.now())
        let count = try await reaching { () async throws(StoreFailure) in
            try await self.store.redrive(endpoint.id, event: order.event, entry)
        }
        if order.event != nil, count == 0 { throw Problem(.notFound, "No such dead letter lies at this endpoint.") }
        dispatcher.wake([tenant])
        logger.notice(
            "webhooks redriven", metadata: ["endpoint": "\(endpoint.id)", "count": "\(count)", "actor": "\(actor)"])
        return .members([("redriven", .integer(Int64(count)))])
    }

    /// A disabled endpoint is tried again; what waits there is delivered.
    public func enable(
        _ tenant: String, _ name: String, _ order: EnableWebhooksOrder, by actor: String
    ) async throws(Problem) -> JSON {
        let endpoint = try endpoint(tenant, name)
        let now = time.now()
        try await reaching { () async throws(StoreFailure) in
            let before = try await self.store.status(of: endpoint.id)
            let entry = HistoryEntry.enabled(endpoint.id, from: before, reason: order.reason, by: actor, at: now)
            try await self.store.enable(endpoint.id, entry)
        }
        dispatcher.wake([tenant])
        logger.notice("webhook endpoint enabled", metadata: ["endpoint": "\(endpoint.id)", "actor": "\(actor)"])
        return try await json(endpoint)
    }

    private func endpoint(_ tenant: String, _ name: String) throws(Problem) -> WebhookEndpoint {
        guard let endpoint = endpoints.first(where: { $0.id == EndpointID(tenant: tenant, name: name) }) else {
            throw Problem(.notFound, "This tenant has no webhook endpoint of this id.")
        }
        return endpoint
    }

    private func json(_ endpoint: WebhookEndpoint) async throws(Problem) -> JSON {
        let status = try await reaching { () async throws(StoreFailure) in try await self.store.status(of: endpoint.id) }
        return .members([
            ("tenant", .string(endpoint.id.tenant)), ("id", .string(endpoint.id.name)), ("url", .string(endpoint.url)),
            ("events", endpoint.kinds.map { .array($0.map(\.rawValue).sorted().map { .string($0) }) } ?? .string("all")),
            ("state", .string(status.disabled == nil ? status.lastError == nil ? "ok" : "failing" : "disabled")),
            ("disabled", .optional(status.disabled)), ("pending", .integer(Int64(status.pending))),
            ("dead_letters", .integer(Int64(status.dead))), ("last_attempt_at", .optional(status.lastAttempt?.rfc3339)),
            ("last_success_at", .optional(status.lastSuccess?.rfc3339)), ("last_error", .optional(status.lastError)),
            ("last_status", status.lastStatus.map { .integer(Int64($0)) } ?? .null),
        ])
    }

    private func reaching<Value>(_ body: () async throws(StoreFailure) -> Value) async throws(Problem) -> Value {
        do { return try await body() } catch { throw Problem(error) }
    }
}

extension DeadDelivery {
    fileprivate var json: JSON {
        .members([
            ("event", .string(event.id.text)), ("type", .string(event.event.kind.rawValue)),
            ("object", .string(event.event.object)), ("version", .integer(Int64(event.event.version))),
            ("tries", .integer(Int64(tries))), ("error", .string(error)), ("at", .string(at.rfc3339)),
        ])
    }
}
