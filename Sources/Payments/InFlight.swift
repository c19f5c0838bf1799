import Synchronization

/// Counts the work that goes on whether or not its caller still waits, bounds it, and lets shutdown wait for it.
public final class InFlight: Sendable {
    private struct State {
        var running = 0
        var draining = false
        var waiters: [FirstAnswer<Void>] = []
    }

    public enum Refusal: Error, Sendable { case draining, full }

    private let limit: Int
    private let state = Mutex(State())

    public init(limit: Int) { self.limit = limit }

    public var isDraining: Bool { state.withLock(\.draining) }
    public var count: Int { state.withLock(\.running) }

    /// Whether a new call is taken.
    func admit() throws(Refusal) {
        let (isDraining, running) = state.withLock { ($0.draining, $0.running) }
        if isDraining { throw .draining }
        if running >= limit { throw .full }
    }

    /// Begins the work that an admitted call leaves behind: never refused.
    func begin() { state.withLock { $0.running += 1 } }

    func end() {
        let waiters = state.withLock { state -> [FirstAnswer<Void>] in
            state.running -= 1
            guard state.running == 0 else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.give(()) }
    }

    /// Takes nothing new from now on.
    public func close() { state.withLock { $0.draining = true } }

    /// Returns when nothing runs any more, or at once when the waiting task is cancelled.
    public func idle() async {
        let waiter = FirstAnswer<Void>()
        await withTaskCancellationHandler {
            let isIdle = state.withLock { state in
                guard state.running > 0 else { return true }
                state.waiters.append(waiter)
                return false
            }
            if isIdle { waiter.give(()) }
            await waiter.value()
        } onCancel: {
            waiter.give(())
        }
    }
}
