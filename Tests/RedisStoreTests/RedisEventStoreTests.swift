import Payments
import RedisStore
import TestKit
import Testing

@Suite("The Redis store of events", .timeLimit(.minutes(4)))
struct RedisEventStoreTests {
    @Test("keeps the contract of every store of events", .redisServer, arguments: Array(EventStoreConformance.all.enumerated()))
    func conforms(_ number: Int, _ check: EventStoreConformance) async throws {
        let server = try #require(RedisServer.current)
        try await RedisEvents.with(server, keyPrefix: "check-\(number):", limits: check.limits) { try await check.run($0) }
    }
}
