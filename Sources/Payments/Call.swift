/// Who asks, under which key, and how long the caller waits for the answer.
public struct Call: Sendable {
    public var tenant: String
    /// The key or token that proved the tenant, by its id: who did it, for the audit trail. `nil` where none was asked for.
    public var credential: String?
    public var idempotencyKey: String
    public var requestID: String
    /// On the monotonic clock.
    public var arrived: Duration
    /// How long the caller wants to wait; `nil` until the deadline, zero for `respond-async`.
    public var patience: Duration?

    public init(
        tenant: String, credential: String? = nil, idempotencyKey: String, requestID: String, arrived: Duration,
        patience: Duration? = nil
    ) {
        self.tenant = tenant
        self.credential = credential
        self.idempotencyKey = idempotencyKey
        self.requestID = requestID
        self.arrived = arrived
        self.patience = patience
    }

    var isAsynchronous: Bool { patience == .zero }
}
