/// To which addresses an endpoint's name may lead.
public enum AddressPolicy: Sendable, Equatable {
    /// To public ones; a connection to any other is not made (`EgressDenial.Reason`).
    case publicOnly
    /// To any; what `publicOnly` would refuse is told.
    case report
    case any

    /// Where the configuration says nothing: a host that is itself written as loopback is meant, every other one must be public.
    public init(forHostWritten host: String) { self = Self.isLoopback(host) ? .any : .publicOnly }

    private static func isLoopback(_ host: String) -> Bool {
        IPAddress(hostWritten: host)?.denialReason(own: []) == .loopback
    }
}
