/// A range of IPv4 or IPv6 addresses in CIDR notation (RFC 4632, RFC 4291): `10.0.0.0/8`, `2001:db8::/32`, or one address.
public struct AddressRange: Sendable, Equatable, CustomStringConvertible {
    /// As it was given.
    public let description: String
    private let first: IPAddress
    /// Of 128 bits.
    private let prefix: Int

    /// `nil` unless the text is an address, or an address and a prefix length of which no bit beyond is set.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first.flatMap({ IPAddress($0) }) else { return nil }
        let outer = first.isWrittenAsIPv4 ? IPAddress.mappedPrefix : 0
        let width = 128 - outer
        guard let length = parts.count == 1 ? width : IPAddress.decimal(parts[1], upTo: width) else { return nil }
        guard first.masked(outer + length) == first.bits else { return nil }
        (description, self.first, prefix) = (text, first, outer + length)
    }

    /// An IPv4 address inside IPv6 (`::ffff:10.0.0.1`) counts as the IPv4 one, which no range of IPv6 holds, not even `::/0`.
    public func contains(_ address: String) -> Bool {
        guard let address = IPAddress(address), address.isIPv4 == isIPv4 else { return false }
        return address.masked(prefix) == first.bits
    }

    private var isIPv4: Bool { prefix >= IPAddress.mappedPrefix && first.isIPv4 }
}
