/// One callback as it goes over the wire.
public struct CallbackPost: Sendable {
    /// Path and query.
    public var target: String
    /// Without `Host`, `Content-Length` and `Connection`.
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public init(target: String, headers: [(name: String, value: String)], body: [UInt8]) {
        self.target = target
        self.headers = headers
        self.body = body
    }
}
