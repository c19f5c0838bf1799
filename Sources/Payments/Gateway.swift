public import AdapterKit

/// One configured gateway: an adapter bound to an address and an account.
public struct Gateway: Sendable {
    public let name: String
    public let adapterName: String
    public let adapter: any GatewayAdapter
    public let endpoint: Endpoint
    /// Stored with every attempt (O5).
    public let identity: String

    public init(name: String, adapter: any GatewayAdapter, endpoint: Endpoint) {
        self.name = name
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
