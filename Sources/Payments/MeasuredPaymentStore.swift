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
