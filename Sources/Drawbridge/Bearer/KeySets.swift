import Logging
import Payments
import Synchronization

/// The issuers' keys by the place they are read from: tenants with the same place share them, and they outlive a reload of the
/// configuration. A place that nobody uses any more is forgotten.
final class KeySets: Sendable {
    private struct Entry {
        weak var cache: KeySetCache?
    }

    private let transport: any EgressTransport
    private let time: any TimeSource
    private let logger: Logger
    private let entries = Mutex<[String: Entry]>([:])

    init(transport: any EgressTransport, time: any TimeSource, logger: Logger) {
        self.transport = transport
        self.time = time
        self.logger = logger
    }

    /// A reload: what was withdrawn at its place serves no longer.
    func outdate() {
        let caches = entries.withLock { entries in entries.values.compactMap(\.cache) }
        for cache in caches { cache.outdate() }
    }

    func cache(for jwt: Configuration.JWT) -> KeySetCache {
        // Who may not reach a private address does not share the keys of who may.
        let name = "\(jwt.jwks) \(jwt.addresses)"
        return entries.withLock { entries in
            entries = entries.filter { $0.value.cache != nil }
            if let known = entries[name]?.cache { return known }
            let source = KeySetSource(place: jwt.jwks, addresses: jwt.addresses, transport: transport)
            let cache = KeySetCache(source: source, time: time, logger: logger)
            entries[name] = Entry(cache: cache)
            return cache
        }
    }
}
