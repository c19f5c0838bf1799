public import AdapterKit
public import Payments
import Synchronization
import Testing

/// An egress transport without a network: every request takes the next step of a script, and is kept for the test to look at.
public final class FakeTransport: EgressTransport {
    /// What becomes of one request.
    public struct Step: Sendable {
        public typealias Action = @Sendable (EgressRequest) async throws(TransportFailure) -> GatewayResponse
        let act: Action

        public init(_ act: @escaping Action) { self.act = act }
    }

    public struct Sent: Sendable {
        public let request: EgressRequest
        public let endpoint: Endpoint
    }

    private struct Watcher {
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var steps: [Step] = []
        var sent: [Sent] = []
        var watchers: [Watcher] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// Adds steps to the end of the script.
    public func script(_ steps: Step...) { state.withLock { $0.steps += steps } }

    public var sent: [Sent] { state.withLock(\.sent) }

    /// Steps that no request has taken yet.
    public var stepsLeft: Int { state.withLock(\.steps.count) }

    /// Returns once so many requests were sent.
    public func sent(atLeast count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                guard state.sent.count < count else { return true }
                state.watchers.append(Watcher(count: count, continuation: continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    public func send(_ request: EgressRequest, to endpoint: Endpoint) async throws(TransportFailure) -> GatewayResponse {
        let (step, reached) = state.withLock { state in
            state.sent.append(Sent(request: request, endpoint: endpoint))
            let reached = state.watchers.filter { $0.count <= state.sent.count }
            state.watchers.removeAll { $0.count <= state.sent.count }
            return (state.steps.isEmpty ? nil : state.steps.removeFirst(), reached)
        }
        for watcher in reached { watcher.continuation.resume() }
        guard let step else {
            Issue.record("nothing is scripted for \(request.method.rawValue) \(request.target)")
            throw TransportFailure.sample(.notSent)
        }
        return try await step.act(request)
    }
}
