import NIOCore

/// Whom a limit counts as one: an IPv4 address, or an IPv6 network of 64 bits, of which anybody has all addresses.
struct CallerAddress: Hashable, CustomStringConvertible {
    private static let mapped = "::ffff:"

    let description: String
    let isLoopback: Bool

    /// - Parameter address: of a socket; what is no IP address is one caller.
    init(_ address: SocketAddress?) { self.init(address?.ipAddress ?? "") }

    /// - Parameter text: as the system writes addresses.
    init(_ text: String) {
        let isMapped = text.hasPrefix(Self.mapped) && text.utf8.contains(UInt8(ascii: "."))
        let address = isMapped ? String(text.dropFirst(Self.mapped.count)) : text
        isLoopback = address.hasPrefix("127.") || address == "::1"
        description = address.utf8.contains(UInt8(ascii: ":")) ? Self.network(address) : address
    }

    /// The first four groups, those that `::` stands for written out.
    private static func network(_ address: String) -> String {
        let halves = address.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        let groups = halves.map { $0.split(separator: ":").map(String.init) }
        let zeros = Array(repeating: "0", count: max(0, 8 - groups.joined().count))
        return groups.joined(separator: halves.count > 1 ? zeros : []).prefix(4).joined(separator: ":") + "::/64"
    }
}
