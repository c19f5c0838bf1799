extension IPAddress {
    /// Why a connection to it is not made where only public addresses are allowed; `nil` for a public one.
    /// - Parameter own: the machine's own addresses.
    package func denialReason(own: Set<IPAddress>) -> EgressDenial.Reason? {
        if !isWrittenAsIPv4, masked(AddressBlock.translation.prefix) == AddressBlock.translation.first {
            // A network with IPv6 alone reaches all of IPv4 through this prefix (RFC 6052): what counts is where it comes out.
            return IPAddress(ipv4: UInt32(truncatingIfNeeded: bits)).denialReason(own: own)
        }
        if let reason = isWrittenAsIPv4 ? AddressBlock.reason(of: bits, in: AddressBlock.ipv4) : reasonInIPv6 { return reason }
        return own.contains(self) ? .own : nil
    }

    /// Of IPv6 one eighth is given out (RFC 4291, section 2.4): the rest leads nowhere that a bank is.
    private var reasonInIPv6: EgressDenial.Reason? {
        if let reason = AddressBlock.reason(of: bits, in: AddressBlock.ipv6) { return reason }
        return masked(AddressBlock.globalUnicast.prefix) == AddressBlock.globalUnicast.first ? nil : .reserved
    }
}

/// A block of the registries of special-purpose addresses (IANA, RFC 6890).
private struct AddressBlock {
    let first: UInt128
    /// Of 128 bits.
    let prefix: Int
    let reason: EgressDenial.Reason

    static func reason(of bits: UInt128, in blocks: [AddressBlock]) -> EgressDenial.Reason? {
        blocks.first { bits & (UInt128.max << (128 - $0.prefix)) == $0.first }?.reason
    }

    /// RFC 6052, the well-known prefix `64:ff9b::/96`.
    static let translation: (first: UInt128, prefix: Int) = (0x64_ff9b << 96, 96)
    /// `2000::/3`
    static let globalUnicast: (first: UInt128, prefix: Int) = (0x2000 << 112, 3)

    private static func v4(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ prefix: Int, _ reason: EgressDenial.Reason) -> AddressBlock {
        let address = IPAddress(ipv4: a << 24 | b << 16 | c << 8)
        return AddressBlock(first: address.bits, prefix: IPAddress.mappedPrefix + prefix, reason: reason)
    }

    /// - Parameter high: the first 64 bits.
    private static func v6(_ high: UInt128, _ prefix: Int, _ reason: EgressDenial.Reason) -> AddressBlock {
        AddressBlock(first: high << 64, prefix: prefix, reason: reason)
    }

    static let ipv4 = [
        v4(0, 0, 0, 8, .unspecified),
        v4(10, 0, 0, 8, .private), v4(172, 16, 0, 12, .private), v4(192, 168, 0, 16, .private),
        v4(100, 64, 0, 10, .shared),
        v4(127, 0, 0, 8, .loopback),
        v4(169, 254, 0, 16, .linkLocal),
        // The IETF's, relays of 6to4 (RFC 7526), documentation (RFC 5737) and benchmarks (RFC 2544).
        v4(192, 0, 0, 24, .reserved), v4(192, 88, 99, 24, .reserved),
        v4(192, 0, 2, 24, .reserved), v4(198, 51, 100, 24, .reserved), v4(203, 0, 113, 24, .reserved),
        v4(198, 18, 0, 15, .reserved),
        v4(224, 0, 0, 4, .multicast),
        // With the broadcast address.
        v4(240, 0, 0, 4, .reserved),
    ]

    /// The first that holds the address counts.
    static let ipv6 = [
        AddressBlock(first: 0, prefix: 128, reason: .unspecified),
        AddressBlock(first: 1, prefix: 128, reason: .loopback),
        // Compatible, mapped (RFC 4291) and translated (RFC 2765).
        AddressBlock(first: 0, prefix: 96, reason: .embedded),
        AddressBlock(first: 0xffff << 32, prefix: 96, reason: .embedded),
        AddressBlock(first: 0xffff << 48, prefix: 96, reason: .embedded),
        // For translation within one network (RFC 8215), 6to4 (RFC 3056) and Teredo (RFC 4380).
        v6(0x0064_ff9b_0001_0000, 48, .embedded),
        v6(0x2002 << 48, 16, .embedded),
        v6(0x2001_0000 << 32, 32, .embedded),
        v6(0xfc00 << 48, 7, .private), v6(0xfec0 << 48, 10, .private),
        v6(0xfe80 << 48, 10, .linkLocal),
        v6(0xff00 << 48, 8, .multicast),
        // The IETF's with benchmarks (RFC 5180) and identifiers that are no addresses (RFC 7343); documentation (RFC 3849, RFC 9637).
        v6(0x2001 << 48, 23, .reserved), v6(0x2001_0db8 << 32, 32, .reserved), v6(0x3fff << 48, 20, .reserved),
    ]
}
