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

    func cache(for place: Configuration.JWT.KeySource) -> KeySetCache {
        entries.withLock { entries in
            entries = entries.filter { $0.value.cache != nil }
            if let known = entries[place.description]?.cache { return known }
            let source = KeySetSource(place: place, transport: transport)
            let cache = KeySetCache(source: source, time: time, logger: logger)
            entries[place.description] = Entry(cache: cache)
            return cache
        }
    }
}
