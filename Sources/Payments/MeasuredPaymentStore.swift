import Metrics

/// Measures every step of a store as `drawbridge_state_duration_seconds`.
public struct MeasuredPaymentStore: PaymentStore {
    private let store: any PaymentStore
    private let time: any TimeSource

    public init(_ store: any PaymentStore, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    public func claim(_ claim: PaymentClaim) async throws(StoreFailure) -> PaymentClaimResult {
        try await measuring("claim_payment") { () async throws(StoreFailure) in try await store.claim(claim) }
    }

    public func claim(_ claim: OperationClaim) async throws(StoreFailure) -> OperationClaimResult {
        try await measuring("claim_operation") { () async throws(StoreFailure) in try await store.claim(claim) }
    }

    public func settle(_ settlement: Settlement) async throws(StoreFailure) -> SettleResult {
        try await measuring("settle") { () async throws(StoreFailure) in try await store.settle(settlement) }
    }

    public func markAnswered(_ payment: PaymentID, operation: OperationID?) async throws(StoreFailure) {
        try await measuring("mark_answered") { () async throws(StoreFailure) in
            try await store.markAnswered(payment, operation: operation)
        }
    }

    public func payment(_ id: PaymentID, tenant: String) async throws(StoreFailure) -> StoredPayment? {
        try await measuring("load_payment") { () async throws(StoreFailure) in try await store.payment(id, tenant: tenant) }
    }

    public func openOperations(of payment: PaymentID) async throws(StoreFailure) -> [OperationRecord] {
        try await measuring("open_operations") { () async throws(StoreFailure) in try await store.openOperations(of: payment) }
    }

    public func payments(tenant: String, reference: String, limit: Int) async throws(StoreFailure) -> [StoredPayment] {
        try await measuring("find_payments") { () async throws(StoreFailure) in
            try await store.payments(tenant: tenant, reference: reference, limit: limit)
        }
    }

    public func ping() async throws(StoreFailure) {
        try await measuring("ping") { () async throws(StoreFailure) in try await store.ping() }
    }

    public func due(limit: Int) async throws(StoreFailure) -> [DueWork] {
        try await measuring("due") { () async throws(StoreFailure) in try await store.due(limit: limit) }
    }

    public func take(_ work: WorkID, lease: Lease) async throws(StoreFailure) -> TakeResult {
        try await measuring("take") { () async throws(StoreFailure) in try await store.take(work, lease: lease) }
    }

    public func work(_ id: WorkID) async throws(StoreFailure) -> StoredWork? {
        try await measuring("load_work") { () async throws(StoreFailure) in try await store.work(id) }
    }

    public func bury(_ work: WorkID, reason: DeadLetter.Reason) async throws(StoreFailure) {
        try await measuring("bury") { () async throws(StoreFailure) in try await store.bury(work, reason: reason) }
    }

    public func listed(on shelf: Shelf.Kind, after: String?, limit: Int) async throws(StoreFailure) -> ShelfPage {
        try await measuring("list") { () async throws(StoreFailure) in
            try await store.listed(on: shelf, after: after, limit: limit)
        }
    }

    public func tally() async throws(StoreFailure) -> [Shelf: Int] {
        try await measuring("tally") { () async throws(StoreFailure) in try await store.tally() }
    }

    public func gatewaysAtWork() async throws(StoreFailure) -> Set<String> {
        try await measuring("gateways") { () async throws(StoreFailure) in try await store.gatewaysAtWork() }
    }

    public func trail(of payment: PaymentID) async throws(StoreFailure) -> AuditTrail {
        try await measuring("history") { () async throws(StoreFailure) in try await store.trail(of: payment) }
    }

    public func payments(after: String?, limit: Int) async throws(StoreFailure) -> PaymentPage {
        try await measuring("walk") { () async throws(StoreFailure) in try await store.payments(after: after, limit: limit) }
    }

    public func match(
        _ work: WorkID, at gateway: String, orWait callback: CallbackID, for duration: Duration
    ) async throws(StoreFailure) -> MatchResult {
        try await measuring("match") { () async throws(StoreFailure) in
            try await store.match(work, at: gateway, orWait: callback, for: duration)
        }
    }

    public func waiting(for payment: PaymentID) async throws(StoreFailure) -> [CallbackID] {
        try await measuring("waiting") { () async throws(StoreFailure) in try await store.waiting(for: payment) }
    }

    public func note(_ mark: CallbackMark, _ entry: HistoryEntry, on payment: PaymentID) async throws(StoreFailure) -> NoteResult
    {
        try await measuring("note") { () async throws(StoreFailure) in try await store.note(mark, entry, on: payment) }
    }

    private func measuring<Value>(
        _ command: String, _ body: () async throws(StoreFailure) -> Value
    ) async throws(StoreFailure) -> Value {
        let started = time.monotonic()
        defer {
            Metrics.Timer(label: "drawbridge_state_duration_seconds", dimensions: [("command", command)])
                .recordNanoseconds((time.monotonic() - started).wholeMicroseconds * 1000)
        }
        return try await body()
    }
}
