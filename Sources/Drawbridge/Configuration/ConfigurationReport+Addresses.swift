import Payments

extension Configuration {
    /// Gateways whose address is written, and one to which no connection will be made.
    var addressFindings: [ConfigurationFinding] {
        gateways.compactMap { gateway in
            let host = gateway.baseURL.address.host.text
            guard gateway.addresses == .publicOnly, let reason = IPAddress(hostWritten: host)?.denialReason(own: []) else {
                return nil
            }
            return finding(
                .warning, "gateways.\(gateway.name).base_url",
                "\(host) is refused (\(reason.code.rawValue)) unless allow_private_addresses is true")
        }
    }
}
