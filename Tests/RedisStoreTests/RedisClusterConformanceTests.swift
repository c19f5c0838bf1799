import Payments
import TestKit
import Testing

@Suite("The Redis stores, over a Redis Cluster of three nodes", .serialized, .timeLimit(.minutes(5)))
struct RedisClusterConformanceTests {
    @Test("keep the contract of every payment store", .redisCluster, arguments: Array(PaymentStoreConformance.all.enumerated()))
    func payments(_ number: Int, _ check: PaymentStoreConformance) async throws {
        let cluster = try #require(RedisCluster.current)
        try await Subject.with(url: cluster.url, timeout: .seconds(20), keyPrefix: "check-\(number):") { subject in
            try await check.run(
                StoreUnderTest(store: subject.store, elapse: { try await cluster.elapse($0) }) {
                    try await cluster.outbox(of: $0, prefix: "check-\(number):")
                })
        }
    }

    @Test("keep the contract of every store of events", .redisCluster, arguments: Array(EventStoreConformance.all.enumerated()))
    func events(_ number: Int, _ check: EventStoreConformance) async throws {
        let cluster = try #require(RedisCluster.current)
        try await RedisEvents.with(cluster, keyPrefix: "check-\(number):", limits: check.limits) { try await check.run($0) }
    }

    @Test("keep the contract of every callback store", .redisCluster, arguments: Array(CallbackStoreConformance.all.enumerated()))
    func callbacks(_ number: Int, _ check: CallbackStoreConformance) async throws {
        let cluster = try #require(RedisCluster.current)
        try await RedisCallbacks.with(cluster.url, timeout: .seconds(20), keyPrefix: "check-\(number):") { store in
            try await check.run(CallbackStoreUnderTest(store: store) { try await cluster.elapse($0) })
        }
    }

    @Test("keep the contract of every breaker store", .redisCluster, arguments: Array(BreakerStoreConformance.all.enumerated()))
    func breakers(_ number: Int, _ check: BreakerStoreConformance) async throws {
        let cluster = try #require(RedisCluster.current)
        try await RedisBreakers.with(cluster, timeout: .seconds(20), keyPrefix: "check-\(number):") { store in
            try await check.run(BreakerStoreUnderTest(store: store) { try await cluster.elapse($0) })
        }
    }
}
