internal import CCurl
internal import Payments

/// The addresses of the machine's interfaces, which come and go.
struct OwnAddresses {
    /// For how long they are believed.
    private static let lifetime = Duration.seconds(5)

    private var known: Set<IPAddress> = []
    private var end: ContinuousClock.Instant?

    mutating func current(at now: ContinuousClock.Instant) -> Set<IPAddress> {
        if let end, now < end { return known }
        if let read = Self.read() { known = read }
        end = now + Self.lifetime
        return known
    }

    /// `nil` when the system does not say.
    static func read() -> Set<IPAddress>? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return nil }
        defer { unsafe freeifaddrs(list) }
        var addresses: Set<IPAddress> = []
        var entry = unsafe list
        while let interface = unsafe entry {
            if let address = unsafe interface.pointee.ifa_addr, let own = unsafe IPAddress(ccurl_read_address(address)) {
                addresses.insert(own)
            }
            unsafe entry = interface.pointee.ifa_next
        }
        return addresses
    }
}
