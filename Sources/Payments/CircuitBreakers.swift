public import Logging
import Metrics
public import Resilience
import Signing
import Synchronization

/// The circuit breakers of all gateways, as this replica sees them and shares them with the others.
///
/// A clean closed breaker costs one lock and no step of the store. What is shared is reported in the background, and no failure
/// of the store ever changes a result: without it each replica goes on with its own view.
public final class CircuitBreakers: Sendable {
    /// Inquiries and reversals that wait for their turn at one gateway.
    private static let maximumWaiting = 1_000

    let store: (any BreakerStore)?
    /// For what operators do where nothing is shared.
    let audit: (any AuditLog)?
    public let replica: String
    let time: any TimeSource
    let random: any RandomSource
    let logger: Logger
    /// Wakes the reporting.
    let wakes: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)
    private let state: Mutex<[String: BreakerEntry]>

    /// - Parameters:
    ///   - settings: by gateway; calls to any other always proceed.
    ///   - store: `nil`: nothing is shared.
    ///   - audit: where an operator's change is written before it is made, while nothing is shared; a store writes it itself.
    ///   - replica: different for every process of the fleet.
    public init(
        settings: [String: CircuitBreaker.Settings], store: (any BreakerStore)?, audit: (any AuditLog)? = nil, replica: String,
        time: any TimeSource,
        random: any RandomSource, logger: Logger
    ) {
        self.store = store
        self.audit = audit
        self.replica = replica
        self.time = time
        self.random = random
        self.logger = logger
        wakes = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        state = Mutex([:])
        use(settings)
    }

    /// Takes new settings over. A breaker keeps its state; that of a gateway which is gone is forgotten.
    public func use(_ settings: [String: CircuitBreaker.Settings]) {
        state.withLock { entries in
            for gateway in entries.keys where settings[gateway] == nil { entries[gateway] = nil }
            for (gateway, settings) in settings {
                if entries[gateway] == nil { Self.show(.closed, of: gateway) }
                entries[gateway, default: entry(settings)].breaker.use(settings)
            }
        }
    }

    private func entry(_ settings: CircuitBreaker.Settings) -> BreakerEntry {
        BreakerEntry(
            breaker: CircuitBreaker(settings: settings),
            line: BulkheadLine(places: 1, maximumWaiting: Self.maximumWaiting, time: time))
    }

    var gateways: [String] { state.withLock { $0.keys.sorted() } }

    /// Where inquiries and reversals go one at a time.
    func line(of gateway: String) -> BulkheadLine? { state.withLock { $0[gateway]?.line } }

    // MARK: Asking

    /// Whether a payment would be refused now, for routing. Changes nothing.
    public func refuses(_ gateway: String) -> Bool {
        let now = time.monotonic()
        return state.withLock { entries in
            guard let entry = entries[gateway] else { return false }
            return entry.breaker.refuses(at: now) || entry.breaker.isDue(at: now) && entry.isAwaited
        }
    }

    public func state(of gateway: String) -> BreakerState { status(of: gateway)?.state ?? .closed }

    /// `nil` for a gateway without settings.
    public func status(of gateway: String) -> BreakerStatus? {
        let now = time.monotonic()
        return state.withLock { $0[gateway]?.status(at: now) }
    }

    // MARK: Changing

    /// Changes one breaker, and shows it where its state is another afterwards.
    func change<Answer: Sendable>(
        _ gateway: String, _ body: (inout BreakerEntry, Duration) -> Answer
    ) -> Answer? {
        let now = time.monotonic()
        let (answer, from, to) = state.withLock { entries -> (Answer?, BreakerState, BreakerState) in
            guard let index = entries.index(forKey: gateway) else { return (nil, .closed, .closed) }
            let before = entries.values[index].shown
            let answer = body(&entries.values[index], now)
            let after = BreakerState(entries.values[index].breaker.state(at: now))
            entries.values[index].shown = after
            // Under the lock, so that the newest state is shown last.
            if after != before { Self.show(after, of: gateway) }
            return (answer, before, after)
        }
        if from != to { announce(gateway, from: from, to: to) }
        return answer
    }

    private static func show(_ state: BreakerState, of gateway: String) {
        Gauge(label: "drawbridge_breaker_state", dimensions: [("gateway", gateway)]).record(state.level)
    }

    private func announce(_ gateway: String, from: BreakerState, to: BreakerState) {
        Counter(label: "drawbridge_breaker_transitions_total", dimensions: [("gateway", gateway), ("to", to.rawValue)])
            .increment()
        logger.warning(
            "circuit breaker changed its state",
            metadata: ["gateway": "\(gateway)", "from": "\(from.rawValue)", "to": "\(to.rawValue)"])
    }

    // MARK: Sharing

    /// What this replica would say about the gateway, as part of what it knows of the fleet.
    func report(_ gateway: String, generation: Int, _ settings: CircuitBreaker.Settings) -> BreakerReport {
        BreakerReport(gateway: gateway, generation: generation, replica: replica, settings: settings)
    }

    /// Never the same twice in the fleet.
    func token() -> String { "\(replica):\(Hex.encode(random.bytes(16)))" }
}
