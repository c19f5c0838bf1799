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
    /// A key that does not change, sent as `Authorization: Bearer`.
    case bearer(Secret)
    /// A token that the runtime fetches and renews.
    case session(Session)
    /// Time, nonce and a digest of the body under an HMAC, where agreed also under our own key.
    case nonceSigned(NonceSigned)

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

/// Messages with a time-stamp, a nonce and a digest of the body, signed with a shared key, and where agreed also with the sender's
/// own ECDSA key (protocols/npci-upi.md, 1B). Whose protocol it is says what the headers are called.
public struct NonceSigned: Sendable, Equatable {
    /// Names of headers.
    public struct Names: Sendable, Equatable {
        public var sender: String
        public var timestamp: String
        public var nonce: String
        public var keyID: String
        public var signature: String
        public var payloadSignature: String

        public init(
            sender: String, timestamp: String, nonce: String, keyID: String, signature: String, payloadSignature: String
        ) {
            self.sender = sender
            self.timestamp = timestamp
            self.nonce = nonce
            self.keyID = keyID
            self.signature = signature
            self.payloadSignature = payloadSignature
        }
    }

    /// ECDSA with P-256 and SHA-256 over the same text.
    public struct Payload: Sendable, Equatable {
        /// The two forms of such a signature; a peer takes one of them.
        public enum Form: String, Sendable, CaseIterable {
            /// 64 bytes: r, then s.
            case raw
            case der
        }

        /// PEM: our private key where we sign, the peer's public key where we verify.
        public var key: Secret
        public var form: Form

        public init(key: Secret, form: Form) {
            self.key = key
            self.form = form
        }
    }

    public var names: Names
    /// What stands in the header of the sender: our id at the gateway, or the gateway's own in callbacks.
    public var sender: String
    public var keys: [SigningKey]
    public var payload: Payload?

    public init(names: Names, sender: String, keys: [SigningKey], payload: Payload?) {
        self.names = names
        self.sender = sender
        self.keys = keys
        self.payload = payload
    }
}
