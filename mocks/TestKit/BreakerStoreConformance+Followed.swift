public import Payments
import Synchronization

/// The newest that a follower of a breaker store has heard, and a way to wait for it.
public final class FollowedBreakers: Sendable {
    private struct State {
        var newest: [String: SharedBreaker] = [:]
        var watchers: [(condition: @Sendable ([String: SharedBreaker]) -> Bool, continuation: CheckedContinuation<Void, Never>)] =
            []
    }

    private let state = Mutex(State())

    public init() {}

    public var newest: [String: SharedBreaker] { state.withLock(\.newest) }

    public func add(_ breakers: [String: SharedBreaker]) {
        let content = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.newest.merge(breakers) { $1 }
            let newest = state.newest
            defer { state.watchers.removeAll { $0.condition(newest) } }
            return state.watchers.filter { $0.condition(newest) }.map(\.continuation)
        }
        for continuation in content { continuation.resume() }
    }

    public func until(_ condition: @escaping @Sendable ([String: SharedBreaker]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isSo = state.withLock { state in
                if condition(state.newest) { return true }
                state.watchers.append((condition, continuation))
                return false
            }
            if isSo { continuation.resume() }
        }
    }
}
