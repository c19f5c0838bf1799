import Resilience
import Synchronization

/// A bulkhead that its callers wait at: first come, first served, each for no longer than it wants to.
final class BulkheadLine: Sendable {
    private struct State {
        var bulkhead: Bulkhead
        var waiters: [UInt64: FirstAnswer<Bool>] = [:]
        var lastVisitor: UInt64 = 0
    }

    private let time: any TimeSource
    private let state: Mutex<State>

    init(places: Int, maximumWaiting: Int, time: any TimeSource) {
        self.time = time
        state = Mutex(State(bulkhead: Bulkhead(places: places, maximumWaiting: maximumWaiting)))
    }

    /// How many wait.
    var waiting: Int { state.withLock(\.bulkhead.waiting) }

    /// Takes a place; where there is one, without suspending.
    ///
    /// - Parameter until: monotonic.
    /// - Returns: `false` when there was none until then, too many wait already, or the task was cancelled while it waited.
    func enter(until: Duration) async -> Bool {
        let waiter = FirstAnswer<Bool>()
        let (entry, visitor) = state.withLock { state in
            state.lastVisitor += 1
            let entry = state.bulkhead.enter(state.lastVisitor)
            if entry == .waiting { state.waiters[state.lastVisitor] = waiter }
            return (entry, state.lastVisitor)
        }
        switch entry {
        case .entered: return true
        case .full: return false
        case .waiting: return await wait(visitor, waiter, until: until)
        }
    }

    /// Frees the place of one who had entered.
    func leave() {
        let next = state.withLock { state in state.bulkhead.leave().flatMap { state.waiters.removeValue(forKey: $0) } }
        next?.give(true)
    }

    private func wait(_ visitor: UInt64, _ waiter: FirstAnswer<Bool>, until: Duration) async -> Bool {
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await self.time.sleep(for: until - self.time.monotonic())
                    self.giveUp(visitor)
                }
                defer { group.cancelAll() }
                return await waiter.value()
            }
        } onCancel: {
            giveUp(visitor)
        }
    }

    /// Changes nothing for one who has got a place meanwhile.
    private func giveUp(_ visitor: UInt64) {
        let waiter = state.withLock { state in
            state.bulkhead.abandon(visitor) ? state.waiters.removeValue(forKey: visitor) : nil
        }
        waiter?.give(false)
    }
}
