import Synchronization

extension Bank {
    func reset() {
        update { state in
            state.ledger = Ledger()
            state.counters = Counters()
            state.scenario = Scenario()
        }
    }

    /// Waits until the condition holds, or until the task is cancelled.
    func reaches(_ condition: @escaping @Sendable (Ledger, Counters) -> Bool) async {
        let isCancelled = Atomic(false)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Being added is an update: a condition that holds already wakes at once.
                update { state in
                    let waits = { @Sendable (ledger, counters) in
                        isCancelled.load(ordering: .acquiring) || condition(ledger, counters)
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
