public import Payments
import Synchronization

/// A breaker store that counts what it is asked, fails when a test says so, and lets the test wait for what a replica heard.
public final class WatchedBreakerStore: BreakerStore {
    private struct State {
        var isAway = false
        var asked: [String] = []
    }

    public let heard = FollowedBreakers()
    /// Opened by every step that failed.
    public let failed = Gate()
    private let kept: any BreakerStore
    private let state = Mutex(State())

    public init(_ kept: any BreakerStore) { self.kept = kept }

    public var asked: [String] { state.withLock(\.asked) }

    public func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    public func reportFailures(_ count: Int, id: String, _ report: BreakerReport) async throws(StoreFailure) {
        try note("failures \(count)")
        try await kept.reportFailures(count, id: id, report)
    }

    public func reportSuccess(_ report: BreakerReport) async throws(StoreFailure) {
        try note("success")
        try await kept.reportSuccess(report)
    }

    public func reportTrip(_ report: BreakerReport) async throws(StoreFailure) {
        try note("trip")
        try await kept.reportTrip(report)
    }

    public func takeProbe(_ token: String, _ report: BreakerReport) async throws(StoreFailure) -> Bool {
        try note("take")
        return try await kept.takeProbe(token, report)
    }

    public func endProbe(_ token: String, _ result: CallResult, _ report: BreakerReport) async throws(StoreFailure) {
        try note("end \(result)")
        try await kept.endProbe(token, result, report)
    }

    public func force(
        _ gateway: String, _ order: BreakerOrder, reason: String, actor: String, limit: Duration?
    ) async throws(StoreFailure) {
        try note("force")
        try await kept.force(gateway, order, reason: reason, actor: actor, limit: limit)
    }

    public func breakers(of gateways: [String]) async throws(StoreFailure) -> [String: SharedBreaker] {
        try await kept.breakers(of: gateways)
    }

    public func follow(
        _ gateways: @escaping @Sendable () -> [String], _ adopt: @escaping @Sendable ([String: SharedBreaker]) -> Void
    ) async {
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
