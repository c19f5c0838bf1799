import MockGateways
import ProcessKit
import TestKit

/// A bank, and a running gateway between it and the tests.
struct World: Sendable {
    let bank: MockBank
    let gateway: RunningGateway
    /// The world of a suite that has the trait `world`.
    @TaskLocal static var current: World?

    /// Where the gateway's configuration is: another process can be started with the same.
    let configuration: String
    /// Where the same is with a callback listener on another port: for a replica beside the gateway.
    let replica: String

    /// Runs the body in a world of its own, with a Redis where the store asks for one.
    /// - Parameter callbacks: where the bank calls back; nowhere without it.
    static func with(
        _ store: StoreKind = .memory, _ setup: Setup? = nil, callbacks: CallbackDestination? = nil,
        _ body: (World) async throws -> Void
    ) async throws {
        var setup = try setup ?? Setup()
        switch store {
        case .memory: try await with(setup, callbacks, body)
        case .redis:
            try await RedisServer.with { redis in
                setup.store = .redis(port: redis.port)
                try await RedisServer.$current.withValue(redis) { try await with(setup, callbacks, body) }
            }
        }
    }

    private static func with(
        _ setup: Setup, _ callbacks: CallbackDestination?, _ body: (World) async throws -> Void
    ) async throws {
        let folder = try Folder()
        try await withBank(setup, callbacks: callbacks) { bank in
            let path = try setup.write(to: folder, bankPort: bank.port)
            var elsewhere = setup
            elsewhere.callbackPort = 0
            let replica = try elsewhere.write(to: folder, bankPort: bank.port, as: "replica.yaml")
            try await RunningGateway.with(path) { gateway in
                try await body(World(bank: bank, gateway: gateway, configuration: path, replica: replica))
            }
        }
    }

    /// Runs the body while a bank runs.
    static func withBank(
        _ setup: Setup, callbacks: CallbackDestination? = nil, _ body: (MockBank) async throws -> Void
    ) async throws {
        var configuration = MockBank.Configuration(face: setup.face, now: { Caller.now })
        configuration.tls = setup.bankTLS
        configuration.expectations = setup.expectations
        configuration.isStatic = setup.bankIsStatic
        configuration.callbacks = callbacks
        let bank = try await MockBank.start(configuration)
        do {
            try await body(bank)
            await bank.stop()
        } catch {
            await bank.stop()
            throw error
        }
    }

    var acme: Caller { gateway.acme }
    var other: Caller { gateway.other }
    var open: Caller { gateway.open }

    /// Requests of any kind that came to the bank.
    var requestsAtBank: Int { bank.counters.requests.values.reduce(bank.counters.unroutedRequests, +) }
}

/// Where payments are kept.
enum StoreKind: String, Sendable, CaseIterable {
    case memory, redis
}
