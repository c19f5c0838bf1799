import AdapterKit
package import Payments

/// What was written to a store and when, so that a store which has lost the end of it can be made.
///
/// So a Redis with `appendfsync everysec` comes back after a crash.
package final class SimulatedJournal: @unchecked Sendable {  // its schedule's thread alone touches it
    package typealias Call = @Sendable (any PaymentStore) async -> Void

    /// The clock of a store that lives through the past again.
    private final class Clock: TimeSource, @unchecked Sendable {  // its schedule's thread alone touches it
        let present: any TimeSource
        var past: Duration?

        init(_ present: any TimeSource) { self.present = present }

        func now() -> Timestamp { past.map { SimulatedProcess.start + $0 } ?? present.now() }
        func monotonic() -> Duration { past ?? present.monotonic() }
        func sleep(for duration: Duration) async throws { try await present.sleep(for: duration) }
    }

    private let time: any TimeSource
    private var calls: [(at: Duration, call: Call)] = []

    package init(time: any TimeSource) { self.time = time }

    package func write(_ call: @escaping Call) { calls.append((time.monotonic(), call)) }

    /// The store as it was so long ago; what came later is forgotten.
    package func store(without last: Duration) async -> MemoryPaymentStore {
        let clock = Clock(time)
        let store = MemoryPaymentStore(time: clock)
        calls.removeAll { $0.at > time.monotonic() - last }
        for (at, call) in calls {
            clock.past = at
            await call(store)
        }
        clock.past = nil
        return store
    }
}
