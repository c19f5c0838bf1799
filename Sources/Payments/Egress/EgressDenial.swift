/// An address at which no connection was made, or would not have been.
public struct EgressDenial: Sendable, Equatable {
    /// What kind of address it is.
    public enum Reason: String, Sendable, CaseIterable {
        case loopback
        /// RFC 1918, RFC 4193 and the site-local addresses before it.
        case `private`
        case linkLocal
        /// Between a carrier and its customers (RFC 6598).
        case shared
        case multicast
        case unspecified
        /// Documentation, benchmarks, broadcast, and whatever nobody has been given.
        case reserved
        /// IPv4 inside IPv6: mapped, compatible, translated, 6to4, Teredo. Where it leads is another address's business.
        case embedded
        /// One of this machine's own.
        case own
    }

    public enum Mode: String, Sendable { case enforced, report }

    /// The endpoint's.
    public let purpose: String
    /// As it is configured.
    public let host: String
    public let address: String
    public let reason: Reason
    public let mode: Mode

    public init(purpose: String, host: String, address: String, reason: Reason, mode: Mode) {
        self.purpose = purpose
        self.host = host
        self.address = address
        self.reason = reason
        self.mode = mode
    }
}

extension EgressDenial.Reason {
    public var code: TransportFailure.Code {
        switch self {
        case .loopback: .addressLoopback
        case .private: .addressPrivate
        case .linkLocal: .addressLinkLocal
        case .shared: .addressShared
        case .multicast: .addressMulticast
        case .unspecified: .addressUnspecified
        case .reserved: .addressReserved
        case .embedded: .addressEmbedded
        case .own: .addressOwn
        }
    }
}
