import MockGateways
import ProcessKit
import TestKit

/// Two banks, a Redis with its append-only file, and replicas of the built program between them and the tests.
struct Fleet: Sendable {
    enum Sync: String, Sendable { case always, everysec }

    struct Bank: Sendable {
        let name: String
        let mock: MockBank
        /// Between all replicas and the bank: its address is part of the bank's identity.
        let proxy: TCPProxy
    }

    let redis: RedisServer
    let banks: [Bank]
    let replicas: [Replica]

    var first: Replica { replicas[0] }
    var second: Replica { replicas[1] }

    /// Times are short, so that what takes a day takes seconds here.
    private static func setup() throws -> Setup {
        try Setup {
            $0.attempt = "500ms"
            $0.deadline = "2s"
            $0.gatewayLines = [
                "retry: { max_retries: 3, base: 100ms, factor: 2, max: 400ms }",
                "breaker: { consecutive_failures: 5, open_for: 1s }",
                "inquiry: { first_after: 200ms, factor: 2, max: 2s }",
            ]
            $0.lines = ["queue: { retry: { first: 500ms, factor: 2, max: 2s } }"]
        }
    }

    /// Runs the body with everything running, and ends everything whatever happens.
    static func with(
        _ sync: Sync = .always, replicas count: Int = 2, _ change: @Sendable (inout Setup) -> Void = { _ in },
        _ body: @Sendable (Fleet) async throws -> Void
    ) async throws {
        var setup = try setup()
        change(&setup)
        try await RedisServer.with(options: ["--appendfsync", sync.rawValue]) { redis in
            try await withBank(0, setup) { primary in
                try await withBank(1, setup) { secondary in
                    try await withReplicas(
                        count, Ground(setup: setup, folder: Folder(), redis: redis, banks: [primary, secondary]), [], body)
                }
            }
        }
    }

    private static func withBank(_ index: Int, _ setup: Setup, _ body: (Bank) async throws -> Void) async throws {
        var configuration = MockBank.Configuration(tenant: Setup.bankTenant, keys: [Setup.bankKey], now: { Caller.now })
        configuration.tls = setup.bankTLS
        let mock = try await MockBank.start(configuration)
        do {
            try await TCPProxy.with(to: mock.port) { proxy in
                try await body(Bank(name: Setup.bankName(index), mock: mock, proxy: proxy))
            }
            await mock.stop()
        } catch {
            await mock.stop()
            throw error
        }
    }

    /// What the replicas stand on.
    private struct Ground {
        let setup: Setup
        let folder: Folder
        let redis: RedisServer
        let banks: [Bank]
    }

    private static func withReplicas(
        _ count: Int, _ ground: Ground, _ running: [Replica], _ body: (Fleet) async throws -> Void
    ) async throws {
        guard running.count < count else {
            return try await body(Fleet(redis: ground.redis, banks: ground.banks, replicas: running))
        }
        try await TCPProxy.with(to: ground.redis.port) { proxy in
            var setup = ground.setup
            setup.store = .redis(port: proxy.port)
            setup.moreBanks = ground.banks.dropFirst().map(\.proxy.port)
            let path = try setup.write(
                to: ground.folder, bankPort: ground.banks[0].proxy.port, as: "replica-\(running.count).yaml")
            let replica = Replica(number: running.count, configuration: path, redis: proxy)
            do {
                try await replica.start()
                try await withReplicas(count, ground, running + [replica], body)
                await replica.kill()
            } catch {
                await replica.kill()
                throw error
            }
        }
    }
}
