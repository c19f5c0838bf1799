/// What all replicas remember of callbacks beside the payments: nonces, event ids, the gateways' references, and what waits.
/// Two implementations, one conformance suite (TestKit): in memory and Redis. Times are judged on the store's clock.
public protocol CallbackStore: Sendable {
    /// Sets a mark unless it is there.
    /// - Returns: whether it was set by this call.
    func claim(_ mark: CallbackMark, for duration: Duration) async throws(StoreFailure) -> Bool
    /// Takes a mark away, so that a repeat may set it again.
    func release(_ mark: CallbackMark) async throws(StoreFailure)
    /// Sets marks, also where they are there, to last so long from now.
    func remember(_ marks: [CallbackMark], for duration: Duration) async throws(StoreFailure)
    /// Which of these are there, in their order.
    func isKnown(_ marks: [CallbackMark]) async throws(StoreFailure) -> [Bool]

    /// Binds a gateway's own reference to what it names.
    /// - Returns: the callbacks that wait for it.
    func bind(_ reference: GatewayReference, to work: WorkID, for duration: Duration) async throws(StoreFailure) -> [CallbackID]
    /// What the reference names; `nil`: nothing so far, and the callback waits for it, for so long.
    func find(
        _ reference: GatewayReference, orWait callback: CallbackID?, for duration: Duration
    ) async throws(StoreFailure) -> WorkID?

    /// Keeps a callback. One of the same id that is there stays as it is.
    func keep(_ callback: KeptCallback, limit: Int) async throws(StoreFailure) -> KeepResult
    /// Takes it out; nothing happens when it is not there.
    func drop(_ callback: CallbackID) async throws(StoreFailure)
    /// Takes it out by an operator's decision, which is remembered in the same step: at most `StoreLimits.callbackDecisions`, the
    /// newest ones.
    func decide(_ decision: CallbackDecision) async throws(StoreFailure)
    /// Newest first.
    func decisions(limit: Int) async throws(StoreFailure) -> [CallbackDecision]
    func kept(_ callback: CallbackID) async throws(StoreFailure) -> KeptCallback?
    /// Oldest first.
    /// - Parameter after: the cursor of an earlier page; `nil` for the first. One that is not one is `StoreFailure.Code.unreadable`.
    func listed(_ kind: KeptCallback.Kind, after: String?, limit: Int) async throws(StoreFailure) -> KeptCallbackPage
    /// How many are kept of each gateway and kind.
    func tally() async throws(StoreFailure) -> [KeptCallbackShelf: Int]
}

/// Something about a callback that counts once for a gateway.
public struct CallbackMark: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case nonce, event
        /// The payment was asked about because of a hint.
        case hint
    }

    public let kind: Kind
    public let gateway: String
    public let value: String

    public init(_ kind: Kind, _ value: String, at gateway: String) {
        self.kind = kind
        self.gateway = gateway
        self.value = value
    }
}

/// A gateway's own id of a charge or refund.
public struct GatewayReference: Sendable, Hashable {
    public let gateway: String
    public let value: String

    public init(_ value: String, at gateway: String) {
        self.gateway = gateway
        self.value = value
    }
}

public enum KeepResult: Sendable, Equatable {
    case kept
    case keptBefore
    /// As many as may be kept of this gateway.
    case full
}

public struct KeptCallbackShelf: Sendable, Hashable {
    public let gateway: String
    public let kind: KeptCallback.Kind

    public init(gateway: String, kind: KeptCallback.Kind) {
        self.gateway = gateway
        self.kind = kind
    }
}

public struct KeptCallbackPage: Sendable, Equatable {
    public var callbacks: [KeptCallback]
    /// The cursor of the next page; `nil` on the last.
    public var next: String?

    public init(callbacks: [KeptCallback], next: String?) {
        self.callbacks = callbacks
        self.next = next
    }
}
