public import AdapterKit

/// The tenants' feeds. Events come to them through the outboxes that settlements write (`Settlement.events`).
/// Two implementations, one conformance suite (TestKit): in memory and Redis.
public protocol EventStore: Sendable {
    /// Moves what lies in outboxes to the feeds of its tenants, in order for each payment, and queues a delivery for each endpoint.
    /// What was appended already (object and version) is dropped, so that a crash in between neither loses nor repeats an event.
    /// - Parameters:
    ///   - payments: only the outboxes these share; `nil`: all.
    ///   - endpoints: where an event is delivered.
    /// - Returns: the tenants whose feed has grown.
    func relay(
        of payments: Set<PaymentID>?, to endpoints: @Sendable (PaymentEvent) -> [EndpointID]
    ) async throws(StoreFailure) -> Set<String>

    /// Events of a tenant's feed, oldest first.
    /// - Parameter after: the last one seen; `nil`: from the start of what is kept.
    func events(of tenant: String, after: EventID?, limit: Int) async throws(StoreFailure) -> FeedPage
}

/// Bounds that every event store keeps.
public struct FeedLimits: Sendable, Equatable {
    public static let standard = FeedLimits()

    /// How long an event is kept in its feed.
    public var age = Duration.seconds(7 * 86_400)
    /// Events kept of one tenant; the oldest go first.
    public var events = 1_000_000
    /// How long it is remembered what was appended: longer than any outbox waits for its relay.
    public var memory = Duration.seconds(86_400)
    /// Deliveries waiting for one endpoint; one more disables it (`tooManyPending`).
    public var pendingDeliveries = 100_000
    /// Dead letters of one endpoint; the oldest go first.
    public var deadLetters = 10_000

    public init() {}

    /// Why an endpoint is disabled that fell too far behind.
    public static let tooManyPending = "too_many_pending"
    /// Of a dead letter: its event left the feed before it was delivered.
    public static let expired = "expired"
}

public enum FeedPage: Sendable, Equatable {
    case page([FeedEvent], hasMore: Bool)
    /// `after` is not in the feed any more, or never was: what lies between would be skipped silently.
    case cursorNotKept
}

/// A tenant's webhook endpoint.
public struct EndpointID: Sendable, Hashable, CustomStringConvertible {
    public let tenant: String
    /// `we_` and hexadecimal digits, derived from the URL.
    public let name: String

    public init(tenant: String, name: String) {
        self.tenant = tenant
        self.name = name
    }

    public var description: String { "\(tenant)/\(name)" }
}

/// What is on its way to the endpoints. Implemented beside `EventStore`, which queues it.
public protocol DeliveryStore: Sendable {
    /// Deliveries whose time has come, in the order of the feed, and marks them as under way for `hold`: then they are due again,
    /// unless they were finished. Nothing while the endpoint is disabled.
    func take(for endpoint: EndpointID, limit: Int, hold: Duration) async throws(StoreFailure) -> [Delivery]
    /// - Parameter status: of the HTTP answer; `nil` where none came.
    func finish(_ delivery: Delivery, _ end: DeliveryEnd, status: Int?) async throws(StoreFailure)
    /// Stops all attempts; what waits stays. Events that happen meanwhile are not queued: they are in the feed.
    func disable(_ endpoint: EndpointID, reason: String) async throws(StoreFailure)
    /// - Parameter entry: for the tenant's audit trail, written in the same step.
    func enable(_ endpoint: EndpointID, _ entry: HistoryEntry) async throws(StoreFailure)
    func status(of endpoint: EndpointID) async throws(StoreFailure) -> EndpointStatus
    /// Oldest first, with what they would have said.
    func deadLetters(of endpoint: EndpointID, after: EventID?, limit: Int) async throws(StoreFailure) -> [DeadDelivery]
    /// Queues dead letters anew, as if never tried.
    /// - Parameters:
    ///   - event: only this one; `nil`: all.
    ///   - entry: for the tenant's audit trail, written in the same step as the first of them; not at all where there is none.
    /// - Returns: how many.
    func redrive(_ endpoint: EndpointID, event: EventID?, _ entry: HistoryEntry) async throws(StoreFailure) -> Int
}

public struct Delivery: Sendable, Equatable {
    public let endpoint: EndpointID
    public let event: FeedEvent
    /// Attempts before this one.
    public let tries: Int

    public init(endpoint: EndpointID, event: FeedEvent, tries: Int) {
        self.endpoint = endpoint
        self.event = event
        self.tries = tries
    }
}

public enum DeliveryEnd: Sendable, Equatable {
    case delivered
    /// Tried again after so long. `error` is a closed, snake_case word.
    case failed(error: String, retryAfter: Duration)
    /// A dead letter.
    case dead(error: String)
}

public struct DeadDelivery: Sendable, Equatable {
    public let event: FeedEvent
    public let tries: Int
    public let error: String
    public let at: Timestamp

    public init(event: FeedEvent, tries: Int, error: String, at: Timestamp) {
        self.event = event
        self.tries = tries
        self.error = error
        self.at = at
    }
}

public struct EndpointStatus: Sendable, Equatable {
    public var pending: Int
    public var dead: Int
    /// Why, where it is disabled.
    public var disabled: String?
    public var lastAttempt: Timestamp?
    public var lastSuccess: Timestamp?
    /// Of the last attempt that failed; `nil` since one succeeded.
    public var lastError: String?
    /// Of the last attempt that was answered.
    public var lastStatus: Int?

    public init(
        pending: Int = 0, dead: Int = 0, disabled: String? = nil, lastAttempt: Timestamp? = nil, lastSuccess: Timestamp? = nil,
        lastError: String? = nil, lastStatus: Int? = nil
    ) {
        self.pending = pending
        self.dead = dead
        self.disabled = disabled
        self.lastAttempt = lastAttempt
        self.lastSuccess = lastSuccess
        self.lastError = lastError
        self.lastStatus = lastStatus
    }
}
