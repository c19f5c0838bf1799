internal import AdapterKit
internal import Payments
internal import Synchronization

/// One exchange on its way to the thread.
struct Submission: Sendable {
    let request: WireRequest
    let endpoint: Endpoint
    let continuation: CheckedContinuation<Result<GatewayResponse, TransportFailure>, Never>
}

/// Where tasks hand exchanges to the thread.
final class Intake: Sendable {
    private struct State {
        var waiting: [Submission] = []
        var inFlight = 0
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
        let (refusal, isFirst): (TransportFailure?, Bool) = state.withLock { state in
            guard !state.closing else { return (.notSent("the transport is shut down"), false) }
            guard state.inFlight < limit else { return (.notSent("\(limit) exchanges are in flight already"), false) }
            state.inFlight += 1
            state.waiting.append(submission)
            return (nil, state.waiting.count == 1)
        }
        if isFirst { wakeup.signal() }
        return refusal
    }

    /// For the thread: what has been handed over since the last time, and whether nothing more will come.
    func take() -> (submissions: [Submission], drained: Bool) {
        state.withLock { state in
            let submissions = state.waiting
            state.waiting = []
            return (submissions, state.closing && state.inFlight == 0)
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
