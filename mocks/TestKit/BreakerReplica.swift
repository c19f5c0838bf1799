public import Payments
public import Resilience

/// One process of a fleet.
public struct BreakerReplica: Sendable {
    public static let gateway = "bank-a"

    public let breakers: CircuitBreakers
    public let store: WatchedBreakerStore
    public let log = RecordedLog()

    public init(_ name: String, settings: CircuitBreaker.Settings, store: any BreakerStore, time: any TimeSource) {
        let watched = WatchedBreakerStore(store)
        self.store = watched
        breakers = CircuitBreakers(
            settings: [Self.gateway: settings], store: watched, replica: name, time: time, random: SeededRandom(),
            logger: log.logger)
    }

    public var state: BreakerState { breakers.state(of: Self.gateway) }
    public var refuses: Bool { breakers.refuses(Self.gateway) }

    public func permit() async -> BreakerPermit { await breakers.permit(Self.gateway) }

    public func record(_ permit: BreakerPermit, _ result: CallResult, after duration: Duration = .milliseconds(10)) {
        breakers.record(permit, Self.gateway, result, duration: duration)
    }

    public func call(_ result: CallResult, times: Int = 1, after duration: Duration = .milliseconds(10)) async {
        for _ in 0..<times { record(await permit(), result, after: duration) }
    }

    /// Returns once this replica has adopted such a state of the fleet.
    public func hears(_ condition: @escaping @Sendable (SharedBreaker) -> Bool) async throws {
        try await store.heard.until { $0[Self.gateway].map(condition) ?? false }
    }

    public func hears(_ state: BreakerState) async throws { try await hears { $0.state == state } }
}
