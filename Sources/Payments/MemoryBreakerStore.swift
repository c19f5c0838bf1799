import Synchronization

/// The breakers of one process.
public final class MemoryBreakerStore: BreakerStore {
    private struct State {
        /// One for each gateway that was ever reported: as many as are configured.
        var breakers: [String: MemoryBreaker] = [:]
        var followers: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var lastFollower: UInt64 = 0
    }

    private let time: any TimeSource
    private let state = Mutex(State())

    public init(time: any TimeSource) { self.time = time }

    public func reportFailures(_ count: Int, id: String, _ report: BreakerReport) async throws(StoreFailure) {
        change(report.gateway) { $0.fail(count, id: id, report, at: $1) }
    }

    public func reportSuccess(_ report: BreakerReport) async throws(StoreFailure) {
        change(report.gateway) { breaker, _ in breaker.succeed(report) }
    }

    public func reportTrip(_ report: BreakerReport) async throws(StoreFailure) {
        change(report.gateway) { $0.vote(report, at: $1) }
    }

    public func takeProbe(_ token: String, _ report: BreakerReport) async throws(StoreFailure) -> Bool {
        change(report.gateway) { $0.takeProbe(token, report, at: $1) }
    }

    public func endProbe(_ token: String, _ result: CallResult, _ report: BreakerReport) async throws(StoreFailure) {
        change(report.gateway) { $0.endProbe(token, result, report, at: $1) }
    }

    public func force(
        _ gateway: String, _ order: BreakerOrder, reason: String, actor: String, limit: Duration?
    ) async throws(StoreFailure) {
        change(gateway) { $0.force(order, reason: reason, actor: actor, limit: limit, at: $1) }
    }

    public func breakers(of gateways: [String]) async throws(StoreFailure) -> [String: SharedBreaker] { shared(gateways) }

    public func follow(
        _ gateways: @escaping @Sendable () -> [String], _ adopt: @escaping @Sendable ([String: SharedBreaker]) -> Void
    ) async {
        let (changes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let follower = state.withLock { state in
            state.lastFollower += 1
            state.followers[state.lastFollower] = continuation
            return state.lastFollower
        }
        adopt(shared(gateways()))
        for await _ in changes { adopt(shared(gateways())) }
        state.withLock { _ = $0.followers.removeValue(forKey: follower) }
    }

    private func shared(_ gateways: [String]) -> [String: SharedBreaker] {
        let now = time.monotonic()
        return state.withLock { state in
            Dictionary(uniqueKeysWithValues: Set(gateways).map { ($0, (state.breakers[$0] ?? MemoryBreaker()).shared(at: now)) })
        }
    }

    @discardableResult
    private func change<Answer>(_ gateway: String, _ body: (inout MemoryBreaker, Duration) -> Answer) -> Answer {
        let now = time.monotonic()
        return state.withLock { state in
            var breaker = state.breakers[gateway] ?? MemoryBreaker()
            breaker.endForce(at: now)
            let before = breaker.shared(at: now)
            let answer = body(&breaker, now)
            state.breakers[gateway] = breaker
            if breaker.shared(at: now) != before { for follower in state.followers.values { follower.yield() } }
            return answer
        }
    }
}
