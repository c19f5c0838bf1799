import Logging
import Payments
import Resilience
import Synchronization
import TestKit

/// A breaker store that counts what it is asked, fails when a test says so, and lets the test wait for what a replica heard.
final class WatchedBreakerStore: BreakerStore {
    private struct State {
        var isAway = false
        var asked: [String] = []
    }

    let heard = FollowedBreakers()
    /// Opened by every step that failed.
    let failed = Gate()
    private let kept: any BreakerStore
    private let state = Mutex(State())

    init(_ kept: any BreakerStore) { self.kept = kept }

    var asked: [String] { state.withLock(\.asked) }

    func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    func reportFailures(_ count: Int, id: String, _ report: BreakerReport) async throws(StoreFailure) {
        try note("failures \(count)")
        try await kept.reportFailures(count, id: id, report)
    }

    func reportSuccess(_ report: BreakerReport) async throws(StoreFailure) {
        try note("success")
        try await kept.reportSuccess(report)
    }

    func reportTrip(_ report: BreakerReport) async throws(StoreFailure) {
        try note("trip")
        try await kept.reportTrip(report)
    }

    func takeProbe(_ token: String, _ report: BreakerReport) async throws(StoreFailure) -> Bool {
        try note("take")
        return try await kept.takeProbe(token, report)
    }

    func endProbe(_ token: String, _ result: CallResult, _ report: BreakerReport) async throws(StoreFailure) {
        try note("end \(result)")
        try await kept.endProbe(token, result, report)
    }

    func force(
        _ gateway: String, _ order: BreakerOrder, reason: String, actor: String, limit: Duration?
    ) async throws(StoreFailure) {
        try note("force")
        try await kept.force(gateway, order, reason: reason, actor: actor, limit: limit)
    }

    func breakers(of gateways: [String]) async throws(StoreFailure) -> [String: SharedBreaker] {
        try await kept.breakers(of: gateways)
    }

    func follow(_ gateways: [String], _ adopt: @escaping @Sendable ([String: SharedBreaker]) -> Void) async {
        await kept.follow(gateways) { [heard] breakers in
            adopt(breakers)
            heard.add(breakers)
        }
    }

    private func note(_ step: String) throws(StoreFailure) {
        let isAway = state.withLock { state in
            state.asked.append(step)
            return state.isAway
        }
        guard isAway else { return }
        failed.open()
        throw StoreFailure(code: .unreachable, detail: "away")
    }
}

/// One process of a fleet.
struct BreakerReplica: Sendable {
    static let gateway = "bank-a"

    let breakers: CircuitBreakers
    let store: WatchedBreakerStore
    let log = RecordedLog()

    init(_ name: String, settings: CircuitBreaker.Settings, store: any BreakerStore, time: any TimeSource) {
        let watched = WatchedBreakerStore(store)
        self.store = watched
        breakers = CircuitBreakers(
            settings: [Self.gateway: settings], store: watched, replica: name, time: time, random: SeededRandom(),
            logger: log.logger)
    }

    var state: BreakerState { breakers.state(of: Self.gateway) }
    var refuses: Bool { breakers.refuses(Self.gateway) }

    func permit() async -> BreakerPermit { await breakers.permit(Self.gateway) }

    func record(_ permit: BreakerPermit, _ result: CallResult, after duration: Duration = .milliseconds(10)) {
        breakers.record(permit, Self.gateway, result, duration: duration)
    }

    func call(_ result: CallResult, times: Int = 1, after duration: Duration = .milliseconds(10)) async {
        for _ in 0..<times { record(await permit(), result, after: duration) }
    }

    /// Returns once this replica has adopted such a state of the fleet.
    func hears(_ condition: @escaping @Sendable (SharedBreaker) -> Bool) async {
        await store.heard.until { $0[Self.gateway].map(condition) ?? false }
    }

    func hears(_ state: BreakerState) async { await hears { $0.state == state } }
}

/// Replicas over one store, with a clock that the test moves.
struct BreakerFleet: Sendable {
    let time: ManualTime
    let store: MemoryBreakerStore
    let replicas: [BreakerReplica]

    static func with(
        _ count: Int = 2, _ settings: CircuitBreaker.Settings = .init(), _ body: (BreakerFleet) async throws -> Void
    ) async rethrows {
        let time = ManualTime()
        let store = MemoryBreakerStore(time: time)
        let replicas = (0..<count).map { BreakerReplica("r\($0)", settings: settings, store: store, time: time) }
        let running = replicas.map { replica in Task { await replica.breakers.run() } }
        for replica in replicas { await replica.hears { _ in true } }
        defer { for task in running { task.cancel() } }
        try await body(BreakerFleet(time: time, store: store, replicas: replicas))
    }

    /// Opens it for all, seen by all.
    func open() async {
        await replicas[0].call(.failure, times: 4)
        await replicas[1].hears(\.isCounting)
        await replicas[1].call(.failure)
        for replica in replicas { await replica.hears(.open) }
    }
}
