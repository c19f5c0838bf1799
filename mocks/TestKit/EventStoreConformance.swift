import AdapterKit
public import Payments
import Testing

/// A store of events to check, fresh and empty, beside the payment store whose outboxes it relays, with a way to let their clock
/// run on.
public struct EventStoreUnderTest: Sendable {
    public let payments: any PaymentStore
    public let store: any EventStore & DeliveryStore
    /// Returns when at least so much time has passed on the store's clock.
    public let elapse: @Sendable (Duration) async throws -> Void

    public init(
        payments: any PaymentStore, store: any EventStore & DeliveryStore,
        elapse: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.payments = payments
        self.store = store
        self.elapse = elapse
    }
}

/// One sentence of what every store of events does. Both stores pass all of them.
public struct EventStoreConformance: Sendable, CustomStringConvertible {
    public let description: String
    /// That the store is to be made with.
    public let limits: FeedLimits
    public let run: @Sendable (EventStoreUnderTest) async throws -> Void

    init(
        _ description: String, limits: FeedLimits = .standard,
        _ run: @escaping @Sendable (EventStoreUnderTest) async throws -> Void
    ) {
        self.description = description
        self.limits = limits
        self.run = run
    }

    public static let all = relaying + cursors + trimming + taking + finishing + dying + redriving + disabling

    static let endpoint = EndpointID(tenant: "acme", name: "we_1")
    /// Longer than any run of the checks.
    static let long = Duration.seconds(3_600)
    /// Short enough to be waited for.
    static let short = Duration.milliseconds(50)

    static func limits(_ change: (inout FeedLimits) -> Void) -> FeedLimits {
        var limits = FeedLimits.standard
        change(&limits)
        return limits
    }

    static func event(
        _ version: Int, of number: Int = 1, object: String? = nil, bucket: String = "00", tenant: String = "acme",
        _ kind: PaymentEvent.Kind = .paymentProcessing
    ) throws -> PaymentEvent {
        let payment = try Sample.paymentID(number, bucket: bucket)
        return PaymentEvent(
            tenant: tenant, payment: payment, object: object ?? payment.text, version: version, kind: kind, cause: .callback,
            createdAt: Sample.start + .milliseconds(version), sealed: [0, 255, 13, 10] + [UInt8](String(version).utf8))
    }
}

extension EventStoreUnderTest {
    /// Writes events into their payments' outboxes, as settlements do.
    public func publish(_ events: [PaymentEvent]) async throws {
        for event in events {
            let known = try await payments.work(WorkID(event.payment))?.payment.record
            var record = try known ?? Sample.payment(tenant: event.tenant, id: event.payment)
            record.version += 1
            let settlement = Settlement(
                record: record, expectedVersion: record.version - 1, events: [event], keeping: Sample.kept)
            try #require(try await payments.settle(settlement) == .done)
        }
    }

    @discardableResult
    func relay(to names: String..., of payments: Set<PaymentID>? = nil) async throws -> Set<String> {
        try await store.relay(of: payments) { event in names.map { EndpointID(tenant: event.tenant, name: $0) } }
    }

    /// Writes them and relays them, to one endpoint.
    @discardableResult
    func append(_ events: PaymentEvent...) async throws -> [FeedEvent] {
        try await publish(events)
        try await relay(to: EventStoreConformance.endpoint.name)
        return try await feed(of: events.first?.tenant ?? "").suffix(events.count)
    }

    /// Events of as many versions of one payment.
    @discardableResult
    func append(versions: ClosedRange<Int>) async throws -> [FeedEvent] {
        try await publish(try versions.map { try EventStoreConformance.event($0) })
        try await relay(to: EventStoreConformance.endpoint.name)
        return try await feed().suffix(versions.count)
    }

    func feed(of tenant: String = "acme", after: EventID? = nil) async throws -> [FeedEvent] {
        guard case .page(let events, let hasMore) = try await store.events(of: tenant, after: after, limit: 1_000) else {
            Issue.record("the cursor is not kept")
            return []
        }
        #expect(!hasMore)
        return events
    }

    func page(of tenant: String = "acme", after: EventID?, limit: Int = 10) async throws -> FeedPage {
        try await store.events(of: tenant, after: after, limit: limit)
    }

    func redrive(
        _ event: EventID? = nil, of endpoint: EndpointID = EventStoreConformance.endpoint
    ) async throws -> Int {
        try await store.redrive(endpoint, event: event, .asked(endpoint))
    }

    func versions(of tenant: String = "acme") async throws -> [Int] { try await feed(of: tenant).map(\.event.version) }

    func take(
        _ limit: Int = 100, hold: Duration = EventStoreConformance.long, for endpoint: EndpointID = EventStoreConformance.endpoint
    ) async throws -> [Delivery] {
        try await store.take(for: endpoint, limit: limit, hold: hold)
    }

    /// Takes what is due and lets it end so.
    func finish(_ end: DeliveryEnd, status: Int? = nil, limit: Int = 100) async throws {
        for delivery in try await take(limit) { try await store.finish(delivery, end, status: status) }
    }

    func status(of endpoint: EndpointID = EventStoreConformance.endpoint) async throws -> EndpointStatus {
        try await store.status(of: endpoint)
    }

    func deadLetters(after: EventID? = nil, limit: Int = 100) async throws -> [DeadDelivery] {
        try await store.deadLetters(of: EventStoreConformance.endpoint, after: after, limit: limit)
    }
}

extension [Delivery] {
    var versions: [Int] { map(\.event.event.version) }
}

extension Sample {
    fileprivate static func payment(tenant: String, id: PaymentID) throws -> PaymentRecord {
        PaymentRecord(
            id: id, tenant: tenant, money: Money(minorUnits: 100, currency: try #require(Currency("EUR"))), reference: "order-1",
            capture: .manual, methodKind: .card, pinnedGateway: nil, onUnavailable: .queue, createdAt: start, sealed: [])
    }
}
