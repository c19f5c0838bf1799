import Synchronization

/// The embedded store: this process alone, gone when it stops.
public final class MemoryPaymentStore: PaymentStore {
    private let time: any TimeSource
    private let contents: Mutex<MemoryPayments>

    /// - Parameters:
    ///   - time: the store's clock, on which leases are judged.
    ///   - maximumPayments: payments and marks of keys together, at least 1. One more is `StoreFailure.Code.full`.
    ///   - maximumEvents: in the outbox, until they are relayed. One more is `StoreFailure.Code.full`.
    public init(time: any TimeSource, maximumPayments: Int = 1_000_000, maximumEvents: Int = 1_000_000) {
        self.time = time
        self.contents = Mutex(MemoryPayments(maximum: maximumPayments, maximumEvents: maximumEvents))
    }

    public func claim(_ claim: PaymentClaim) async throws(StoreFailure) -> PaymentClaimResult {
        try access { (contents, now) throws(StoreFailure) in try contents.claim(claim, now: now) }
    }

    public func claim(_ claim: OperationClaim) async throws(StoreFailure) -> OperationClaimResult {
        try access { (contents, now) throws(StoreFailure) in try contents.claim(claim, now: now) }
    }

    public func settle(_ settlement: Settlement) async throws(StoreFailure) -> SettleResult {
        try access { (contents, now) throws(StoreFailure) in try contents.settle(settlement, now: now) }
    }

    public func markAnswered(_ payment: PaymentID, operation: OperationID?) async throws(StoreFailure) {
        try access { contents, now in _ = contents.change(payment, operation, now: now) { $0.markAnswered(operation) } }
    }

    public func payment(_ id: PaymentID, tenant: String) async throws(StoreFailure) -> StoredPayment? {
        try access { contents, now in contents.payment(id, tenant: tenant, now: now)?.stored(at: now) }
    }

    public func openOperations(of payment: PaymentID) async throws(StoreFailure) -> [OperationRecord] {
        try access { contents, now in
            let operations = contents.payment(payment, now: now)?.operations.values.map(\.shown) ?? []
            return operations.filter { !$0.status.isFinal }.sorted { $0.id.text < $1.id.text }
        }
    }

    public func payments(tenant: String, reference: String, limit: Int) async throws(StoreFailure) -> [StoredPayment] {
        try access { contents, now in contents.payments(tenant: tenant, reference: reference, limit: limit, now: now) }
    }

    public func ping() async throws(StoreFailure) {}

    // MARK: Recovery

    public func due(limit: Int) async throws(StoreFailure) -> [DueWork] {
        try access { contents, now in contents.dueIndex.due(at: now, limit: limit) }
    }

    public func take(_ work: WorkID, lease: Lease) async throws(StoreFailure) -> TakeResult {
        let entry = HistoryEntry.recovered(work, at: time.now())
        return try access { contents, now in contents.take(work, lease: lease, entry, now: now) }
    }

    public func work(_ id: WorkID) async throws(StoreFailure) -> StoredWork? {
        try access { contents, now in contents.work(id, now: now) }
    }

    public func bury(_ work: WorkID, reason: DeadLetter.Reason) async throws(StoreFailure) {
        let letter = DeadLetter(reason, since: time.now())
        try access { contents, now in contents.bury(work, as: letter, now: now) }
    }

    // MARK: Operators

    public func listed(on shelf: Shelf.Kind, after: String?, limit: Int) async throws(StoreFailure) -> ShelfPage {
        try access { (contents, now) throws(StoreFailure) in
            try contents.listed(on: shelf, after: after, limit: limit, now: now)
        }
    }

    public func tally() async throws(StoreFailure) -> [Shelf: Int] {
        try access { contents, _ in contents.shelves.tally }
    }

    public func gatewaysAtWork() async throws(StoreFailure) -> Set<String> {
        try access { contents, _ in
            contents.dueIndex.lanes.union(contents.shelves.tally.keys.map(\.gateway)).subtracting([""])
        }
    }

    public func trail(of payment: PaymentID) async throws(StoreFailure) -> AuditTrail {
        try access { contents, now in contents.payment(payment, now: now)?.trail ?? AuditTrail(of: .payment(payment)) }
    }

    public func payments(after: String?, limit: Int) async throws(StoreFailure) -> PaymentPage {
        guard let number = Int(after ?? "0") else { throw StoreFailure(code: .refused, detail: "not a cursor of this store") }
        return try access { contents, now in contents.payments(after: number, limit: limit, now: now) }
    }

    // MARK: Callbacks

    public func match(
        _ work: WorkID, at gateway: String, orWait callback: CallbackID, for duration: Duration
    ) async throws(StoreFailure) -> MatchResult {
        try access { (contents, now) throws(StoreFailure) in
            try contents.match(work, at: gateway, orWait: callback, for: duration, now: now)
        }
    }

    public func waiting(for payment: PaymentID) async throws(StoreFailure) -> [CallbackID] {
        try access { contents, now in contents.callbacks(for: payment, now: now) }
    }

    public func note(_ mark: CallbackMark, _ entry: HistoryEntry, on payment: PaymentID) async throws(StoreFailure) -> NoteResult
    {
        try access { contents, now in contents.note(mark, entry, on: payment, now: now) }
    }

    // MARK: Outbox

    /// What settlements wrote and nobody relayed so far, oldest first. For the event store beside this one.
    /// - Parameter payments: `nil`: of all.
    package func outbox(of payments: Set<PaymentID>?, limit: Int) -> [(id: Int, event: PaymentEvent)] {
        contents.withLock { $0.outbox.listed(of: payments, limit: limit) }
    }

    /// Those that are not there are passed over.
    package func removeFromOutbox(_ ids: [Int]) { contents.withLock { $0.outbox.remove(ids) } }

    /// One reading of the clock and one hold of the lock for the whole step.
    private func access<Result: Sendable>(
        _ body: (inout MemoryPayments, Duration) throws(StoreFailure) -> Result
    ) throws(StoreFailure) -> Result {
        try contents.withLock { contents throws(StoreFailure) in
            let now = time.monotonic()
            contents.sweep(now: now)
            return try body(&contents, now)
        }
    }
}
