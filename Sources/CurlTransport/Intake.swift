internal import AdapterKit
internal import Payments
internal import Synchronization

/// One exchange on its way to the thread. A class because it is handed on many times and large.
final class Submission: Sendable {
    let request: WireRequest
    let endpoint: Endpoint
    let continuation: CheckedContinuation<Result<GatewayResponse, TransportFailure>, Never>

    init(
        request: WireRequest, endpoint: Endpoint,
        continuation: CheckedContinuation<Result<GatewayResponse, TransportFailure>, Never>
    ) {
        self.request = request
        self.endpoint = endpoint
        self.continuation = continuation
    }
}

/// Where tasks hand exchanges to the thread.
final class Intake: Sendable {
    private struct State {
        var waiting: [Submission] = []
        var inFlight = 0
        /// What `keepOnly` last named, until the thread takes it.
        var kept: [Endpoint]?
        /// Whether the thread waits, or is about to, and has to be woken.
        var threadWaits = false
        var closing = false
        var ended = false
        var drains: [CheckedContinuation<Void, Never>] = []
    }

    let wakeup: Wakeup
    private let limit: Int
    private let state = Mutex(State())

    init?(limit: Int) {
        guard let wakeup = Wakeup() else { return nil }
        self.wakeup = wakeup
        self.limit = limit
    }

    /// - Returns: why the exchange is not taken, or `nil` when it is.
    func submit(_ submission: Submission) -> TransportFailure? {
        let (refusal, mustWake): (TransportFailure?, Bool) = state.withLock { state in
            guard !state.closing else { return (.notSent("the transport is shut down"), false) }
            guard state.inFlight < limit else { return (.notSent("\(limit) exchanges are in flight already"), false) }
            state.inFlight += 1
            state.waiting.append(submission)
            defer { state.threadWaits = false }
            return (nil, state.threadWaits)
        }
        if mustWake { wakeup.signal() }
        return refusal
    }

    func keepOnly(_ endpoints: [Endpoint]) {
        let mustWake = state.withLock { state in
            state.kept = endpoints
            defer { state.threadWaits = false }
            return state.threadWaits
        }
        if mustWake { wakeup.signal() }
    }

    /// For the thread: what has been handed over since the last time, and whether nothing more will come.
    func take() -> (submissions: [Submission], kept: [Endpoint]?, drained: Bool) {
        state.withLock { state in
            let (submissions, kept) = (state.waiting, state.kept)
            state.waiting = []
            state.kept = nil
            state.threadWaits = false
            return (submissions, kept, state.closing && state.inFlight == 0)
        }
    }

    /// For the thread, before it waits: whether there is nothing to take. From then on the next submission wakes it.
    func mayWait() -> Bool {
        state.withLock { state in
            state.threadWaits = state.waiting.isEmpty && state.kept == nil
            return state.threadWaits
        }
    }

    /// For the thread: one exchange has ended.
    func finishOne() {
        let drained = state.withLock { state in
            state.inFlight -= 1
            return state.closing && state.inFlight == 0
        }
        if drained { wakeup.signal() }
    }

    func close() {
        state.withLock { $0.closing = true }
        wakeup.signal()
    }

    func drain() async {
        close()
        await withCheckedContinuation { continuation in
            let ended = state.withLock { state in
                if !state.ended { state.drains.append(continuation) }
                return state.ended
            }
            if ended { continuation.resume() }
        }
    }

    /// For the thread, as its last act.
    func end() {
        let drains = state.withLock { state in
            state.ended = true
            let drains = state.drains
            state.drains = []
            return drains
        }
        for drain in drains { drain.resume() }
    }
}
