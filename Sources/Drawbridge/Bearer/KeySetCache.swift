import Logging
import Metrics
import Payments
import Synchronization

/// The keys of one issuer, read when they are first needed and again when a token names a key that is not among them. One reading at
/// a time serves all who wait for it, and readings keep their distance: who makes up key ids cannot make us hammer the issuer.
final class KeySetCache: Sendable {
    enum Finding {
        case key(TokenVerifier)
        /// The issuer has no such key.
        case unknown
        /// The issuer's keys could not be read: whether it has such a key is not known.
        case unavailable
    }

    /// Older keys are read again, while they still serve.
    static let freshness = Duration.seconds(600)
    /// Still older ones serve only where they cannot be read again: one of them may have been withdrawn.
    static let patience = Duration.seconds(1_200)
    /// Keys that could not be read again for so long serve no more: by then one may have been withdrawn.
    static let lifetime = Duration.seconds(86_400)
    /// Between the starts of two readings.
    static let pause = Duration.seconds(30)
    /// The same while there are no keys at all.
    static let firstPause = Duration.seconds(5)

    private struct State {
        var keys: [String: TokenVerifier] = [:]
        /// On the monotonic clock; `nil` while there are no keys.
        var read: Duration?
        var earliest = Duration.zero
        var lastFailed = false
        /// A reload asks for the keys as they are now.
        var isOutdated = false
        var reading: Task<Void, Never>?
    }

    private enum Step {
        case done(Finding)
        case wait(Task<Void, Never>)
    }

    private let source: KeySetSource
    private let time: any TimeSource
    private let logger: Logger
    private let state = Mutex(State())

    init(source: KeySetSource, time: any TimeSource, logger: Logger) {
        self.source = source
        self.time = time
        self.logger = logger
    }

    /// Waits for a reading, which takes as long as `KeySetSource` gives it, only where the key is not at hand.
    func key(_ id: String) async -> Finding {
        switch state.withLock({ step(towards: id, &$0) }) {
        case .done(let finding): return finding
        case .wait(let reading):
            await reading.value
            return state.withLock { Self.finding(id, $0) }
        }
    }

    private func step(towards id: String, _ state: inout State) -> Step {
        let now = time.monotonic()
        if let read = state.read, now - read >= Self.lifetime { (state.keys, state.read) = ([:], nil) }
        let age = state.read.map { now - $0 }
        if age.map({ $0 >= Self.freshness }) ?? true || state.isOutdated || state.keys[id] == nil { begin(&state, at: now) }
        let mayServe = state.keys[id] != nil && !state.isOutdated && age.map { $0 < Self.patience } ?? false
        if !mayServe, let reading = state.reading { return .wait(reading) }
        return .done(Self.finding(id, state))
    }

    /// The next token waits for the keys as they are now; the old ones serve where they cannot be read.
    func outdate() {
        state.withLock { state in
            state.isOutdated = true
            state.earliest = .zero
        }
    }

    /// The reading belongs to nobody: whoever waits for it may leave, and the others still want it.
    private func begin(_ state: inout State, at now: Duration) {
        guard state.reading == nil, now >= state.earliest else { return }
        state.earliest = now + (state.read == nil ? Self.firstPause : Self.pause)
        state.reading = Task { await self.read() }
    }

    private func read() async {
        do throws(JSONWebKeySet.Failure) {
            let keys = await (try source.read()).verifiers()
            took(keys)
        } catch { failed(error) }
    }

    private func took(_ keys: [String: TokenVerifier]) {
        let now = time.monotonic()
        state.withLock { state in
            state.earliest = max(state.earliest, now + Self.pause)
            (state.keys, state.read, state.lastFailed, state.reading) = (keys, now, false, nil)
            state.isOutdated = false
        }
        count("read")
        logger.info("keys of an issuer read", metadata: ["source": "\(source.place)", "keys": "\(keys.count)"])
    }

    private func failed(_ failure: JSONWebKeySet.Failure) {
        state.withLock { ($0.lastFailed, $0.reading) = (true, nil) }
        count(failure.rawValue)
        logger.error(
            "keys of an issuer not read", metadata: ["source": "\(source.place)", "code": "\(failure.rawValue)"])
    }

    private func count(_ result: String) {
        Counter(label: "drawbridge_key_set_reads_total", dimensions: [("result", result)]).increment()
    }

    private static func finding(_ id: String, _ state: State) -> Finding {
        if let key = state.keys[id] { return .key(key) }
        return state.read == nil || state.lastFailed ? .unavailable : .unknown
    }
}
