/// What a callback is answered. A refusal has no body: the sender learns nothing of why.
public struct CallbackReply: Sendable, Equatable {
    public var status: Int
    public var contentType: String?
    public var body: [UInt8]
    /// Seconds.
    public var retryAfter: Int?

    public init(status: Int, contentType: String? = nil, body: [UInt8] = [], retryAfter: Int? = nil) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.retryAfter = retryAfter
    }
}
