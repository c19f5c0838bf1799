public import AdapterKit
public import Signing

/// One callback on its way, which signs itself (protocols/bank-hmac.md, "Callbacks"). Every part can be chosen, rightly or wrongly;
/// the same value is the same bytes.
public struct CallbackRequest: Sendable, Equatable {
    public var eventID: String
    /// 16 to 64 characters where it is to be accepted.
    public var nonce: String
    public var timestamp: Timestamp
    public var key: SigningKey
    /// Path and query as on the wire.
    public var target: String
    public var body: [UInt8]

    public init(eventID: String, nonce: String, timestamp: Timestamp, key: SigningKey, target: String, body: [UInt8]) {
        self.eventID = eventID
        self.nonce = nonce
        self.timestamp = timestamp
        self.key = key
        self.target = target
        self.body = body
    }

    /// What `X-Signature` says.
    /// - Throws: where a part cannot be put into the canonical string.
    public func signature() throws(CanonicalFailure) -> String {
        let signed = HMACV1.Request(
            method: "POST", target: target, body: body, tenant: nonce, idempotencyKey: eventID,
            timestamp: timestamp.rfc3339WholeSeconds)
        return try HMACV1.signature(of: signed, with: key.secret)
    }

    /// The header fields of the protocol, in a fixed order.
    /// - Throws: as `signature()`.
    public func headers() throws(CanonicalFailure) -> [(name: String, value: String)] {
        [
            ("Content-Type", "application/json"), ("X-Key-Id", key.id), ("X-Timestamp", timestamp.rfc3339WholeSeconds),
            ("X-Nonce", nonce), ("X-Event-Id", eventID), ("X-Signature", try signature()),
        ]
    }

    /// As it goes over the wire.
    /// - Throws: as `signature()`.
    func post() throws(CanonicalFailure) -> CallbackPost {
        CallbackPost(target: target, headers: try headers(), body: body)
    }
}

extension CallbackClient {
    /// As `post` of what the request comes to; unanswered where it cannot be signed.
    public func post(_ request: CallbackRequest) async -> CallbackResult {
        guard let post = try? request.post() else { return .unanswered(.unsignable) }
        return await self.post(post)
    }
}
