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

/// Takes callbacks in, from the raw request to the gateway's own "received" (contract/callbacks.md).
public final class CallbackReceiver: Sendable {
    /// Bytes.
    public static let maximumBody = 256 * 1024

    public init() {}

    /// Whether a gateway of this name takes callbacks; else 404 before the body is read.
    public func accepts(_ gateway: String) -> Bool { false }

    /// The body was over the limit and not read.
    public func refuseTooLarge(_ gateway: String) -> CallbackReply { CallbackReply(status: 413) }

    public func receive(_ delivery: CallbackDelivery) async -> CallbackReply { CallbackReply(status: 503, retryAfter: 1) }
}
