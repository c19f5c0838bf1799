/// Header fields in order, names compared without regard to case.
public struct Headers: Sendable, Equatable {
    public private(set) var fields: [(name: String, value: String)]

    public init(_ fields: [(String, String)] = []) { self.fields = fields.map { (name: $0.0, value: $0.1) } }

    public mutating func add(_ name: String, _ value: String) { fields.append((name: name, value: value)) }

    /// Every value of a field, in order.
    public func values(_ name: String) -> [String] {
        fields.filter { Self.sameName($0.name, name) }.map(\.value)
    }

    /// The value of a field that occurs exactly once; `nil` when it is missing or repeated.
    public func single(_ name: String) -> String? {
        guard let index = fields.firstIndex(where: { Self.sameName($0.name, name) }),
            !fields[(index + 1)...].contains(where: { Self.sameName($0.name, name) })
        else { return nil }
        return fields[index].value
    }

    public static func == (left: Headers, right: Headers) -> Bool {
        left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }

    private static func sameName(_ left: String, _ right: String) -> Bool {
        let (left, right) = (left.utf8.span, right.utf8.span)
        guard left.count == right.count else { return false }
        for index in left.indices where lower(left[index]) != lower(right[index]) { return false }
        return true
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}

/// What an adapter wants sent. Signature, time-stamp and request id are added by the runtime, anew for every attempt.
public struct GatewayRequest: Sendable, Equatable {
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    public var method: Method
    /// Path and query as they go on the wire, percent-encoded, below the gateway's base URL.
    public var target: String
    public var headers: Headers
    /// Never empty for an operation that moves money: libcurl would repeat such a request by itself.
    public var body: [UInt8]
    /// What goes into `Idempotency-Key`, where the protocol has one. `nil` on a POST where it has (a question that no reference of
    /// ours belongs to): the runtime puts the attempt's request id there, as an adapter makes nothing up.
    public var idempotencyKey: String?

    public init(method: Method, target: String, headers: Headers = Headers(), body: [UInt8] = [], idempotencyKey: String? = nil) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.idempotencyKey = idempotencyKey
    }
}

/// What came back, complete: an answer that was cut off never becomes a response.
public struct GatewayResponse: Sendable, Equatable {
    public var status: Int
    public var headers: Headers
    public var body: [UInt8]

    public init(status: Int, headers: Headers = Headers(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// `Retry-After` in whole seconds, at most a day. The HTTP-date form needs a clock and is left to the default backoff.
    public var retryAfter: Duration? {
        guard let text = headers.single("Retry-After"), let seconds = Int64(text), (0...86_400).contains(seconds) else {
            return nil
        }
        return .seconds(seconds)
    }
}
