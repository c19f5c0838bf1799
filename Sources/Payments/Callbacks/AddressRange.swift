/// A range of IPv4 or IPv6 addresses in CIDR notation: `10.0.0.0/8`, `2001:db8::/32`, or one address.
public struct AddressRange: Sendable, Equatable, CustomStringConvertible {
    public let description: String

    /// `nil` unless the text is an address, or an address and a prefix length of which no bit beyond is set.
    public init?(_ text: String) {
        return nil
    }

    /// An IPv4 address inside IPv6 (`::ffff:10.0.0.1`) counts as the IPv4 one.
    public func contains(_ address: String) -> Bool { false }
}
