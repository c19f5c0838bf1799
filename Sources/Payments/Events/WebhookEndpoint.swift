public import AdapterKit
import Crypto
import Signing

/// Where a tenant wants its events posted, after Standard Webhooks 1.0.0.
public struct WebhookEndpoint: Sendable {
    public let id: EndpointID
    public let endpoint: Endpoint
    /// Path of the URL.
    public let target: String
    public let url: String
    /// Decoded key bytes; all sign, so that they rotate without a gap.
    public let secrets: [Secret]
    /// `nil`: all.
    public let kinds: Set<PaymentEvent.Kind>?

    /// - Parameter url: names the endpoint: the same URL of a tenant is the same endpoint, whatever else changes.
    public init(
        tenant: String, url: String, endpoint: Endpoint, target: String, secrets: [Secret], kinds: Set<PaymentEvent.Kind>?
    ) {
        id = EndpointID(tenant: tenant, name: "we_" + Hex.encode(SHA256.hash(data: Array(url.utf8))).prefix(16))
        self.endpoint = endpoint
        self.target = target
        self.url = url
        self.secrets = secrets
        self.kinds = kinds
    }

    public func wants(_ event: PaymentEvent) -> Bool {
        event.tenant == id.tenant && kinds?.contains(event.kind) != false
    }
}
