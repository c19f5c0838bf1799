import AdapterKit
import Logging
import NIOPosix
import Payments
import RedisStore
import Resilience
import TestKit

/// The program's time, by which a store connects again to a real Redis.
struct RealTime: TimeSource {
    private static let start = ContinuousClock.now

    func now() -> Timestamp { Timestamp(seconds: 1_767_225_600) + monotonic() }
    func monotonic() -> Duration { ContinuousClock.now - Self.start }

    func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)  // waits: as long as the program asks to
    }
}

enum RedisBreakers {
    /// Runs the body with a started store and shuts the store down whatever happens.
    static func with<Result>(
        _ server: any RedisUnderTest, timeout: Duration = .seconds(5), keyPrefix: String = "db:",
        _ body: (RedisBreakerStore) async throws -> Result
    ) async throws -> Result {
        let configuration = try RedisConfiguration(url: server.url, timeout: timeout, keyPrefix: keyPrefix)
        let store = try RedisBreakerStore(
            configuration: configuration, time: RealTime(), random: SeededRandom(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, group: MultiThreadedEventLoopGroup.singleton)
        await store.start()
        do {
            let result = try await body(store)
            await store.shutdown()
            return result
        } catch {
            await store.shutdown()
            throw error
        }
    }

    /// Two replicas, each with connections of its own, that follow each other. Their own clock is the test's to move.
    static func fleet(
        _ server: any RedisUnderTest, _ settings: CircuitBreaker.Settings = .init(), timeout: Duration = .seconds(5),
        time: ManualTime = ManualTime(), _ body: (BreakerReplica, BreakerReplica) async throws -> Void
    ) async throws {
        try await with(server, timeout: timeout) { one in
            try await with(server, timeout: timeout) { two in
                let replicas = (
                    BreakerReplica("one", settings: settings, store: one, time: time),
                    BreakerReplica("two", settings: settings, store: two, time: time)
                )
                let running = [replicas.0, replicas.1].map { replica in Task { await replica.breakers.run() } }
                defer { for task in running { task.cancel() } }
                try await replicas.0.hears { _ in true }
                try await replicas.1.hears { _ in true }
                try await body(replicas.0, replicas.1)
            }
        }
    }
}
