public import Payments
import Synchronization

/// A payment store that fails when a test says so.
public final class FaultyStore: PaymentStore {
    public enum Step: Sendable, Hashable, CaseIterable { case claim, settle, markAnswered, read, recover }

    public enum Fault: Sendable {
        /// Nothing is done.
        case away
        /// It is done, and nobody hears of it.
        case replyLost
    }

    private struct Plan {
        let fault: Fault
        var times: Int
    }

    private let kept: any PaymentStore
    private let plans = Mutex<[Step: Plan]>([:])
    private let arrivals = Mutex<[Step: @Sendable () async -> Void]>([:])

    public init(_ kept: any PaymentStore) { self.kept = kept }

    /// From now on, for so many calls.
    public func fail(_ steps: [Step], _ fault: Fault, times: Int = .max) {
        plans.withLock { plans in for step in steps { plans[step] = Plan(fault: fault, times: times) } }
    }

    /// Runs before every such step from now on.
    public func before(_ step: Step, _ body: @escaping @Sendable () async -> Void) {
        arrivals.withLock { $0[step] = body }
    }

    public func heal() { plans.withLock { $0 = [:] } }

    public func claim(_ claim: PaymentClaim) async throws(StoreFailure) -> PaymentClaimResult {
        try await passing(.claim) { () async throws(StoreFailure) in try await kept.claim(claim) }
    }

    public func claim(_ claim: OperationClaim) async throws(StoreFailure) -> OperationClaimResult {
        try await passing(.claim) { () async throws(StoreFailure) in try await kept.claim(claim) }
    }

    public func settle(_ settlement: Settlement) async throws(StoreFailure) -> SettleResult {
        try await passing(.settle) { () async throws(StoreFailure) in try await kept.settle(settlement) }
    }

    public func markAnswered(_ payment: PaymentID, operation: OperationID?) async throws(StoreFailure) {
        try await passing(.markAnswered) { () async throws(StoreFailure) in
            try await kept.markAnswered(payment, operation: operation)
        }
    }

    public func payment(_ id: PaymentID, tenant: String) async throws(StoreFailure) -> StoredPayment? {
        try await passing(.read) { () async throws(StoreFailure) in try await kept.payment(id, tenant: tenant) }
    }

    public func openOperations(of payment: PaymentID) async throws(StoreFailure) -> [OperationRecord] {
        try await passing(.read) { () async throws(StoreFailure) in try await kept.openOperations(of: payment) }
    }

    public func payments(tenant: String, reference: String, limit: Int) async throws(StoreFailure) -> [StoredPayment] {
        try await passing(.read) { () async throws(StoreFailure) in
            try await kept.payments(tenant: tenant, reference: reference, limit: limit)
        }
    }

    public func ping() async throws(StoreFailure) {
        try await passing(.read) { () async throws(StoreFailure) in try await kept.ping() }
    }

    public func due(limit: Int) async throws(StoreFailure) -> [DueWork] {
        try await passing(.recover) { () async throws(StoreFailure) in try await kept.due(limit: limit) }
    }

    public func take(_ work: WorkID, lease: Lease) async throws(StoreFailure) -> TakeResult {
        try await passing(.recover) { () async throws(StoreFailure) in try await kept.take(work, lease: lease) }
    }

    public func work(_ id: WorkID) async throws(StoreFailure) -> StoredWork? {
        try await passing(.read) { () async throws(StoreFailure) in try await kept.work(id) }
    }

    public func bury(_ work: WorkID, reason: DeadLetter.Reason) async throws(StoreFailure) {
        try await passing(.settle) { () async throws(StoreFailure) in try await kept.bury(work, reason: reason) }
    }

    public func listed(on shelf: Shelf.Kind, after: String?, limit: Int) async throws(StoreFailure) -> ShelfPage {
        try await passing(.read) { () async throws(StoreFailure) in
            try await kept.listed(on: shelf, after: after, limit: limit)
        }
    }

    public func tally() async throws(StoreFailure) -> [Shelf: Int] {
        try await passing(.read) { () async throws(StoreFailure) in try await kept.tally() }
    }

    public func gatewaysAtWork() async throws(StoreFailure) -> Set<String> {
        try await passing(.read) { () async throws(StoreFailure) in try await kept.gatewaysAtWork() }
    }

    public func trail(of payment: PaymentID) async throws(StoreFailure) -> AuditTrail {
        try await passing(.read) { () async throws(StoreFailure) in try await kept.trail(of: payment) }
    }

    public func payments(after: String?, limit: Int) async throws(StoreFailure) -> PaymentPage {
        try await passing(.read) { () async throws(StoreFailure) in try await kept.payments(after: after, limit: limit) }
    }

    public func match(
        _ work: WorkID, at gateway: String, orWait callback: CallbackID, for duration: Duration
    ) async throws(StoreFailure) -> MatchResult {
        try await passing(.read) { () async throws(StoreFailure) in
            try await kept.match(work, at: gateway, orWait: callback, for: duration)
        }
    }

    public func waiting(for payment: PaymentID) async throws(StoreFailure) -> [CallbackID] {
        try await passing(.read) { () async throws(StoreFailure) in try await kept.waiting(for: payment) }
    }

    public func note(_ mark: CallbackMark, _ entry: HistoryEntry, on payment: PaymentID) async throws(StoreFailure) -> NoteResult
    {
        try await passing(.settle) { () async throws(StoreFailure) in try await kept.note(mark, entry, on: payment) }
    }

    private func passing<Value: Sendable>(
        _ step: Step, _ body: () async throws(StoreFailure) -> Value
    ) async throws(StoreFailure) -> Value {
        await arrivals.withLock { $0[step] }?()
        switch nextFault(of: step) {
        case nil: return try await body()
        case .away: throw StoreFailure(code: .unreachable, detail: "scripted")
        case .replyLost:
            _ = try await body()
            throw StoreFailure(code: .timeout, detail: "scripted")
        }
    }

    private func nextFault(of step: Step) -> Fault? {
        plans.withLock { plans in
            guard let plan = plans[step], plan.times > 0 else { return nil }
            plans[step]?.times -= 1
            return plan.fault
        }
    }
}
