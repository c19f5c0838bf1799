internal import CCurl
internal import Payments

/// Judges the addresses at which connections are about to be made. Lives on the transport's thread only.
final class AddressGate {
    private let onDenial: @Sendable (EgressDenial) -> Void
    private var own = OwnAddresses()
    private let clock = ContinuousClock()

    init(onDenial: @escaping @Sendable (EgressDenial) -> Void) { self.onDenial = onDenial }

    /// - Parameter address: `nil` for one of a family that nobody asked for.
    /// - Returns: why no connection is made to it.
    func refusal(of address: IPAddress?, for endpoint: Endpoint) -> TransportFailure.Code? {
        guard endpoint.addresses != .any else { return nil }
        let own = own.current(at: clock.now)
        guard let reason = address.map({ $0.denialReason(own: own) }) ?? .reserved else { return nil }
        let mode: EgressDenial.Mode = endpoint.addresses == .report ? .report : .enforced
        onDenial(
            EgressDenial(
                purpose: endpoint.purpose, host: endpoint.host, address: address?.description ?? "", reason: reason, mode: mode))
        return mode == .enforced ? reason.code : nil
    }

    /// A proxy connects where we say: what it must find by name only it can judge, but an address is one.
    func checkHost(of endpoint: Endpoint) throws(TransportFailure) {
        guard endpoint.proxy != nil, let address = Self.address(written: endpoint.host),
            let code = refusal(of: address, for: endpoint)
        else { return }
        throw TransportFailure(
            code: code, phase: .connect, requestMayHaveLeft: false, certainlyNotProcessed: true,
            detail: "the proxy was not asked to connect")
    }

    private static func address(written host: String) -> IPAddress? {
        unsafe IPAddress(hostWritten: host) ?? IPAddress(ccurl_read_host(host))
    }
}
