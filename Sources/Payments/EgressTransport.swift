public import AdapterKit
internal import Crypto

/// Carries one request to a gateway and its complete answer back. Implemented by CurlTransport and by fakes in tests.
public protocol EgressTransport: Sendable {
    /// Sends once, never again by itself. Cancelling the calling task does not cancel the exchange: its bytes may have left.
    func send(_ request: EgressRequest, to endpoint: Endpoint) async throws(TransportFailure) -> GatewayResponse
}

/// What goes on the wire, signature included.
public struct EgressRequest: Sendable, Equatable {
    public var method: GatewayRequest.Method
    /// Path and query below the endpoint's base path, percent-encoded.
    public var target: String
    public var headers: Headers
    public var body: [UInt8]

    public init(method: GatewayRequest.Method, target: String, headers: Headers, body: [UInt8]) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }
}

/// Where to connect and what the other side must prove. Connections are shared only between equal endpoints, so that no two
/// identities meet on a socket. There is no setting that turns verification off.
public struct Endpoint: Sendable, Equatable {
    public enum Scheme: String, Sendable { case https, http }
    public enum Authorities: Sendable, Equatable {
        case system
        /// PEM, one or more certificates.
        case pem([UInt8])
    }
    public enum TLSVersion: String, Sendable {
        case v12 = "1.2"
        case v13 = "1.3"
    }

    /// The client certificate for mutual TLS: a PEM chain and its PEM key.
    public struct Identity: Sendable, Equatable {
        public var certificate: [UInt8]
        public var key: Secret
        /// What is known of it before it is used, and stays.
        public var fault: TransportFailure.Code?
        /// When it holds; `nil`: not known, and for the other side to say.
        public var validFrom: Timestamp?
        public var validUntil: Timestamp?

        public init(
            certificate: [UInt8], key: Secret, fault: TransportFailure.Code? = nil, validFrom: Timestamp? = nil,
            validUntil: Timestamp? = nil
        ) {
            self.certificate = certificate
            self.key = key
            self.fault = fault
            self.validFrom = validFrom
            self.validUntil = validUntil
        }

        /// Why nothing may be sent with it now.
        public func fault(at now: Timestamp) -> TransportFailure.Code? {
            if let fault { return fault }
            if let validUntil, validUntil <= now { return .clientCertificateExpired }
            if let validFrom, now < validFrom { return .clientCertificateNotYetValid }
            return nil
        }
    }

    /// A PEM file of certificate revocation lists (RFC 5280, section 5): one for every authority of the server's chain. libcurl
    /// reads it for each connection; one that it cannot read or that is out of date lets no connection be made.
    public struct RevocationFile: Sendable, Equatable {
        public let path: String
        /// Of what it held: connections that were made under other lists are not used.
        private let digest: [UInt8]

        public init(path: String, content: [UInt8]) {
            self.path = path
            digest = Array(SHA256.hash(data: content))
        }
    }

    /// `http` is accepted by the configuration on loopback only.
    public var scheme: Scheme
    public var host: String
    public var port: Int
    /// Prefix of every target, without a slash at its end; empty for none.
    public var basePath: String
    public var authorities: Authorities
    public var identity: Identity?
    /// Base64 of SHA-256 over SubjectPublicKeyInfo; any match passes, empty means not pinned.
    public var pins: [String]
    public var minimumTLS: TLSVersion
    public var revocations: RevocationFile?
    /// To what the host's name may lead. Every address is judged as the socket for it is asked for; behind a proxy, which looks names
    /// up itself, only a host that is written as an address.
    public var addresses: AddressPolicy
    /// Whose it is, for the log and the metrics: the gateway's name, `webhook` or `jwks`.
    public var purpose: String
    /// `http://host:port` of an egress proxy.
    public var proxy: String?
    /// Until the TLS handshake is done.
    public var connectTimeout: Duration
    /// The whole exchange, from connect to last byte.
    public var attemptTimeout: Duration

    public init(
        scheme: Scheme, host: String, port: Int, basePath: String = "", authorities: Authorities = .system,
        identity: Identity? = nil,
        pins: [String] = [], minimumTLS: TLSVersion = .v13, revocations: RevocationFile? = nil,
        addresses: AddressPolicy = .publicOnly, purpose: String = "", proxy: String? = nil,
        connectTimeout: Duration = .seconds(1), attemptTimeout: Duration = .seconds(3)
    ) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.basePath = basePath
        self.authorities = authorities
        self.identity = identity
        self.pins = pins
        self.minimumTLS = minimumTLS
        self.revocations = revocations
        self.addresses = addresses
        self.purpose = purpose
        self.proxy = proxy
        self.connectTimeout = connectTimeout
        self.attemptTimeout = attemptTimeout
    }
}

/// Why no complete answer came, how far the exchange had got, and whether the gateway may have seen the request.
public struct TransportFailure: Error, Sendable, Equatable {
    /// Closed set: safe as a metric label.
    public enum Code: String, Sendable, CaseIterable {
        case nameNotResolved = "name_not_resolved"
        // The name led to addresses that the endpoint's policy does not allow (`EgressDenial.Reason`).
        case addressLoopback = "address_loopback"
        case addressPrivate = "address_private"
        case addressLinkLocal = "address_link_local"
        case addressShared = "address_shared"
        case addressMulticast = "address_multicast"
        case addressUnspecified = "address_unspecified"
        case addressReserved = "address_reserved"
        case addressEmbedded = "address_embedded"
        case addressOwn = "address_own"
        case connectRefused = "connect_refused"
        case connectTimedOut = "connect_timed_out"
        case proxyFailed = "proxy_failed"
        case tlsFailed = "tls_failed"
        case tlsVersion = "tls_version"
        case serverCertificateUntrusted = "server_certificate_untrusted"
        case serverCertificateExpired = "server_certificate_expired"
        case serverNameMismatch = "server_name_mismatch"
        case serverPinMismatch = "server_pin_mismatch"
        case serverCertificateRevoked = "server_certificate_revoked"
        /// The revocation lists cannot be read, are out of date, or say nothing of an authority of the chain.
        case revocationListUnusable = "revocation_list_unusable"
        /// Our certificate or key cannot be read.
        case clientCertificateUnusable = "client_certificate_unusable"
        /// Our key is not that of our certificate.
        case clientCertificateMismatched = "client_certificate_mismatched"
        case clientCertificateNotYetValid = "client_certificate_not_yet_valid"
        case clientCertificateRequired = "client_certificate_required"
        case clientCertificateExpired = "client_certificate_expired"
        case clientCertificateRevoked = "client_certificate_revoked"
        case clientCertificateUnknownAuthority = "client_certificate_unknown_authority"
        /// Bad, unsupported or unknown certificate.
        case clientCertificateRefused = "client_certificate_refused"
        case attemptTimedOut = "attempt_timed_out"
        case connectionLost = "connection_lost"
        /// libcurl would have had to send the request again and was kept from it.
        case resendPrevented = "resend_prevented"
        case responseTooLarge = "response_too_large"
        case responseHeadersTooLarge = "response_headers_too_large"
        case responseMalformed = "response_malformed"
        /// The request could not be made (a bad URL, no memory) or the transport is shut down.
        case notSent = "not_sent"
    }

    /// How far the exchange had got when it failed.
    public enum Phase: String, Sendable, CaseIterable, Codable {
        case name, connect, tls, sending, waiting, receiving
    }

    public let code: Code
    public let phase: Phase
    /// Whether a byte of the request may have left this process.
    public let requestMayHaveLeft: Bool
    /// Whether the gateway certainly did not act on it: nothing left, or it refused our certificate on a fresh connection
    /// before its first answer byte (TLS 1.3 tells that only after the request was written).
    public let certainlyNotProcessed: Bool
    /// Free text for the log; never holds a secret or a body.
    public let detail: String

    public init(code: Code, phase: Phase, requestMayHaveLeft: Bool, certainlyNotProcessed: Bool, detail: String) {
        self.code = code
        self.phase = phase
        self.requestMayHaveLeft = requestMayHaveLeft
        self.certainlyNotProcessed = certainlyNotProcessed
        self.detail = detail
    }

    public var outcome: Outcome {
        certainlyNotProcessed ? .notProcessed(NotProcessed(reason: code.rawValue)) : .unknown(Unknown(reason: code.rawValue))
    }
}
