import Synchronization

/// Hands over the first of several answers: the work's own, or the deadline's. Later ones are dropped.
final class FirstAnswer<Value: Sendable>: Sendable {
    fileprivate enum State {
        case empty
        case waiting(CheckedContinuation<Value, Never>)
        case given(Value)
    }

    fileprivate let state = Mutex(State.empty)

    func give(_ value: Value) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
            switch state {
            case .empty:
                state = .given(value)
                return nil
            case .waiting(let continuation):
                state = .given(value)
                return continuation
            case .given: return nil
            }
        }
        waiter?.resume(returning: value)
    }

    /// Waits for the answer. Called once.
    func value() async -> Value {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> Value? in
                if case .given(let value) = state { return value }
                state = .waiting(continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }
}

extension FirstAnswer<Void> {
    /// Waits for a wake-up, at most so long, or until the waiting task is cancelled. Called once.
    func value(atMost limit: Duration, on time: any TimeSource) async {
        let timer = Task {
            try? await time.sleep(for: limit)
            give(())
        }
        await withTaskCancellationHandler {
            await value()
        } onCancel: {
            give(())
        }
        timer.cancel()
    }
}

extension FirstAnswer {
    /// Whether an answer was given already: the caller is gone with it.
    var isGiven: Bool {
        state.withLock { state in
            if case .given = state { true } else { false }
        }
    }
}
