/// An IPv4 or IPv6 address, read strictly: no leading zeros in IPv4, no zones, nothing around it.
package struct IPAddress: Sendable, Hashable {
    /// The longest text: eight groups, the last two written as IPv4.
    private static let maximumText = 45
    private static let width = 128
    /// IPv4 within IPv6 (RFC 4291, 2.5.5.2): `::ffff:0:0/96`.
    private static let mapped: UInt128 = 0xFFFF << 32
    static let mappedPrefix = 96

    /// Of an IPv4 address too, as it lies within IPv6.
    let bits: UInt128
    let isWrittenAsIPv4: Bool

    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.maximumText else { return nil }
        if let address = Self.ipv4(text) {
            self.init(ipv4: address)
        } else if let bits = Self.ipv6(String(text)) {
            self.init(ipv6: bits)
        } else {
            return nil
        }
    }

    package init(ipv4 bits: UInt32) { self.init(bits: Self.mapped | UInt128(bits), isWrittenAsIPv4: true) }

    package init(ipv6 bits: UInt128) { self.init(bits: bits, isWrittenAsIPv4: false) }

    /// A host that is written as an address, or as the one name that always is one (RFC 6761, section 6.3).
    package init?(hostWritten host: String) {
        let name = host.lowercased()
        self.init(name == "localhost" || name.hasSuffix(".localhost") ? "127.0.0.1" : host)
    }

    private init(bits: UInt128, isWrittenAsIPv4: Bool) {
        self.bits = bits
        self.isWrittenAsIPv4 = isWrittenAsIPv4
    }

    /// Also one that is written within IPv6.
    var isIPv4: Bool { masked(Self.mappedPrefix) == Self.mapped }

    /// The first so many bits, 0 to 128, the rest 0.
    func masked(_ prefix: Int) -> UInt128 { bits & (UInt128.max << (Self.width - prefix)) }

    /// Digits alone, without a leading zero, up to the maximum.
    static func decimal(_ text: some StringProtocol, upTo maximum: Int) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text.utf8.count == 1 || text.utf8.first != 0x30, let value = Int(text), value <= maximum
        else { return nil }
        return value
    }

    private static func ipv4(_ text: some StringProtocol) -> UInt32? {
        let octets = text.split(separator: ".", omittingEmptySubsequences: false).map { decimal($0, upTo: 255) }
        guard octets.count == 4 else { return nil }
        return octets.reduce(0 as UInt32?) { sum, octet in
            guard let sum, let octet else { return nil }
            return sum << 8 | UInt32(octet)
        }
    }

    private static func ipv6(_ text: String) -> UInt128? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2, let first = halves.first, let head = groups(first, mayEndInIPv4: halves.count == 1) else {
            return nil
        }
        guard halves.count == 2 else { return head.count == 8 ? joined(head) : nil }
        guard let tail = groups(halves[1], mayEndInIPv4: true), head.count + tail.count < 8 else { return nil }
        return joined(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func joined(_ groups: [UInt16]) -> UInt128 { groups.reduce(0) { $0 << 16 | UInt128($1) } }

    private static func groups(_ text: Substring, mayEndInIPv4: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        var pieces = text.split(separator: ":", omittingEmptySubsequences: false)
        var last: [UInt16] = []
        if mayEndInIPv4, let address = pieces.last.flatMap({ ipv4($0) }) {
            pieces.removeLast()
            last = [UInt16(address >> 16), UInt16(address & 0xFFFF)]
        }
        let groups = pieces.compactMap(group)
        return groups.count == pieces.count ? groups + last : nil
    }

    private static func group(_ text: Substring) -> UInt16? {
        guard (1...4).contains(text.utf8.count), !text.utf8.contains(0x2B), !text.utf8.contains(0x2D) else { return nil }
        return UInt16(text, radix: 16)
    }
}

extension IPAddress: CustomStringConvertible {
    /// An IPv6 address as eight groups, none left out.
    package var description: String {
        func parts(_ width: Int, count: Int) -> [UInt128] {
            (0..<count).map { bits >> (width * (count - 1 - $0)) & (1 << width - 1) }
        }
        return isWrittenAsIPv4
            ? parts(8, count: 4).map { String($0) }.joined(separator: ".")
            : parts(16, count: 8).map { String($0, radix: 16) }.joined(separator: ":")
    }
}
