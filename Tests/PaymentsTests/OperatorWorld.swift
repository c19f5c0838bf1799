import AdapterKit
import Synchronization
import TestKit
import Testing

@testable import Payments

/// Records in the states that operators meet, and a store that holds one of them.
enum OperatorSample {
    static let id = "pay_" + String(repeating: "0", count: 26)
    static let refundID = "ref_" + String(repeating: "1", count: 26)
    static let start = Timestamp(seconds: 1_767_225_600)

    static func payment(
        _ status: PaymentRecord.Status = .manualReview, _ reason: DeadLetter.Reason? = .outcomeUnknown,
        capture: PaymentRecord.CaptureMode = .automatic, attempts: [AttemptRecord] = []
    ) throws -> PaymentRecord {
        var record = PaymentRecord(
            id: try #require(PaymentID(id)), tenant: "acme",
            money: Money(minorUnits: 1_000, currency: try #require(Currency("BRL"))), reference: "order-1", capture: capture,
            methodKind: .card, pinnedGateway: nil, onUnavailable: .queue, createdAt: start, sealed: [])
        record.status = status
        record.processingReason = nil
        record.version = 3
        record.deadLetter = reason.map { DeadLetter($0, since: start) }
        record.schedule = Schedule(since: start, tries: 9)
        record.attempts = attempts
        record.gateway = attempts.last?.gateway
        record.gatewayIdentity = attempts.last?.identity
        return record
    }

    static func attempt(
        _ number: Int, at gateway: String = "bank-a", _ outcome: Outcome.Kind?, resolution: AttemptRecord.Resolution? = nil,
        identity: String? = nil
    ) -> AttemptRecord {
        var attempt = AttemptRecord(
            number: number, gateway: gateway, operation: .payment, reference: id, identity: identity ?? "identity of \(gateway)",
            startedAt: start)
        attempt.end = outcome.map { .init(outcome: $0, code: nil, httpStatus: nil, duration: 12.5) }
        attempt.resolution = resolution
        return attempt
    }

    static func operation(
        _ kind: OperationRecord.Kind, _ status: OperationRecord.Status = .manualReview,
        _ reason: DeadLetter.Reason? = .outcomeUnknown, amount: Int64 = 400
    ) throws -> OperationRecord {
        var record = OperationRecord(
            id: try #require(OperationID(kind.prefix + String(repeating: "1", count: 26))), payment: try #require(PaymentID(id)),
            tenant: "acme", kind: kind, amount: amount, createdAt: start, sealed: [])
        record.status = status
        record.gateway = "bank-a"
        record.deadLetter = reason.map { DeadLetter($0, since: start) }
        return record
    }

    static func discard(_ outcome: VouchedOutcome? = nil, at gateway: String? = nil) throws -> DiscardOrder {
        try DiscardOrder(
            .present([
                ("reason", .string("asked the bank")), ("outcome", outcome.map { .string($0.rawValue) }),
                ("gateway", gateway.map { .string($0) }),
            ]))
    }
}

/// Holds one piece of work, as a store would; somebody else can be faster, and it can be away.
final class OperatorStore: PaymentStore {
    struct State {
        var work: StoredWork?
        var failure: StoreFailure?
        /// Changes that others make just before a settlement comes.
        var overtaking: [@Sendable (inout StoredWork) -> Void] = []
        var settlements: [Settlement] = []
        var history: [HistoryEntry] = []
        var items: [ShelfPage.Item] = []
    }

    private let state: Mutex<State>

    init(_ payment: PaymentRecord?, _ operation: OperationRecord? = nil, change: (inout State) -> Void = { _ in }) {
        var state = State(
            work: payment.map {
                StoredWork(
                    payment: StoredPayment(record: $0, reservations: Reservations()),
                    operation: operation.map { StoredOperation(record: $0) })
            })
        change(&state)
        self.state = Mutex(state)
    }

    var settlements: [Settlement] { state.withLock { $0.settlements } }
    var work: StoredWork? { state.withLock { $0.work } }

    private func asked<Value>(_ body: (inout State) -> Value) throws(StoreFailure) -> Value {
        let result = state.withLock { state -> Result<Value, StoreFailure> in
            state.failure.map { .failure($0) } ?? .success(body(&state))
        }
        return try result.get()
    }

    func work(_ id: WorkID) async throws(StoreFailure) -> StoredWork? {
        try asked { state in
            guard var work = state.work, work.payment.record.id == id.payment else { return nil }
            if id.operation == nil { work.operation = nil }
            return work
        }
    }

    func settle(_ settlement: Settlement) async throws(StoreFailure) -> SettleResult {
        try asked { state in
            guard var work = state.work else { return .done }
            if !state.overtaking.isEmpty {
                state.overtaking.removeFirst()(&work)
                work.payment.record.version += 1
                state.work = work
            }
            guard work.payment.record.version == settlement.expectedVersion else {
                return .conflict(work.payment, settlement.operation == nil ? nil : work.operation)
            }
            work.payment.record = settlement.record
            if let operation = settlement.operation { work.operation?.record = operation.record }
            state.work = work
            state.settlements.append(settlement)
            state.history += settlement.history
            return .done
        }
    }

    func listed(on shelf: Shelf.Kind, after: String?, limit: Int) async throws(StoreFailure) -> ShelfPage {
        try asked { ShelfPage(items: Array($0.items.prefix(limit)), next: after == nil ? "more" : nil) }
    }

    func trail(of payment: PaymentID) async throws(StoreFailure) -> AuditTrail {
        try asked { state in
            var trail = AuditTrail(of: .payment(payment))
            for entry in state.history { trail.append(entry) }
            return trail
        }
    }
    func tally() async throws(StoreFailure) -> [Shelf: Int] { try asked { _ in [:] } }
    func gatewaysAtWork() async throws(StoreFailure) -> Set<String> { try asked { _ in [] } }
    func ping() async throws(StoreFailure) { try asked { _ in } }

    // Operators ask for none of these.
    func claim(_ claim: PaymentClaim) async throws(StoreFailure) -> PaymentClaimResult { throw Self.unasked }
    func claim(_ claim: OperationClaim) async throws(StoreFailure) -> OperationClaimResult { throw Self.unasked }
    func markAnswered(_ payment: PaymentID, operation: OperationID?) async throws(StoreFailure) { throw Self.unasked }
    func payment(_ id: PaymentID, tenant: String) async throws(StoreFailure) -> StoredPayment? { throw Self.unasked }
    func openOperations(of payment: PaymentID) async throws(StoreFailure) -> [OperationRecord] { throw Self.unasked }
    func payments(tenant: String, reference: String, limit: Int) async throws(StoreFailure) -> [StoredPayment] {
        throw Self.unasked
    }
    func due(limit: Int) async throws(StoreFailure) -> [DueWork] { throw Self.unasked }
    func payments(after: String?, limit: Int) async throws(StoreFailure) -> PaymentPage { throw Self.unasked }
    func take(_ work: WorkID, lease: Lease) async throws(StoreFailure) -> TakeResult { throw Self.unasked }
    func bury(_ work: WorkID, reason: DeadLetter.Reason) async throws(StoreFailure) { throw Self.unasked }
    func match(
        _ work: WorkID, at gateway: String, orWait callback: CallbackID, for duration: Duration
    ) async throws(StoreFailure) -> MatchResult { throw Self.unasked }
    func waiting(for payment: PaymentID) async throws(StoreFailure) -> [CallbackID] { throw Self.unasked }
    func note(_ mark: CallbackMark, _ entry: HistoryEntry, on payment: PaymentID) async throws(StoreFailure) -> NoteResult {
        throw Self.unasked
    }

    private static let unasked = StoreFailure(code: .refused, detail: "no operator asks for this")
}
