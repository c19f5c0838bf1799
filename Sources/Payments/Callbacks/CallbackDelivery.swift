public import AdapterKit

/// One request as it came to the callback listener.
public struct CallbackDelivery: Sendable {
    public let gateway: String
    public let method: String
    /// Path and query as on the wire, never decoded.
    public let target: String
    public let headers: Headers
    /// The raw bytes.
    public let body: [UInt8]
    /// The peer's address, IPv4 or IPv6; `nil` when it is not known.
    public let source: String?
    /// The subject of the client certificate that this listener itself verified, as RFC 4514 writes it.
    public let certificateSubject: String?

    public init(
        gateway: String, method: String, target: String, headers: Headers, body: [UInt8], source: String?,
        certificateSubject: String?
    ) {
        self.gateway = gateway
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.source = source
        self.certificateSubject = certificateSubject
    }
}

/// What a gateway's callbacks must prove (config.md, `callback`).
public struct CallbackPolicy: Sendable, Equatable {
    /// How far a signed time-stamp may be from now, either side.
    public static let standardTolerance = Duration.seconds(300)

    public var scheme: CallbackScheme
    public var tolerance: Duration
    /// Who may post; empty: everyone.
    public var allowedNetworks: [AddressRange]
    /// The subject that the client certificate must have, as RFC 4514 writes it.
    public var certificateSubject: String?
    /// Whether a delivery is never believed and only makes us ask.
    public var isHint: Bool

    public init(
        scheme: CallbackScheme, tolerance: Duration = standardTolerance, allowedNetworks: [AddressRange] = [],
        certificateSubject: String? = nil, isHint: Bool = false
    ) {
        self.scheme = scheme
        self.tolerance = tolerance
        self.allowedNetworks = allowedNetworks
        self.certificateSubject = certificateSubject
        self.isHint = isHint
    }

    /// Whether anything could prove a delivery; if not, only a hint can be taken.
    public var canProve: Bool { scheme != .unsigned || certificateSubject != nil }
}
