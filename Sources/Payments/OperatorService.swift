public import AdapterKit
public import Logging
import Metrics

/// What operators do with work that does not go on by itself: look, put it back, or end it by their word (R7).
public struct OperatorService: Sendable {
    /// Changes of one payment that are told with a dead letter; `history` tells all.
    static let historyShown = 20
    /// How often a change is made again because the payment changed meanwhile.
    private static let maximumConflicts = 8

    let store: any PaymentStore
    let relay: EventRelay?
    let routing: Routing
    let vault: Vault
    let time: any TimeSource
    let keeping: Keeping
    let logger: Logger
    private let announcing: Announcing

    public init(
        store: any PaymentStore, relay: EventRelay? = nil, routing: Routing, vault: Vault, time: any TimeSource,
        keeping: Keeping, logger: Logger
    ) {
        self.store = SealingPaymentStore(store, vault, logger)
        self.relay = relay
        self.announcing = Announcing(vault: vault, logger: logger)
        self.routing = routing
        self.vault = vault
        self.time = time
        self.keeping = keeping
        self.logger = logger
    }

    // MARK: Looking

    /// Payments that wait for a gateway to take them.
    /// - Parameter after: `next` of an earlier page.
    public func queue(after: String?, limit: Int) async throws(Problem) -> JSON {
        let page = try await reaching { () async throws(StoreFailure) in
            try await self.store.listed(on: .queue, after: after, limit: limit)
        }
        return json(page, page.items.map { $0.work?.json(history: nil) ?? $0.id.unreadableJSON })
    }

    /// What waits for an operator, each with what happened to it.
    public func deadLetters(after: String?, limit: Int) async throws(Problem) -> JSON {
        let page = try await reaching { () async throws(StoreFailure) in
            try await self.store.listed(on: .dead, after: after, limit: limit)
        }
        var items: [JSON] = []
        for item in page.items {
            guard let work = item.work else {
                items.append(item.id.unreadableJSON)
                continue
            }
            items.append(work.json(history: try await entries(of: item.id.payment).suffix(Self.historyShown)))
        }
        return json(page, items)
    }

    /// `as_of` is when the page was read: what died later was not there.
    private func json(_ page: ShelfPage, _ items: [JSON]) -> JSON {
        .members([("data", .array(items)), ("next", .optional(page.next)), ("as_of", .string(time.now().rfc3339))])
    }

    private func entries(of payment: PaymentID) async throws(Problem) -> [HistoryEntry] {
        let trail = try await reaching { () async throws(StoreFailure) in try await self.store.trail(of: payment) }
        return trail.rows.compactMap(\.entry)
    }

    // MARK: Deciding

    /// Puts a dead letter back to where recovery goes on.
    /// - Returns: the work as it stands then.
    public func redrive(_ id: WorkID, _ order: RedriveOrder, by actor: String) async throws(Problem) -> JSON {
        let changed = try await change(id, event: "redriven", reason: order.reason, by: actor, wakes: true) {
            work throws(Problem) in
            try refuseMissingGateways(work)
            if var operation = work.operation {
                try operation.record.redrive()
                work.operation = operation
            } else {
                try work.payment.record.redrive()
            }
        }
        return changed.json(history: nil)
    }

    /// Ends a dead letter by the operator's word.
    /// - Returns: the work as it stands then.
    public func discard(_ id: WorkID, _ order: DiscardOrder, by actor: String) async throws(Problem) -> JSON {
        let changed = try await change(id, event: "discarded", reason: order.reason, by: actor, wakes: false) {
            work throws(Problem) in
            guard work.operation?.holder ?? work.payment.holder == nil else {
                throw Problem(.invalidState, "It is being worked on just now. Try again in a few seconds.", retryAfter: 5)
            }
            if var operation = work.operation {
                try operation.record.discard(order, from: &work.payment.record)
                work.operation = operation
            } else {
                try work.payment.record.discard(order)
                dropCardNumber(&work.payment.record)
            }
        }
        return changed.json(history: nil)
    }

    /// Recovery could only make it a dead letter again (R9).
    private func refuseMissingGateways(_ work: StoredWork) throws(Problem) {
        let unresolved = work.payment.record.unresolvedAttempts.map { ($0.gateway, Optional($0.identity)) }
        let asked = work.operation.map { [($0.record.gateway, $0.record.gatewayIdentity)] } ?? unresolved.map { ($0, $1) }
        for case (let name?, let identity) in asked {
            guard let gateway = routing.gateway(named: name) else {
                throw Problem(
                    .invalidState, "It must be asked about at \(name), which is not configured. Configure it, or discard.")
            }
            guard identity == nil || gateway.identity == identity else {
                throw Problem(
                    .invalidState, "It must be asked about at \(name) as it was: adapter, address or account are others now.")
            }
        }
    }

    /// A queued card number is kept until its payment is final or discarded (R5).
    private func dropCardNumber(_ record: inout PaymentRecord) {
        // What no key opens stays closed: there is nothing to drop that anybody could read.
        guard var details = try? PaymentDetails(sealed: record.sealed, of: record.id, vault: vault) else { return }
        details.dropCardNumber()
        if let sealed = try? details.sealed(for: record.id, vault: vault) { record.sealed = sealed }
    }

    // MARK: Storing

    /// Changes work as it stands, and again whenever somebody else was faster.
    private func change(
        _ id: WorkID, event: String, reason: String?, by actor: String, wakes: Bool,
        _ decide: (inout StoredWork) throws(Problem) -> Void
    ) async throws(Problem) -> StoredWork {
        var current = try await work(id)
        for _ in 0..<Self.maximumConflicts {
            var next = current
            try decide(&next)
            let now = time.now()
            next.touch(at: now)
            var told = [
                HistoryEntry(
                    at: now, version: next.payment.record.version, event: event, cause: .operator, actor: actor,
                    operation: id.operation, gateway: next.gateway, from: current.status, to: next.status, reason: reason)
            ]
            told.note(amountsOf: next.payment.record, since: current.payment.record, .operator, at: now)
            let events = announce(&next, at: now)
            let settlement = next.settlement(
                replacing: current, wakes: wakes, history: told, events: events, keeping: keeping)
            let result = try await reaching { () async throws(StoreFailure) in try await self.store.settle(settlement) }
            guard case .conflict(let payment, let operation) = result else {
                if !events.isEmpty { relay?.ring(id.payment) }
                tell(id, told[0], before: current.payment.record, after: next.payment.record)
                return next
            }
            guard id.operation == nil || operation != nil else { throw .noSuchWork }
            current = StoredWork(payment: payment, operation: operation)
        }
        throw Problem(.invalidState, "It keeps changing. Try again in a few seconds.", retryAfter: 5)
    }

    private func announce(_ next: inout StoredWork, at now: Timestamp) -> [PaymentEvent] {
        var operation = next.operation?.record
        let events = announcing.events(&next.payment.record, &operation, cause: .operator, at: now)
        if let operation { next.operation?.record = operation }
        return events
    }

    private func work(_ id: WorkID) async throws(Problem) -> StoredWork {
        let found = try await reaching { () async throws(StoreFailure) in try await self.store.work(id) }
        guard let found, (found.operation != nil) == (id.operation != nil) else { throw .noSuchWork }
        return found
    }

    private func tell(_ id: WorkID, _ entry: HistoryEntry, before: PaymentRecord, after: PaymentRecord) {
        if after.status != before.status {
            Counter(
                label: "drawbridge_payments_total", dimensions: [("tenant", after.tenant), ("status", after.status.rawValue)]
            ).increment()
        }
        logger.notice(
            "dead letter \(entry.event)",
            metadata: [
                "work": "\(id)", "actor": "\(entry.actor ?? "-")", "from": "\(entry.from ?? "-")", "to": "\(entry.to ?? "-")",
            ])
    }

    private func reaching<Value>(
        _ body: () async throws(StoreFailure) -> Value
    ) async throws(Problem) -> Value {
        do { return try await body() } catch { throw Problem(error) }
    }
}

extension StoredWork {
    fileprivate var status: String { operation?.record.status.rawValue ?? payment.record.status.rawValue }
    fileprivate var gateway: String? { operation.map(\.record.gateway) ?? payment.record.gateway }

    fileprivate mutating func touch(at now: Timestamp) {
        payment.record.version += 1
        payment.record.updatedAt = now
        operation?.record.version += 1
        operation?.record.updatedAt = now
    }

    fileprivate func settlement(
        replacing current: StoredWork, wakes: Bool, history: [HistoryEntry], events: [PaymentEvent], keeping: Keeping
    ) -> Settlement {
        let isWoken = operation == nil && wakes || payment.record.isForRecovery
        return Settlement(
            record: payment.record, expectedVersion: current.payment.record.version, wake: isWoken ? .zero : nil,
            operation: operation.map { .init(record: $0.record, wake: wakes ? .zero : nil) }, history: history,
            events: events, keeping: keeping)
    }
}

extension Problem {
    fileprivate static let noSuchWork = Problem(.notFound, "There is no such payment or operation.")

    init(_ failure: StoreFailure) {
        switch failure.code {
        case .unreadable:
            self.init(
                .invalidState, "Its record cannot be read: bring back the key that opens it, or mend the record, then try again.")
        case .unreachable, .timeout, .refused, .full, .tooFewReplicas:
            self.init(.stateStoreUnavailable, "Not known whether it was stored: look, then try again.", retryAfter: 1)
        }
    }
}
