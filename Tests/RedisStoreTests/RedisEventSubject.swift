import Logging
import NIOPosix
import Payments
import RedisStore
import TestKit

enum RedisEvents {
    /// Runs the body with both stores started and shuts them down whatever happens.
    static func with<Result>(
        _ server: any RedisUnderTest, timeout: Duration = .seconds(20), keyPrefix: String = "db:", limits: FeedLimits = .standard,
        log: RecordedLog = RecordedLog(), _ body: (EventStoreUnderTest) async throws -> Result
    ) async throws -> Result {
        try await Subject.with(url: server.url, timeout: timeout, keyPrefix: keyPrefix) { subject in
            let configuration = try RedisConfiguration(url: server.url, timeout: timeout, keyPrefix: keyPrefix)
            let store = try RedisEventStore(
                configuration: configuration, limits: limits, time: RealTime(), random: SeededRandom(), logger: log.logger,
                group: MultiThreadedEventLoopGroup.singleton)
            await store.start()
            let test = EventStoreUnderTest(payments: subject.store, store: store) { try await server.elapse($0) }
            do {
                let result = try await body(test)
                await store.shutdown()
                return result
            } catch {
                await store.shutdown()
                throw error
            }
        }
    }
}
