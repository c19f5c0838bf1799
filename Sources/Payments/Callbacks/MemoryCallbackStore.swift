import Synchronization

/// The embedded store of callbacks: this process alone, gone when it stops.
public final class MemoryCallbackStore: CallbackStore {
    private enum Named {
        case work(WorkID)
        /// Nothing so far; these wait, each until then.
        case awaited([CallbackID: Duration])
    }

    private struct Contents {
        var marks: MemoryExpiring<CallbackMark, Void>
        var references: MemoryExpiring<GatewayReference, Named>
        var kept = MemoryKeptCallbacks()
        /// Newest last.
        var decisions: [CallbackDecision] = []
    }

    private let time: any TimeSource
    private let contents: Mutex<Contents>

    /// - Parameters:
    ///   - time: the store's clock, on which all durations are judged.
    ///   - maximumMarks: at least 1, and as many references. One more is `StoreFailure.Code.full`.
    public init(time: any TimeSource, maximumMarks: Int = 1_000_000) {
        self.time = time
        contents = Mutex(
            Contents(marks: MemoryExpiring(maximum: maximumMarks), references: MemoryExpiring(maximum: maximumMarks)))
    }

    // MARK: Marks

    public func claim(_ mark: CallbackMark, for duration: Duration) async throws(StoreFailure) -> Bool {
        try access { (contents, now) throws(StoreFailure) in
            guard contents.marks.value(of: mark, now: now) == nil else { return false }
            try contents.marks.set((), of: mark, until: now + duration)
            return true
        }
    }

    public func release(_ mark: CallbackMark) async throws(StoreFailure) {
        try access { contents, _ in contents.marks.remove(mark) }
    }

    public func remember(_ marks: [CallbackMark], for duration: Duration) async throws(StoreFailure) {
        try access { (contents, now) throws(StoreFailure) in
            for mark in marks { try contents.marks.set((), of: mark, until: now + duration) }
        }
    }

    public func isKnown(_ marks: [CallbackMark]) async throws(StoreFailure) -> [Bool] {
        try access { contents, now in marks.map { contents.marks.value(of: $0, now: now) != nil } }
    }

    // MARK: References

    public func bind(
        _ reference: GatewayReference, to work: WorkID, for duration: Duration
    ) async throws(StoreFailure) -> [CallbackID] {
        try access { (contents, now) throws(StoreFailure) in
            let before = contents.references.value(of: reference, now: now)
            if case .work(let other) = before, other != work { return [] }
            try contents.references.set(.work(work), of: reference, until: now + duration)
            guard case .awaited(let waiting) = before else { return [] }
            return waiting.filter { now < $0.value }.keys.sorted { $0.text < $1.text }
        }
    }

    public func find(
        _ reference: GatewayReference, orWait callback: CallbackID?, for duration: Duration
    ) async throws(StoreFailure) -> WorkID? {
        try access { (contents, now) throws(StoreFailure) in
            var waiting: [CallbackID: Duration] = [:]
            switch contents.references.value(of: reference, now: now) {
            case .work(let work): return work
            case .awaited(let others): waiting = others.filter { now < $0.value }
            case nil: break
            }
            guard let callback else { return nil }
            waiting[callback] = now + duration
            guard waiting.count <= StoreLimits.waitingCallbacks else {
                throw StoreFailure(code: .full, detail: "too many callbacks wait for one reference")
            }
            try contents.references.set(.awaited(waiting), of: reference, until: waiting.values.max() ?? now)
            return nil
        }
    }

    // MARK: Kept callbacks

    public func keep(_ callback: KeptCallback, limit: Int) async throws(StoreFailure) -> KeepResult {
        try access { contents, _ in contents.kept.keep(callback, limit: limit) }
    }

    public func drop(_ callback: CallbackID) async throws(StoreFailure) {
        try access { contents, _ in contents.kept.drop(callback) }
    }

    public func decide(_ decision: CallbackDecision) async throws(StoreFailure) {
        try access { contents, _ in
            contents.kept.drop(decision.callback)
            contents.decisions.append(decision)
            contents.decisions.removeFirst(max(0, contents.decisions.count - StoreLimits.callbackDecisions))
        }
    }

    public func decisions(limit: Int) async throws(StoreFailure) -> [CallbackDecision] {
        try access { contents, _ in Array(contents.decisions.suffix(max(0, limit)).reversed()) }
    }

    public func kept(_ callback: CallbackID) async throws(StoreFailure) -> KeptCallback? {
        try access { contents, _ in contents.kept[callback] }
    }

    public func listed(_ kind: KeptCallback.Kind, after: String?, limit: Int) async throws(StoreFailure) -> KeptCallbackPage {
        let cursor = try after.map { text throws(StoreFailure) in try CallbackCursor(text) }
        return try access { contents, _ in contents.kept.listed(kind, after: cursor, limit: limit) }
    }

    public func tally() async throws(StoreFailure) -> [KeptCallbackShelf: Int] {
        try access { contents, _ in contents.kept.tally }
    }

    /// One reading of the clock and one hold of the lock for the whole step.
    private func access<Result: Sendable>(
        _ body: (inout Contents, Duration) throws(StoreFailure) -> Result
    ) throws(StoreFailure) -> Result {
        try contents.withLock { contents throws(StoreFailure) in
            let now = time.monotonic()
            contents.marks.sweep(now: now)
            contents.references.sweep(now: now)
            return try body(&contents, now)
        }
    }
}
