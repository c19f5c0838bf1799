import Payments
import Synchronization

/// A callback store that fails when a test says so.
final class FaultyCallbackStore: CallbackStore {
    enum Step: Sendable, Hashable, CaseIterable { case claim, release, remember, isKnown, bind, find, keep, drop, decide, read }

    private let kept: any CallbackStore
    private let away = Mutex<Set<Step>>([])

    init(_ kept: any CallbackStore) { self.kept = kept }

    /// From now on nothing of this is done.
    func fail(_ steps: Step...) { away.withLock { $0.formUnion(steps) } }

    func heal() { away.withLock { $0 = [] } }

    func claim(_ mark: CallbackMark, for duration: Duration) async throws(StoreFailure) -> Bool {
        try pass(.claim)
        return try await kept.claim(mark, for: duration)
    }

    func release(_ mark: CallbackMark) async throws(StoreFailure) {
        try pass(.release)
        try await kept.release(mark)
    }

    func remember(_ marks: [CallbackMark], for duration: Duration) async throws(StoreFailure) {
        try pass(.remember)
        try await kept.remember(marks, for: duration)
    }

    func isKnown(_ marks: [CallbackMark]) async throws(StoreFailure) -> [Bool] {
        try pass(.isKnown)
        return try await kept.isKnown(marks)
    }

    func bind(_ reference: GatewayReference, to work: WorkID, for duration: Duration) async throws(StoreFailure) -> [CallbackID] {
        try pass(.bind)
        return try await kept.bind(reference, to: work, for: duration)
    }

    func find(
        _ reference: GatewayReference, orWait callback: CallbackID?, for duration: Duration
    ) async throws(StoreFailure) -> WorkID? {
        try pass(.find)
        return try await kept.find(reference, orWait: callback, for: duration)
    }

    func keep(_ callback: KeptCallback, limit: Int) async throws(StoreFailure) -> KeepResult {
        try pass(.keep)
        return try await kept.keep(callback, limit: limit)
    }

    func drop(_ callback: CallbackID) async throws(StoreFailure) {
        try pass(.drop)
        try await kept.drop(callback)
    }

    func decide(_ decision: CallbackDecision) async throws(StoreFailure) {
        try pass(.decide)
        try await kept.decide(decision)
    }

    func decisions(limit: Int) async throws(StoreFailure) -> [CallbackDecision] {
        try pass(.read)
        return try await kept.decisions(limit: limit)
    }

    func kept(_ callback: CallbackID) async throws(StoreFailure) -> KeptCallback? {
        try pass(.read)
        return try await kept.kept(callback)
    }

    func listed(_ kind: KeptCallback.Kind, after: String?, limit: Int) async throws(StoreFailure) -> KeptCallbackPage {
        try pass(.read)
        return try await kept.listed(kind, after: after, limit: limit)
    }

    func tally() async throws(StoreFailure) -> [KeptCallbackShelf: Int] {
        try pass(.read)
        return try await kept.tally()
    }

    private func pass(_ step: Step) throws(StoreFailure) {
        if away.withLock({ $0.contains(step) }) { throw StoreFailure(code: .unreachable, detail: "scripted") }
    }
}
