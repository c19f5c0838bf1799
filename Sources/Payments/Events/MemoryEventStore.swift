import AdapterKit
import Synchronization

/// The feeds and deliveries of the embedded store: this process alone, gone when it stops.
public final class MemoryEventStore: EventStore, DeliveryStore {
    /// Events that one relay moves.
    private static let relayed = 10_000

    private let payments: MemoryPaymentStore
    private let time: any TimeSource
    private let limits: FeedLimits
    private let audit: MemoryAuditLog
    private let feeds = Mutex<[String: MemoryFeed]>([:])

    /// - Parameters:
    ///   - payments: whose outbox is relayed.
    ///   - time: the store's clock.
    ///   - audit: where what operators do is written.
    public init(
        payments: MemoryPaymentStore, audit: MemoryAuditLog = MemoryAuditLog(), time: any TimeSource,
        limits: FeedLimits = .standard
    ) {
        self.audit = audit
        self.payments = payments
        self.time = time
        self.limits = limits
    }

    // MARK: Feeds

    public func relay(
        of payments: Set<PaymentID>?, to endpoints: @Sendable (PaymentEvent) -> [EndpointID]
    ) async throws(StoreFailure) -> Set<String> {
        let waiting = self.payments.outbox(of: payments, limit: Self.relayed)
        let addressed = waiting.map { ($0.event, endpoints($0.event).names(of: $0.event.tenant)) }
        let grown = addressed.filter { event, names in
            change(event.tenant) { $0.append(event, to: names, at: $1) }
        }
        self.payments.removeFromOutbox(waiting.map(\.id))
        return Set(grown.map(\.0.tenant))
    }

    public func events(of tenant: String, after: EventID?, limit: Int) async throws(StoreFailure) -> FeedPage {
        change(tenant) { $0.page(after: after, limit: limit, at: $1) }
    }

    // MARK: Deliveries

    public func take(for endpoint: EndpointID, limit: Int, hold: Duration) async throws(StoreFailure) -> [Delivery] {
        let taken = change(endpoint.tenant) { $0.take(for: endpoint.name, limit: limit, hold: hold, at: $1) }
        return taken.map { Delivery(endpoint: endpoint, event: $0.event, tries: $0.tries) }
    }

    public func finish(_ delivery: Delivery, _ end: DeliveryEnd, status: Int?) async throws(StoreFailure) {
        change(delivery.endpoint) { $0.finish(delivery, end, status: status, at: $1) }
    }

    public func disable(_ endpoint: EndpointID, reason: String) async throws(StoreFailure) {
        change(endpoint) { backlog, _ in backlog.disabled = reason }
    }

    public func enable(_ endpoint: EndpointID, _ entry: HistoryEntry) async throws(StoreFailure) {
        change(endpoint) { backlog, _ in
            audit.write(entry, to: .tenant(endpoint.tenant))
            backlog.disabled = nil
        }
    }

    public func status(of endpoint: EndpointID) async throws(StoreFailure) -> EndpointStatus {
        change(endpoint) { backlog, _ in backlog.status }
    }

    public func deadLetters(
        of endpoint: EndpointID, after: EventID?, limit: Int
    ) async throws(StoreFailure) -> [DeadDelivery] {
        change(endpoint) { backlog, _ in backlog.deadLetters(after: after, limit: limit) }
    }

    public func redrive(_ endpoint: EndpointID, event: EventID?, _ entry: HistoryEntry) async throws(StoreFailure) -> Int {
        change(endpoint) { backlog, now in
            let count = backlog.redrive(event, at: now)
            if count > 0 { audit.write(entry, to: .tenant(endpoint.tenant)) }
            return count
        }
    }

    private func change<Result: Sendable>(
        _ endpoint: EndpointID, _ body: (inout MemoryBacklog, MemoryFeed.Moment) -> Result
    ) -> Result {
        change(endpoint.tenant) { feed, now in body(&feed.backlogs[endpoint.name, default: MemoryBacklog(limits: limits)], now) }
    }

    /// One reading of the clock and one hold of the lock for the whole step.
    private func change<Result: Sendable>(
        _ tenant: String, _ body: (inout MemoryFeed, MemoryFeed.Moment) -> Result
    ) -> Result {
        feeds.withLock { feeds in
            let now = MemoryFeed.Moment(wall: time.now(), monotonic: time.monotonic())
            return body(&feeds[tenant, default: MemoryFeed(limits: limits)], now)
        }
    }
}

extension [EndpointID] {
    /// Of this tenant only: nobody is told what happened to another's payment. Each once.
    package func names(of tenant: String) -> [String] {
        var known: Set<String> = []
        return filter { $0.tenant == tenant && known.insert($0.name).inserted }.map(\.name)
    }
}
