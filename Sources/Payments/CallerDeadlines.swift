import AdapterKit
import Synchronization

/// Gives callers an empty answer when their time is over. One timer serves all callers: one of its own for each had to be
/// made, and taken back almost always.
final class CallerDeadlines: Sendable {
    private struct State {
        /// By number; numbers are given in the order of arrival, and so of the deadlines.
        var waiting: [UInt64: (deadline: Duration, first: FirstAnswer<Answer?>)] = [:]
        var oldest: UInt64 = 0
        var next: UInt64 = 0
        var timer: Task<Void, Never>?
    }

    private let time: any TimeSource
    private let executor: (any TaskExecutor)?
    private let state = Mutex(State())

    init(time: any TimeSource, executor: (any TaskExecutor)?) {
        self.time = time
        self.executor = executor
    }

    /// - Parameter deadline: monotonic. One that lies before an earlier caller's is kept when that one's is over.
    /// - Returns: the number to end it by.
    func begin(_ first: FirstAnswer<Answer?>, deadline: Duration) -> UInt64 {
        state.withLock { state in
            defer { state.next += 1 }
            state.waiting[state.next] = (deadline, first)
            if state.timer == nil { state.timer = Task(executorPreference: executor) { await self.watch() } }
            return state.next
        }
    }

    func end(_ number: UInt64) {
        let idle: Task<Void, Never>? = state.withLock { state in
            state.waiting[number] = nil
            guard state.waiting.isEmpty else { return nil }
            defer { state.timer = nil }
            return state.timer
        }
        idle?.cancel()
    }

    private func watch() async {
        while !Task.isCancelled, let deadline = state.withLock({ Self.nextDeadline(&$0) }) {
            try? await time.sleep(for: max(.zero, deadline - time.monotonic()))
            let now = time.monotonic()
            while !Task.isCancelled, let first = state.withLock({ Self.pop(&$0, before: now) }) { first.give(nil) }
        }
    }

    /// `nil`: nobody waits any more, and the next to come starts the timer again.
    private static func nextDeadline(_ state: inout State) -> Duration? {
        let deadline = first(&state)?.deadline
        if deadline == nil { state.timer = nil }
        return deadline
    }

    private static func first(_ state: inout State) -> (deadline: Duration, first: FirstAnswer<Answer?>)? {
        while state.oldest < state.next {
            if let first = state.waiting[state.oldest] { return first }
            state.oldest += 1
        }
        return nil
    }

    /// The next whose time is over.
    private static func pop(_ state: inout State, before now: Duration) -> FirstAnswer<Answer?>? {
        guard let oldest = first(&state), oldest.deadline <= now else { return nil }
        state.waiting[state.oldest] = nil
        state.oldest += 1
        return oldest.first
    }
}
