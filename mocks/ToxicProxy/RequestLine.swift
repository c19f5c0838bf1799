import NIOCore

/// Hands requests to the API one after the other, so that none sees another half done.
struct RequestLine: Sendable {
    /// Requests that wait; a further one is answered 503.
    private static let capacity = 100

    private struct Waiting: Sendable {
        let request: ProxyAPI.Request
        let promise: EventLoopPromise<ProxyAPI.Answer>
    }

    private let line: AsyncStream<Waiting>.Continuation
    private let server: Task<Void, Never>

    init(_ api: ProxyAPI) {
        let (stream, line) = AsyncStream<Waiting>.makeStream(bufferingPolicy: .bufferingOldest(Self.capacity))
        self.line = line
        server = Task {
            for await waiting in stream { waiting.promise.succeed(await api.answer(waiting.request)) }
        }
    }

    func answer(_ request: ProxyAPI.Request, _ promise: EventLoopPromise<ProxyAPI.Answer>) {
        guard case .enqueued = line.yield(Waiting(request: request, promise: promise)) else {
            return promise.succeed(.refused(APIFailure(status: 503, message: "too many requests")))
        }
    }

    /// Returns when everything accepted is answered.
    func end() async {
        line.finish()
        await server.value
    }
}
