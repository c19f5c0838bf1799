import Synchronization

/// The embedded store: this process alone, gone when it stops.
public final class MemoryPaymentStore: PaymentStore {
    private let time: any TimeSource
    private let contents: Mutex<MemoryPayments>

    /// - Parameters:
    ///   - time: the store's clock, on which leases are judged.
    ///   - maximumPayments: payments and marks of keys together, at least 1. One more is `StoreFailure.Code.full`.
    public init(time: any TimeSource, maximumPayments: Int = 1_000_000) {
        self.time = time
        self.contents = Mutex(MemoryPayments(maximum: maximumPayments))
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
        try access { contents, now in _ = contents.change(payment, now: now) { $0.markAnswered(operation) } }
    }

    public func payment(_ id: PaymentID, tenant: String) async throws(StoreFailure) -> StoredPayment? {
        try access { contents, now in contents.payment(id, tenant: tenant, now: now)?.stored(at: now) }
    }

    public func openOperations(of payment: PaymentID) async throws(StoreFailure) -> [OperationRecord] {
        try access { contents, now in
            contents.payment(payment, now: now)?.operations.values.map(\.record).filter { !$0.status.isFinal } ?? []
        }
    }

    public func payments(tenant: String, reference: String, limit: Int) async throws(StoreFailure) -> [StoredPayment] {
        try access { contents, now in contents.payments(tenant: tenant, reference: reference, limit: limit, now: now) }
    }

    public func ping() async throws(StoreFailure) {}

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
