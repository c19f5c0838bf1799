/// The newest requests that came, for `verify` and `retrieve`.
struct RequestLog: Sendable {
    static let mostRequests = 10_000
    private static let mostBytes = 33_554_432

    /// The oldest first.
    private(set) var requests: [ReceivedRequest] = []
    private var bytes = 0

    mutating func append(_ request: ReceivedRequest) {
        requests.append(request)
        bytes += request.size
        // A tenth at once: dropping one of many moves all the others.
        if requests.count > Self.mostRequests { forget(first: Self.mostRequests / 10) }
        while bytes > Self.mostBytes { forget(first: max(1, requests.count / 10)) }
    }

    private mutating func forget(first count: Int) {
        bytes -= requests.prefix(count).reduce(0) { $0 + $1.size }
        requests.removeFirst(count)
    }

    mutating func remove(_ matcher: RequestMatcher?) {
        requests.removeAll { request in matcher.map { $0.match(request) != nil } ?? true }
        bytes = requests.reduce(0) { $0 + $1.size }
    }

    func matching(_ matcher: RequestMatcher?) -> [ReceivedRequest] {
        requests.filter { request in matcher.map { $0.match(request) != nil } ?? true }
    }
}
