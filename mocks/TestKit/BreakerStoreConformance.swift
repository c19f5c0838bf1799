public import Payments
import Resilience
import Testing

/// A breaker store to check, fresh and empty, with a way to let its own clock run on.
public struct BreakerStoreUnderTest: Sendable {
    public let store: any BreakerStore
    /// Returns when at least so much time has passed on the store's clock.
    public let elapse: @Sendable (Duration) async throws -> Void

    public init(store: any BreakerStore, elapse: @escaping @Sendable (Duration) async throws -> Void) {
        self.store = store
        self.elapse = elapse
    }
}

/// One sentence of what every breaker store does. Both stores pass all of them.
public struct BreakerStoreConformance: Sendable, CustomStringConvertible {
    public let description: String
    public let run: @Sendable (BreakerStoreUnderTest) async throws -> Void

    init(_ description: String, _ run: @escaping @Sendable (BreakerStoreUnderTest) async throws -> Void) {
        self.description = description
        self.run = run
    }

    public static let all = counting + tripping + probing + forcing + following

    static let gateway = "bank-a"

    /// From a replica that knows the newest decision, or the one that is given.
    static func report(
        _ subject: BreakerStoreUnderTest, _ replica: String = "a", generation: Int? = nil,
        _ settings: CircuitBreaker.Settings = .init()
    ) async throws -> BreakerReport {
        let known = try await breaker(subject).generation
        return BreakerReport(gateway: gateway, generation: generation ?? known, replica: replica, settings: settings)
    }

    static func breaker(_ subject: BreakerStoreUnderTest, _ name: String = gateway) async throws -> SharedBreaker {
        try #require(try await subject.store.breakers(of: [name])[name])
    }

    static func fail(
        _ subject: BreakerStoreUnderTest, _ replica: String, _ count: Int, _ settings: CircuitBreaker.Settings = .init()
    ) async throws {
        let id = "\(replica)-\(try await breaker(subject))"
        try await subject.store.reportFailures(count, id: id, report(subject, replica, settings))
    }

    /// Opens it by two replicas' failures.
    static func open(_ subject: BreakerStoreUnderTest, _ settings: CircuitBreaker.Settings = .init()) async throws {
        try await subject.store.reportFailures(settings.consecutiveFailures, id: "1", report(subject, "a", settings))
        try await subject.store.reportFailures(1, id: "2", report(subject, "b", settings))
    }

    /// Opens it and lets it become due.
    static func due(_ subject: BreakerStoreUnderTest, _ settings: CircuitBreaker.Settings) async throws {
        try await open(subject, settings)
        try await subject.elapse(settings.openFor)
    }
}
