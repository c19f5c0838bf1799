/// A key that signs or verifies, and when it may. The validity is half-open: `notBefore ≤ now < notAfter`.
public struct SigningKey: Sendable, Equatable {
    public let id: String
    public let secret: Secret
    public let notBefore: Timestamp?
    public let notAfter: Timestamp?

    public init(id: String, secret: Secret, notBefore: Timestamp? = nil, notAfter: Timestamp? = nil) {
        self.id = id
        self.secret = secret
        self.notBefore = notBefore
        self.notAfter = notAfter
    }
}

/// How the runtime proves who we are, and what an answer must prove. Declared by the adapter, carried out by Signing.
public enum Authentication: Sendable, Equatable {
    case none
    /// protocols/bank-hmac.md, "Signature v1".
    case hmacV1(HMACV1)

    public struct HMACV1: Sendable, Equatable {
        /// What goes into `X-Tenant-Id`: our client id at the gateway.
        public var tenant: String
        public var keys: [SigningKey]
        /// Whether an answer without a valid signature is refused.
        public var verifiesResponses: Bool

        public init(tenant: String, keys: [SigningKey], verifiesResponses: Bool) {
            self.tenant = tenant
            self.keys = keys
            self.verifiesResponses = verifiesResponses
        }
    }
}
