import AdapterKit
import Synchronization

/// Brings events to their destination: each is tried until it is acknowledged or its tries are used up.
final class CallbackSender: Sendable {
    /// What is sent, and in which way it goes wrong.
    struct Dispatch: Sendable {
        /// One after the other, each when the one before was acknowledged.
        let events: [BankEvent]
        let reference: String
        let manner: CallbackMode
    }

    /// Changes what is known about callbacks.
    typealias Recording = @Sendable (_ change: (inout Callbacks) -> Void) -> Void

    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var started = 0
    }

    let destination: CallbackDestination
    private let client: CallbackClient
    private let now: @Sendable () -> Timestamp
    private let slots: PostingSlots
    private let state = Mutex(State())

    /// - Throws: what NIOSSL says when a certificate or key cannot be read.
    init(_ destination: CallbackDestination, now: @escaping @Sendable () -> Timestamp) throws {
        self.destination = destination
        self.now = now
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
        var last: CallbackRequest?
        for event in dispatch.events {
            last = await deliver(event, dispatch, record)
            if last == nil { return }
        }
        switch dispatch.manner {
        case .twice: if let event = dispatch.events.last { _ = await deliver(event, dispatch, record) }
        case .replayed: if let last { _ = await post(last, number: 1, dispatch, record) }
        default: break
        }
    }

    /// - Returns: the request that was acknowledged.
    private func deliver(_ event: BankEvent, _ dispatch: Dispatch, _ record: Recording) async -> CallbackRequest? {
        for (tried, pause) in ([.zero] + destination.waits).enumerated() {
            guard await wait(pause) else { return nil }
            let request = request(for: event, dispatch.manner)
            guard let result = await post(request, number: tried + 1, dispatch, record) else { return nil }
            if result.isAcknowledged {
                record { $0.acknowledged += 1 }
                return request
            }
        }
        record { $0.abandoned += 1 }
        return nil
    }

    /// - Returns: `nil` when the task was cancelled.
    private func post(
        _ request: CallbackRequest, number: Int, _ dispatch: Dispatch, _ record: Recording
    ) async -> CallbackResult? {
        let result = await slots.withSlot { Task.isCancelled ? nil : await client.post(request) }
        guard let result, !Task.isCancelled else { return nil }
        let attempt = CallbackAttempt(
            number: number, reference: dispatch.reference, eventID: request.eventID, nonce: request.nonce,
            timestamp: request.timestamp, result: result)
        record { $0.add(attempt) }
        return result
    }

    private static let anotherSecret = Secret(text: "not the secret of this key")

    private func request(for event: BankEvent, _ manner: CallbackMode) -> CallbackRequest {
        let key = manner == .forged ? SigningKey(id: destination.key.id, secret: Self.anotherSecret) : destination.key
        return CallbackRequest(
            eventID: event.id, nonce: token(), timestamp: now() + manner.skew, key: key, target: destination.url.target,
            body: event.body)
    }

    /// `false` when the task was cancelled.
    private func wait(_ duration: Duration) async -> Bool {
        if duration > .zero { try? await destination.sleep(duration) }
        return !Task.isCancelled
    }
}
