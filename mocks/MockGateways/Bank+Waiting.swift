import Synchronization

extension Bank {
    func reset() {
        sender?.cancel()
        face.reset()
        update { state in
            state.ledger = Ledger()
            state.counters = Counters()
            state.scenario = Scenario()
            let underway = state.callbacks.underway
            state.callbacks = Callbacks()
            state.callbacks.underway = underway
        }
    }

    /// Waits until the condition holds, or until the task is cancelled.
    func reaches(_ condition: @escaping @Sendable (State) -> Bool) async {
        let isCancelled = Atomic(false)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Being added is an update: a condition that holds already wakes at once.
                update { state in
                    let waits = { @Sendable (state: State) in
                        isCancelled.load(ordering: .acquiring) || condition(state)
                    }
                    state.waiting.append(Waiting(condition: waits, continuation: continuation))
                }
            }
        } onCancel: {
            isCancelled.store(true, ordering: .releasing)
            // An update that changes nothing lets the waiting see it.
            update { _ in }
        }
    }
}
