/// Who asks, under which key, and how long the caller waits for the answer.
public struct Call: Sendable {
    public var tenant: String
    public var idempotencyKey: String
    public var requestID: String
    /// On the monotonic clock.
    public var arrived: Duration
    /// How long the caller wants to wait; `nil` until the deadline, zero for `respond-async`.
    public var patience: Duration?

    public init(tenant: String, idempotencyKey: String, requestID: String, arrived: Duration, patience: Duration? = nil) {
        self.tenant = tenant
        self.idempotencyKey = idempotencyKey
        self.requestID = requestID
        self.arrived = arrived
        self.patience = patience
    }

    var isAsynchronous: Bool { patience == .zero }
}
