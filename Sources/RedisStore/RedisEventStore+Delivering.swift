import AdapterKit
import Logging
public import Payments

extension RedisEventStore: DeliveryStore {
    /// At most 1,000.
    public func take(for endpoint: EndpointID, limit: Int, hold: Duration) async throws(StoreFailure) -> [Delivery] {
        let count = Self.bounded(limit)
        let parts = try await run(
            .takeDeliveries, of: endpoint.tenant, [endpoint.name, String(count), String(hold.wholeMilliseconds)])
        guard let lost = parts.first?.integer else { throw RedisEvent.unreadable }
        if lost > 0 { logger.error("events are gone that were to be delivered", metadata: ["count": "\(lost)"]) }
        return try parts.dropFirst().map { part throws(StoreFailure) in try Self.delivery(part, to: endpoint) }
    }

    private static func delivery(_ reply: RedisReply, to endpoint: EndpointID) throws(StoreFailure) -> Delivery {
        let event = try RedisEvent.feedEvent(reply, tenant: endpoint.tenant)
        guard let tries = reply.elements?.last?.text.flatMap({ Int($0) }) else { throw RedisEvent.unreadable }
        return Delivery(endpoint: endpoint, event: event, tries: tries)
    }

    public func finish(_ delivery: Delivery, _ end: DeliveryEnd, status: Int?) async throws(StoreFailure) {
        let (endpoint, member) = (delivery.endpoint, delivery.event.id.member)
        _ = try await run(
            .finishDelivery, of: endpoint.tenant,
            [endpoint.name, member, String(delivery.tries)] + Self.words(end) + [status.map { String($0) } ?? ""])
    }

    /// How it ended, the error, for how long it waits.
    private static func words(_ end: DeliveryEnd) -> [String] {
        switch end {
        case .delivered: ["delivered", "", ""]
        case .failed(let error, let pause): ["failed", error, String(pause.wholeMilliseconds)]
        case .dead(let error): ["dead", error, ""]
        }
    }

    // MARK: The endpoint

    public func disable(_ endpoint: EndpointID, reason: String) async throws(StoreFailure) {
        _ = try await client.send([RedisCommand("HSET", keys.delivery("state", to: endpoint), "disabled", reason)])
    }

    public func enable(_ endpoint: EndpointID, _ entry: HistoryEntry) async throws(StoreFailure) {
        _ = try await client.send([keys.register(.tenant(endpoint.tenant))])
        let told = RedisAuditScript.arguments(entry, of: .tenant(endpoint.tenant))
        _ = try await run(.enable, of: endpoint.tenant, [RedisFields.bytes(endpoint.name)] + told)
    }

    public func status(of endpoint: EndpointID) async throws(StoreFailure) -> EndpointStatus {
        let replies = try await client.send([
            RedisCommand("HLEN", keys.delivery("tries", to: endpoint)),
            RedisCommand("ZCARD", keys.delivery("dead", to: endpoint)),
            RedisCommand("HMGET", keys.delivery("state", to: endpoint), "disabled", "attempt", "success", "error", "status"),
        ])
        guard replies.count == 3, let pending = replies[0].integer, let dead = replies[1].integer,
            let state = replies[2].elements?.map(\.text), state.count == 5
        else { throw RedisEvent.unreadable }
        return EndpointStatus(
            pending: Int(pending), dead: Int(dead), disabled: state[0], lastAttempt: try Self.time(state[1]),
            lastSuccess: try Self.time(state[2]), lastError: state[3], lastStatus: state[4].flatMap { Int($0) })
    }

    private static func time(_ text: String?) throws(StoreFailure) -> Timestamp? {
        guard let text else { return nil }
        guard let milliseconds = Int64(text) else { throw RedisEvent.unreadable }
        return Timestamp(milliseconds: milliseconds)
    }

    // MARK: Dead letters

    /// At most 1,000.
    public func deadLetters(
        of endpoint: EndpointID, after: EventID?, limit: Int
    ) async throws(StoreFailure) -> [DeadDelivery] {
        let parts = try await run(
            .readDeadLetters, of: endpoint.tenant, [endpoint.name, after?.member ?? "", String(Self.bounded(limit))])
        return try parts.map { part throws(StoreFailure) in try Self.deadLetter(part, of: endpoint.tenant) }
    }

    private static func deadLetter(_ reply: RedisReply, of tenant: String) throws(StoreFailure) -> DeadDelivery {
        let event = try RedisEvent.feedEvent(reply, tenant: tenant)
        guard let parts = reply.elements, parts.count == 5, let tries = parts[2].text.flatMap({ Int($0) }),
            let error = parts[3].text, let at = try time(parts[4].text)
        else { throw RedisEvent.unreadable }
        return DeadDelivery(event: event, tries: tries, error: error, at: at)
    }

    /// No more than there is room for.
    public func redrive(_ endpoint: EndpointID, event: EventID?, _ entry: HistoryEntry) async throws(StoreFailure) -> Int {
        _ = try await client.send([keys.register(.tenant(endpoint.tenant))])
        var told = RedisAuditScript.arguments(entry, of: .tenant(endpoint.tenant))
        var (count, last) = (0, "")
        while true {
            // Each once: what dies again meanwhile stays dead.
            let words = [endpoint.name, event?.member ?? "", last].map(RedisFields.bytes)
            let parts = try await run(.redrive, of: endpoint.tenant, words + told)
            told = []
            guard let step = parts.first?.integer, let reached = parts.last?.text else { throw RedisEvent.unreadable }
            count += Int(step)
            last = reached
            if step < Self.step || event != nil { return count }
        }
    }
}
