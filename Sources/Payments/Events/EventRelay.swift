public import Logging
import Synchronization

/// Takes events from the outboxes that settlements write to the feeds of their tenants. Every replica runs one: its own payments'
/// at once, and all others' every few seconds, for those whose replica died in between.
public final class EventRelay: Sendable {
    /// Payments remembered between two passes; what is beyond is found by the next look at all outboxes.
    private static let maximumRung = 10_000

    private let store: any EventStore
    private let endpoints: @Sendable (PaymentEvent) -> [EndpointID]
    private let grown: @Sendable (Set<String>) -> Void
    private let interval: Duration
    private let time: any TimeSource
    private let logger: Logger
    private let rung = Mutex<Set<PaymentID>>([])
    private let bell: AsyncStream<Void>
    private let ringer: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - endpoints: where an event is delivered as a webhook.
    ///   - grown: told of the tenants whose feed has grown.
    ///   - interval: between two looks at all outboxes.
    public init(
        store: any EventStore, endpoints: @escaping @Sendable (PaymentEvent) -> [EndpointID] = { _ in [] },
        grown: @escaping @Sendable (Set<String>) -> Void = { _ in }, interval: Duration = .seconds(2), time: any TimeSource,
        logger: Logger
    ) {
        self.store = store
        self.endpoints = endpoints
        self.grown = grown
        self.interval = interval
        self.time = time
        self.logger = logger
        (bell, ringer) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Something of this payment lies in its outbox.
    public func ring(_ payment: PaymentID) {
        rung.withLock { if $0.count < Self.maximumRung { $0.insert(payment) } }
        ringer.yield()
    }

    /// Until cancelled.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { [self] in for await _ in bell { await pass(takeRung()) } }
            group.addTask { [self] in
                while !Task.isCancelled {
                    await pass(nil)
                    try? await time.sleep(for: interval)
                }
            }
        }
    }

    /// One look at the outboxes of these payments, or at all.
    package func pass(_ payments: Set<PaymentID>?) async {
        guard payments?.isEmpty != true else { return }
        do {
            let tenants = try await store.relay(of: payments, to: endpoints)
            if !tenants.isEmpty { grown(tenants) }
        } catch {
            logger.warning("events wait in their outboxes", metadata: ["code": "\(error.code.rawValue)"])
        }
    }

    private func takeRung() -> Set<PaymentID> {
        rung.withLock { rung in
            defer { rung = [] }
            return rung
        }
    }
}
