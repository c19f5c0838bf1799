import Metrics
import Payments

/// How much work waits, as gauges by gateway. Counting is a question to the store: it is asked at most every few seconds.
actor ShelfGauges {
    private static let age = Duration.seconds(5)

    private let store: any PaymentStore
    private let callbacks: any CallbackStore
    private let metrics: PrometheusMetrics
    private let time: any TimeSource
    /// Everything that was ever told, so that what is gone is told as 0.
    private var told: Set<Shelf>
    private var toldCallbacks: Set<KeptCallbackShelf>
    private var askedAt: Duration?

    init(
        store: any PaymentStore, callbacks: any CallbackStore, gateways: [String], metrics: PrometheusMetrics,
        time: any TimeSource
    ) {
        self.store = store
        self.callbacks = callbacks
        self.metrics = metrics
        self.time = time
        told = Set(gateways.flatMap { gateway in Shelf.Kind.allCases.map { Shelf($0, gateway: gateway) } })
        toldCallbacks = Set(
            gateways.flatMap { gateway in KeptCallback.Kind.allCases.map { KeptCallbackShelf(gateway: gateway, kind: $0) } })
    }

    /// A store that is away leaves the last values.
    func refresh() async {
        let now = time.monotonic()
        if let askedAt, now - askedAt < Self.age { return }
        // Set before the answer is there: whoever comes meanwhile does not ask again.
        askedAt = now
        await refreshCallbacks()
        guard let tally = try? await store.tally() else { return }
        told.formUnion(tally.keys)
        for shelf in told {
            Gauge(label: shelf.kind.metric, dimensions: shelf.labels, factory: metrics).record(tally[shelf] ?? 0)
        }
    }
}

extension ShelfGauges {
    /// Callbacks that wait for their payment or for an operator.
    private func refreshCallbacks() async {
        guard let tally = try? await callbacks.tally() else { return }
        toldCallbacks.formUnion(tally.keys)
        for shelf in toldCallbacks {
            Gauge(
                label: "drawbridge_callbacks_kept", dimensions: [("gateway", shelf.gateway), ("kind", shelf.kind.rawValue)],
                factory: metrics
            ).record(tally[shelf] ?? 0)
        }
    }
}

extension Shelf {
    /// Work that no gateway has yet is told without one.
    fileprivate var labels: [(String, String)] { gateway.isEmpty ? [] : [("gateway", gateway)] }
}

extension Shelf.Kind {
    fileprivate var metric: String {
        switch self {
        case .queue: "drawbridge_queue_depth"
        case .dead: "drawbridge_dead_letters"
        case .unknown: "drawbridge_unknown_outcomes"
        }
    }
}
