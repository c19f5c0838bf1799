import AdapterKit
import Synchronization

/// Brings events to their destination: each is tried until it is acknowledged or its tries are used up.
final class CallbackSender: Sendable {
    /// What is sent, and in which way it goes wrong.
    struct Dispatch: Sendable {
        /// What each callback tells; one after the other, each when the one before was acknowledged.
        let tellings: [[Occurrence]]
        let manner: CallbackMode
    }

    /// Changes what is known about callbacks.
    typealias Recording = @Sendable (_ change: (inout Callbacks) -> Void) -> Void

    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var started = 0
    }

    let destination: CallbackDestination
    private let face: any Face
    private let client: CallbackClient
    /// Shows no certificate.
    private let stranger: CallbackClient
    private let now: @Sendable () -> Timestamp
    private let slots: PostingSlots
    private let state = Mutex(State())

    /// - Throws: what NIOSSL says when a certificate or key cannot be read.
    init(_ destination: CallbackDestination, face: any Face, now: @escaping @Sendable () -> Timestamp) throws {
        self.destination = destination
        self.face = face
        self.now = now
        let unproved = CallbackDestination.TLS(authorityPEM: destination.tls.authorityPEM)
        stranger = try CallbackClient(url: destination.url, tls: unproved, timeout: destination.timeout)
        client = try CallbackClient(url: destination.url, tls: destination.tls, timeout: destination.timeout)
        slots = PostingSlots(destination.maximumConnections)
    }

    /// 32 hexadecimal digits.
    func token() -> String { [destination.random(), destination.random()].map(Self.hexadecimal).joined() }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// - Returns: what ends when nothing more will be sent; `nil` when too much is under way.
    func start(_ dispatch: Dispatch, _ record: @escaping Recording) -> Task<Void, Never>? {
        let task: Task<Void, Never>? = state.withLock { state in
            guard state.tasks.count < destination.maximumUnderway else { return nil }
            state.started += 1
            let id = state.started
            // Counted before the task can have ended.
            record { $0.underway += 1 }
            let task = Task {
                await carry(dispatch, record)
                self.state.withLock { $0.tasks[id] = nil }
                record { $0.underway -= 1 }
            }
            state.tasks[id] = task
            return task
        }
        if task == nil { record { $0.dropped += 1 } }
        return task
    }

    /// Sends nothing more of what is under way.
    func cancel() {
        for task in state.withLock({ Array($0.tasks.values) }) { task.cancel() }
    }

    /// Cancels, and waits until every connection has ended.
    func stop() async {
        cancel()
        for task in state.withLock({ Array($0.tasks.values) }) { await task.value }
    }
}

// MARK: - Delivering

extension CallbackSender {
    private func carry(_ dispatch: Dispatch, _ record: Recording) async {
        guard await wait(dispatch.manner.delay) else { return }
        var last: Attempt?
        for telling in dispatch.tellings {
            last = await deliver(telling, dispatch.manner, record)
            if last == nil { return }
        }
        switch dispatch.manner {
        case .twice: if let last { _ = await deliver(last.told, dispatch.manner, record) }
        case .replayed: if let last { _ = await post(last, number: 1, dispatch.manner, record) }
        default: break
        }
    }

    /// One try, as it is signed.
    private struct Attempt {
        let told: [Occurrence]
        let seal: Seal
        let post: CallbackPost?
    }

    /// - Returns: what was acknowledged.
    private func deliver(_ told: [Occurrence], _ manner: CallbackMode, _ record: Recording) async -> Attempt? {
        for (tried, pause) in ([.zero] + destination.waits).enumerated() {
            guard await wait(pause) else { return nil }
            let attempt = attempt(to: told, manner)
            guard let result = await post(attempt, number: tried + 1, manner, record) else { return nil }
            if case .answered(let status) = result, face.acknowledges(status) {
                record { $0.acknowledged += 1 }
                return attempt
            }
        }
        record { $0.abandoned += 1 }
        return nil
    }

    /// - Returns: `nil` when the task was cancelled.
    private func post(
        _ attempt: Attempt, number: Int, _ manner: CallbackMode, _ record: Recording
    ) async -> CallbackResult? {
        let client = manner == .forged && face.provesCallbacksByCertificate ? stranger : client
        let result = await slots.withSlot { () -> CallbackResult? in
            guard !Task.isCancelled else { return nil }
            guard let post = attempt.post else { return .unanswered(.unsignable) }
            return await client.post(post)
        }
        guard let result, !Task.isCancelled else { return nil }
        record { callbacks in
            for occurrence in attempt.told {
                callbacks.add(
                    CallbackAttempt(
                        number: number, reference: occurrence.reference, eventID: occurrence.id, nonce: attempt.seal.nonce,
                        timestamp: attempt.seal.timestamp, result: result))
            }
        }
        return result
    }

    private static let anotherSecret = Secret(text: "not the secret of this key")

    private func attempt(to told: [Occurrence], _ manner: CallbackMode) -> Attempt {
        let isForged = manner == .forged
        let key = destination.key.map { isForged ? SigningKey(id: $0.id, secret: Self.anotherSecret) : $0 }
        let seal = Seal(
            target: destination.url.target, key: key, isForged: isForged, nonce: token(), timestamp: now() + manner.skew)
        return Attempt(told: told, seal: seal, post: face.callback(telling: told, seal))
    }

    /// `false` when the task was cancelled.
    private func wait(_ duration: Duration) async -> Bool {
        if duration > .zero { try? await destination.sleep(duration) }
        return !Task.isCancelled
    }
}
