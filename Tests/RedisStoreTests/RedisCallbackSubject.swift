import AdapterKit
import Logging
import NIOPosix
import Payments
import RedisStore
import TestKit

enum RedisCallbacks {
    /// Runs the body with a started store and shuts the store down whatever happens.
    static func with<Result>(
        _ url: String, timeout: Duration = .seconds(5), keyPrefix: String = "db:", log: RecordedLog = RecordedLog(),
        random: any RandomSource = SeededRandom(), _ body: (RedisCallbackStore) async throws -> Result
    ) async throws -> Result {
        let configuration = try RedisConfiguration(url: url, timeout: timeout, keyPrefix: keyPrefix)
        let store = try RedisCallbackStore(
            configuration: configuration, time: RealTime(), random: random, logger: log.logger,
            group: MultiThreadedEventLoopGroup.singleton)
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
}
