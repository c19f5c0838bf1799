import AdapterKit
import TestKit
import Testing

@testable import Payments

/// What is told of a world's payments: their feeds in memory, and the deliveries to endpoints.
struct EventWorld: Sendable {
    let world: World
    let store: MemoryEventStore
    let feed: EventFeed

    init(_ world: World, limits: FeedLimits = .standard) {
        self.world = world
        store = MemoryEventStore(payments: world.memory, time: world.time, limits: limits)
        feed = EventFeed(
            store: store, vault: world.vault, inFlight: world.inFlight, time: world.time, logger: world.log.logger)
    }

    /// A look of this replica at all outboxes.
    @discardableResult
    func relay(to endpoints: WebhookEndpoint...) async throws -> Set<String> {
        try await store.relay(of: nil) { event in endpoints.filter { $0.wants(event) }.map(\.id) }
    }

    func read(
        _ tenant: String = "acme", after: String? = nil, limit: Int = 500, wait: Duration = .zero
    ) async throws -> Answer {
        let cursor = try after.map { try #require(EventID($0)) }
        return await feed.events(after: cursor, limit: limit, wait: wait, call: world.call(tenant: tenant))
    }

    /// Everything that was told so far, as the tenant reads it.
    func told(_ tenant: String = "acme") async throws -> [JSON] {
        try await relay()
        return try await read(tenant).events
    }

    /// The payment as its tenant sees it now.
    func shown(_ key: String = "key-1") async throws -> JSON {
        let answer = await world.service.payment(try world.id(key), call: world.call(key))
        try #require(answer.status == 200)
        return answer.json
    }
}

extension Answer {
    /// Of a page of the feed.
    var events: [JSON] {
        get throws {
            try #require(status == 200, "\(text)")
            return try #require(json["data"]?.elements)
        }
    }
}

extension [JSON] {
    var types: [String] { compactMap { $0["type"]?.text } }
    var causes: [String] { compactMap { $0["cause"]?.text } }
    var ids: [String] { compactMap { $0["id"]?.text } }
    /// What they are posted under.
    var webhookIDs: [String] {
        compactMap { event in
            event["data"]?["id"]?.text.flatMap { id in event["version"]?.integer.map { "\(id)_v\($0)" } }
        }
    }
    var versions: [Int64] { compactMap { $0["version"]?.integer } }
}
