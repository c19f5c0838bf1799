public import Payments
import Synchronization

/// The newest that a follower of a breaker store has heard, and a way to wait for it.
public final class FollowedBreakers: Sendable {
    private struct Watcher {
        let condition: @Sendable ([String: SharedBreaker]) -> Bool
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var newest: [String: SharedBreaker] = [:]
        var watchers: [UInt64: Watcher] = [:]
        var lastWatcher: UInt64 = 0
    }

    private let state = Mutex(State())

    public init() {}

    public var newest: [String: SharedBreaker] { state.withLock(\.newest) }

    public func add(_ breakers: [String: SharedBreaker]) {
        let content = state.withLock { state in
            state.newest.merge(breakers) { $1 }
            let content = state.watchers.filter { $0.value.condition(state.newest) }
            for id in content.keys { state.watchers[id] = nil }
            return content.values
        }
        for watcher in content { watcher.continuation.resume() }
    }

    /// Returns once it has heard so.
    ///
    /// - Throws: `CancellationError`, as at the end of a test's time, with which a wait in vain fails the test.
    public func until(_ condition: @escaping @Sendable ([String: SharedBreaker]) -> Bool) async throws {
        let id = state.withLock { state in
            state.lastWatcher += 1
            return state.lastWatcher
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                watch(id, Watcher(condition: condition, continuation: continuation))
                // A cancellation from before the line above found nobody to wake.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func watch(_ id: UInt64, _ watcher: Watcher) {
        let isSo = state.withLock { state in
            if watcher.condition(state.newest) { return true }
            state.watchers[id] = watcher
            return false
        }
        if isSo { watcher.continuation.resume() }
    }

    private func cancel(_ id: UInt64) {
        let watcher = state.withLock { $0.watchers.removeValue(forKey: id) }
        watcher?.continuation.resume(throwing: CancellationError())
    }
}
