import Payments
import Resilience
import TestKit

/// Replicas over one store, with a clock that the test moves.
struct BreakerFleet: Sendable {
    let time: ManualTime
    let store: MemoryBreakerStore
    let replicas: [BreakerReplica]

    static func with(
        _ count: Int = 2, _ settings: CircuitBreaker.Settings = .init(), _ body: (BreakerFleet) async throws -> Void
    ) async throws {
        let time = ManualTime()
        let store = MemoryBreakerStore(time: time)
        let replicas = (0..<count).map { BreakerReplica("r\($0)", settings: settings, store: store, time: time) }
        let running = replicas.map { replica in Task { await replica.breakers.run() } }
        for replica in replicas { try await replica.hears { _ in true } }
        defer { for task in running { task.cancel() } }
        try await body(BreakerFleet(time: time, store: store, replicas: replicas))
    }

    /// Opens it for all, seen by all.
    func open() async throws {
        await replicas[0].call(.failure, times: 4)
        try await replicas[1].hears(\.isCounting)
        await replicas[1].call(.failure)
        for replica in replicas { try await replica.hears(.open) }
    }
}
