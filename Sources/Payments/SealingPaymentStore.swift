import Logging

/// Between whoever decides about payments and where they are kept: what is personal goes out sealed under the newest key, and comes
/// back open. A record that has nothing of it, and no older key, passes as it is.
struct SealingPaymentStore: PaymentStore {
    private let store: any PaymentStore
    private let vault: Vault
    private let logger: Logger

    init(_ store: any PaymentStore, _ vault: Vault, _ logger: Logger) {
        self.store = store
        self.vault = vault
        self.logger = logger
    }

    // MARK: Out

    func settle(_ settlement: Settlement) async throws(StoreFailure) -> SettleResult {
        var sealed = settlement
        seal(&sealed)
        let result = try await store.settle(sealed)
        guard case .conflict(let payment, let operation) = result else { return result }
        return .conflict(opened(payment), operation.map(opened))
    }

    private func seal(_ settlement: inout Settlement) {
        if settlement.record.hasOpenWords { sealWords(&settlement.record) }
        if let renewed = vault.renewed(settlement.record.sealed, for: settlement.record.id.text) {
            settlement.record.sealed = renewed
        }
        guard var part = settlement.operation else { return }
        if part.record.hasOpenWords { sealWords(&part.record) }
        if let renewed = vault.renewed(part.record.sealed, for: part.record.id.text) { part.record.sealed = renewed }
        settlement.operation = part
    }

    private func sealWords(_ record: inout some WordsHolding) {
        do { try record.sealWords(vault) } catch {
            // AES-GCM takes any bytes under a key of the right length, which the vault has seen to. What is personal stays out.
            Unreadable.report(record.wordsOwner, error, logger)
            record.dropWords()
        }
    }

    // MARK: Back

    private func opened(_ stored: StoredPayment) -> StoredPayment {
        guard stored.record.words != nil else { return stored }
        var stored = stored
        unseal(&stored.record)
        return stored
    }

    private func opened(_ stored: StoredOperation) -> StoredOperation {
        var stored = stored
        stored.record = opened(stored.record)
        return stored
    }

    private func opened(_ record: OperationRecord) -> OperationRecord {
        guard record.words != nil else { return record }
        var record = record
        unseal(&record)
        return record
    }

    private func opened(_ work: StoredWork) -> StoredWork {
        StoredWork(payment: opened(work.payment), operation: work.operation.map(opened))
    }

    /// Words that stay closed are only missing: nothing is decided by them.
    private func unseal(_ record: inout some WordsHolding) {
        do { try record.unsealWords(vault) } catch { Unreadable.report(record.wordsOwner, error, logger) }
    }

    func claim(_ claim: PaymentClaim) async throws(StoreFailure) -> PaymentClaimResult {
        switch try await store.claim(claim) {
        case .current(let stored): .current(opened(stored))
        case .takenOver(let stored): .takenOver(opened(stored))
        case let result: result
        }
    }

    func claim(_ claim: OperationClaim) async throws(StoreFailure) -> OperationClaimResult {
        switch try await store.claim(claim) {
        case .new(let payment, let operation): .new(opened(payment), opened(operation))
        case .current(let payment, let operation): .current(opened(payment), opened(operation))
        case .takenOver(let payment, let operation): .takenOver(opened(payment), opened(operation))
        case let result: result
        }
    }

    func payment(_ id: PaymentID, tenant: String) async throws(StoreFailure) -> StoredPayment? {
        try await store.payment(id, tenant: tenant).map(opened)
    }

    func payments(tenant: String, reference: String, limit: Int) async throws(StoreFailure) -> [StoredPayment] {
        try await store.payments(tenant: tenant, reference: reference, limit: limit).map(opened)
    }

    func openOperations(of payment: PaymentID) async throws(StoreFailure) -> [OperationRecord] {
        try await store.openOperations(of: payment).map(opened)
    }

    func take(_ work: WorkID, lease: Lease) async throws(StoreFailure) -> TakeResult {
        let result = try await store.take(work, lease: lease)
        guard case .taken(let work) = result else { return result }
        return .taken(opened(work))
    }

    func work(_ id: WorkID) async throws(StoreFailure) -> StoredWork? { try await store.work(id).map(opened) }

    func match(
        _ work: WorkID, at gateway: String, orWait callback: CallbackID, for duration: Duration
    ) async throws(StoreFailure) -> MatchResult {
        let result = try await store.match(work, at: gateway, orWait: callback, for: duration)
        guard case .matched(let work) = result else { return result }
        return .matched(opened(work))
    }

    // MARK: As they are

    func markAnswered(_ payment: PaymentID, operation: OperationID?) async throws(StoreFailure) {
        try await store.markAnswered(payment, operation: operation)
    }

    func ping() async throws(StoreFailure) { try await store.ping() }

    func due(limit: Int) async throws(StoreFailure) -> [DueWork] { try await store.due(limit: limit) }

    func bury(_ work: WorkID, reason: DeadLetter.Reason) async throws(StoreFailure) { try await store.bury(work, reason: reason) }

    /// Operators are shown nothing of what is sealed.
    func listed(on shelf: Shelf.Kind, after: String?, limit: Int) async throws(StoreFailure) -> ShelfPage {
        try await store.listed(on: shelf, after: after, limit: limit)
    }

    func tally() async throws(StoreFailure) -> [Shelf: Int] { try await store.tally() }

    func gatewaysAtWork() async throws(StoreFailure) -> Set<String> { try await store.gatewaysAtWork() }

    func trail(of payment: PaymentID) async throws(StoreFailure) -> AuditTrail { try await store.trail(of: payment) }

    func payments(after: String?, limit: Int) async throws(StoreFailure) -> PaymentPage {
        try await store.payments(after: after, limit: limit)
    }

    func waiting(for payment: PaymentID) async throws(StoreFailure) -> [CallbackID] { try await store.waiting(for: payment) }

    func note(_ mark: CallbackMark, _ entry: HistoryEntry, on payment: PaymentID) async throws(StoreFailure) -> NoteResult {
        try await store.note(mark, entry, on: payment)
    }
}
