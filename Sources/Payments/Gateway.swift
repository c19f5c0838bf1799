public import AdapterKit
public import Resilience

/// One configured gateway: an adapter bound to an address and an account.
public final class Gateway: Sendable {
    public let name: String
    public let adapterName: String
    public let adapter: any GatewayAdapter
    public let endpoint: Endpoint
    /// Stored with every attempt (O5).
    public let identity: String
    public let policy: Policy
    /// What its callbacks must prove; `nil`: it has none.
    public let callback: CallbackPolicy?

    /// How often it is tried again and asked (config.md, `retry` and `inquiry`).
    public struct Policy: Sendable, Equatable {
        public var maximumRetries: Int
        public var backoff: Backoff
        public var inquiry: Cadence

        public init(
            maximumRetries: Int = 3, backoff: Backoff = Backoff(base: .seconds(1), ceiling: .seconds(8)),
            inquiry: Cadence = .inquiry
        ) {
            self.maximumRetries = maximumRetries
            self.backoff = backoff
            self.inquiry = inquiry
        }
    }

    public init(
        name: String, adapter: any GatewayAdapter, endpoint: Endpoint, policy: Policy = Policy(), callback: CallbackPolicy? = nil
    ) {
        self.name = name
        self.policy = policy
        self.callback = callback
        self.adapterName = type(of: adapter).name
        self.adapter = adapter
        self.endpoint = endpoint
        self.identity = Derivation.identity(
            adapter: adapterName, baseURL: "\(endpoint.scheme.rawValue)://\(endpoint.host):\(endpoint.port)\(endpoint.basePath)",
            account: adapter.account)
    }

    public func can(_ operation: OperationName, with method: PaymentMethod.Kind) -> Bool {
        adapter.capabilities.operations.contains(operation) && adapter.capabilities.methods.contains(method)
    }
}
