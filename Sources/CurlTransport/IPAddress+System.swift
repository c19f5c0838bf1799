internal import CCurl
internal import Payments

extension IPAddress {
    /// `nil` where it is of neither family.
    init?(_ address: ccurl_address) {
        switch address.width {
        case 32: self.init(ipv4: UInt32(truncatingIfNeeded: address.low))
        case 128: self.init(ipv6: UInt128(address.high) << 64 | UInt128(address.low))
        default: return nil
        }
    }
}
