/// Where payments are kept. Two implementations, one conformance suite (TestKit): in memory and Redis.
///
/// Leases and quotas are judged on the store's clock. Every method is one round trip where nothing conflicts; in a Redis Cluster a
/// claim under a quota is two, as the tenant's bucket has another slot.
public protocol PaymentStore: Sendable {
    /// Idempotency, record, first attempt and lease in one step (K1 to K5, O5).
    func claim(_ claim: PaymentClaim) async throws(StoreFailure) -> PaymentClaimResult
    /// The same for a capture, void or refund, with its check and its reservation (O8).
    func claim(_ claim: OperationClaim) async throws(StoreFailure) -> OperationClaimResult
    /// Writes a change of a payment, and of one of its operations, together or not at all.
    func settle(_ settlement: Settlement) async throws(StoreFailure) -> SettleResult
    /// Remembers that the caller was told 202, so that a repeat is shown the payment instead of 409 (K3).
    func markAnswered(_ payment: PaymentID, operation: OperationID?) async throws(StoreFailure)
    /// `nil` also when the payment is another tenant's.
    func payment(_ id: PaymentID, tenant: String) async throws(StoreFailure) -> StoredPayment?
    /// The captures, voids and refunds of a payment that have no final answer yet.
    func openOperations(of payment: PaymentID) async throws(StoreFailure) -> [OperationRecord]
    /// Newest first, at most `limit`.
    func payments(tenant: String, reference: String, limit: Int) async throws(StoreFailure) -> [StoredPayment]
    /// Whether the store answers, for readiness.
    func ping() async throws(StoreFailure)

    /// Work whose time has come by the store's clock and that nobody holds, of all tenants; oldest first within a bucket.
    /// - Parameter limit: for each bucket of keys (Redis) or in all (memory).
    func due(limit: Int) async throws(StoreFailure) -> [DueWork]
    /// Takes the lease of due work for `lease.duration`. The payment's version goes up, so that an old owner meets a conflict.
    func take(_ work: WorkID, lease: Lease) async throws(StoreFailure) -> TakeResult
    /// One piece of work as it stands, of any tenant: for operators and for callbacks.
    func work(_ id: WorkID) async throws(StoreFailure) -> StoredWork?
    /// Takes work that cannot be read out of the due index and lists it as a dead letter, so that it delays only itself (R8).
    func bury(_ work: WorkID, reason: DeadLetter.Reason) async throws(StoreFailure)
    /// What lies on a shelf, in the order of the buckets and, within one, of time.
    /// - Parameter after: the cursor of an earlier page; `nil` for the first.
    func listed(on shelf: Shelf.Kind, after: String?, limit: Int) async throws(StoreFailure) -> ShelfPage
    /// How much lies on each shelf.
    func tally() async throws(StoreFailure) -> [Shelf: Int]
    /// The gateways that anything is still to be done about, now or later (R9).
    func gatewaysAtWork() async throws(StoreFailure) -> Set<String>
    /// What happened to a payment and its operations, oldest first; at most `StoreLimits.historyEntries`, the newest ones. Each
    /// entry was written in one step with its change: by claims, settlements, takeovers, graves and notes.
    func trail(of payment: PaymentID) async throws(StoreFailure) -> AuditTrail
    /// All payments that are kept, of all tenants, in an order of the store's own.
    /// - Parameters:
    ///   - after: the cursor of an earlier page; `nil` for the first.
    ///   - limit: about so many; a page may be empty though more come.
    func payments(after: String?, limit: Int) async throws(StoreFailure) -> PaymentPage

    /// Matches a callback: the work as it stands, if it is there and its gateway has a stored attempt of the charge (or, for an
    /// operation, is the operation's). Else the callback waits for the payment, for so long; in one step.
    func match(
        _ work: WorkID, at gateway: String, orWait callback: CallbackID, for duration: Duration
    ) async throws(StoreFailure) -> MatchResult
    /// The callbacks that wait for a payment, also before it is there.
    func waiting(for payment: PaymentID) async throws(StoreFailure) -> [CallbackID]
    /// Remembers a callback's event that changes nothing: its mark and its entry in the history, unless the mark is there.
    func note(_ mark: CallbackMark, _ entry: HistoryEntry, on payment: PaymentID) async throws(StoreFailure) -> NoteResult
}

extension PaymentStore {
    /// The trail's entries.
    public func history(of payment: PaymentID) async throws(StoreFailure) -> [HistoryEntry] {
        try await trail(of: payment).entries
    }
}

public struct PaymentPage: Sendable, Equatable {
    public var ids: [PaymentID]
    /// The cursor of the next page; `nil` on the last.
    public var next: String?

    public init(ids: [PaymentID], next: String?) {
        self.ids = ids
        self.next = next
    }
}

public enum MatchResult: Sendable, Equatable {
    case matched(StoredWork)
    case waits
}

public enum NoteResult: Sendable, Equatable {
    case noted
    /// It was applied or noted before.
    case duplicate
}

/// The store did not do it, or did not say so in time: then whether it was stored is not known.
public struct StoreFailure: Error, Sendable, Equatable {
    /// Closed set: safe as a metric label.
    public enum Code: String, Sendable, CaseIterable {
        case unreachable, timeout, refused, full
        case tooFewReplicas = "too_few_replicas"
        /// A record that cannot be read.
        case unreadable
    }
    public let code: Code
    /// Free text for the log; never holds a secret or a value.
    public let detail: String

    public init(code: Code, detail: String) {
        self.code = code
        self.detail = detail
    }
}

/// How long things are kept (config.md: `retention`, `keys_kept`).
public struct Keeping: Sendable, Equatable {
    public var retention: Duration
    public var keys: Duration

    public init(retention: Duration, keys: Duration) {
        self.retention = retention
        self.keys = keys
    }
}

/// The right to send for a payment or operation: a random token, compared for equality, and how long it lasts.
public struct Lease: Sendable, Equatable {
    public let token: String
    public let duration: Duration

    public init(token: String, duration: Duration) {
        self.token = token
        self.duration = duration
    }
}

/// An answer that was fixed when the payment was settled: replayed byte for byte (K3).
public struct FixedAnswer: Sendable, Equatable, Codable {
    public let status: Int
    /// Encrypted body.
    public let sealedBody: [UInt8]

    public init(status: Int, sealedBody: [UInt8]) {
        self.status = status
        self.sealedBody = sealedBody
    }
}

public struct PaymentClaim: Sendable {
    @Boxed public var record: PaymentRecord
    /// The request's fingerprint under each key of the ring; the first is stored, any may match (K2).
    public var fingerprints: [String]
    public var lease: Lease
    /// Whether the caller is told 202 at once (`respond-async`).
    public var answered: Bool
    public var keeping: Keeping
    /// Of its tenant: the claim costs a token. `nil`: nobody counts.
    public var quota: Quota?
    /// Written with it, where it is new.
    public let created: HistoryEntry
    /// Written with it, where it takes the lease of an owner that is gone.
    public let takenOver: HistoryEntry

    /// - Parameter actor: who asks, for the audit trail.
    public init(
        record: PaymentRecord, fingerprints: [String], lease: Lease, answered: Bool, keeping: Keeping, quota: Quota? = nil,
        by actor: String? = nil
    ) {
        self.quota = quota
        created = .created(record, by: actor)
        takenOver = .takenOver(nil, by: actor, at: record.createdAt)
        self.record = record
        self.fingerprints = fingerprints
        self.lease = lease
        self.answered = answered
        self.keeping = keeping
    }
}

public enum PaymentClaimResult: Sendable, Equatable {
    /// Stored now, or by this same lease before (a claim repeated after a lost reply).
    case new
    /// New, and callbacks wait for it (contract/callbacks.md): what they say comes before anything is sent.
    case awaited([CallbackID])
    case replay(FixedAnswer)
    /// Told 202 before, without a fixed answer: shown as it is now.
    case current(StoredPayment)
    /// Its owner is at work and nobody was answered yet.
    case running(remaining: Duration)
    /// Its owner's lease ran out, or it was left without anybody having been told; the caller of this claim holds it now. Its version is one more than before, so that the old
    /// owner's settle meets a conflict: who lost the lease no longer decides (R2).
    case takenOver(StoredPayment)
    /// Same key, another request; or the key of a payment that is no longer kept (K7).
    case mismatch
    /// The tenant has no token left: nothing was looked at, nothing is stored (K5).
    case limited(Quota.Standing)
}

public struct OperationClaim: Sendable {
    @Boxed public var record: OperationRecord
    /// Minor units; `nil` means all that the payment allows.
    public var amount: Int64?
    public var fingerprints: [String]
    public var lease: Lease
    public var answered: Bool
    public var keeping: Keeping
    /// As for a payment.
    public var quota: Quota?
    /// Written with it, where it is new.
    public let requested: HistoryEntry
    /// Written with it, where it takes the lease of an owner that is gone.
    public let takenOver: HistoryEntry

    /// - Parameter actor: who asks, for the audit trail.
    public init(
        record: OperationRecord, amount: Int64?, fingerprints: [String], lease: Lease, answered: Bool, keeping: Keeping,
        quota: Quota? = nil, by actor: String? = nil
    ) {
        self.quota = quota
        requested = .requested(record, amount: amount, by: actor)
        takenOver = .takenOver(record.id, by: actor, at: record.createdAt)
        self.record = record
        self.amount = amount
        self.fingerprints = fingerprints
        self.lease = lease
        self.answered = answered
        self.keeping = keeping
    }
}

public enum OperationClaimResult: Sendable, Equatable {
    /// Reserved. The operation has its amount and gateway filled in.
    case new(StoredPayment, OperationRecord)
    case replay(FixedAnswer)
    case current(StoredPayment, OperationRecord)
    case running(remaining: Duration)
    case takenOver(StoredPayment, OperationRecord)
    case mismatch
    /// No such payment of this tenant.
    case notFound
    /// The payment's state does not allow it; or, with `busy`, a capture or void is in flight.
    case invalidState(PaymentRecord.Status, busy: Bool)
    /// More than is left: the amount that could still be captured or refunded.
    case exceeds(available: Int64)
    /// The tenant has no token left: nothing was looked at, nothing is stored (K5).
    case limited(Quota.Standing)
}

/// What captures, voids and refunds in flight have set aside (O8).
public struct Reservations: Sendable, Equatable {
    /// The capture or void in flight.
    public var capturing: OperationID?
    /// Minor units of refunds without a final answer.
    public var refundsOpen: Int64

    public init(capturing: OperationID? = nil, refundsOpen: Int64 = 0) {
        self.capturing = capturing
        self.refundsOpen = refundsOpen
    }
}

public struct StoredPayment: Sendable, Equatable {
    @Boxed public var record: PaymentRecord
    public var reservations: Reservations
    /// The token of a lease that has not run out.
    public var holder: String?
    /// Whether its caller was told 202.
    public var answered: Bool

    public init(record: PaymentRecord, reservations: Reservations, holder: String? = nil, answered: Bool = false) {
        self.record = record
        self.reservations = reservations
        self.holder = holder
        self.answered = answered
    }

    public var leased: Bool { holder != nil }
}

/// A change, written only if the payment still has `expectedVersion`, or if it is not there at all: a store that lost it gets
/// it back whole (R2).
public struct Settlement: Sendable {
    @Boxed public var record: PaymentRecord
    public var expectedVersion: Int
    /// The answer fixed for the payment's key, unless its caller was told 202 (K3). An answer that is fixed already stays.
    public var fixed: FixedAnswer?
    public var hold: Hold
    /// When recovery looks at the payment again, from now; `nil`: never. While a lease is held, its end counts instead.
    public var wake: Duration?
    public var operation: OperationSettlement?
    /// Whether the caller is told 202 with this, as `markAnswered` would say.
    public var answered: Bool
    /// Appended to the payment's history in the same step.
    public var history: [HistoryEntry]
    /// Put into the payment's outbox in the same step, in this order.
    public var events: [PaymentEvent]
    /// Of the callback that it takes in: where the mark is there already, nothing is written (`SettleResult.duplicate`).
    public var mark: CallbackMark?
    public var keeping: Keeping

    public init(
        record: PaymentRecord, expectedVersion: Int, fixed: FixedAnswer? = nil, hold: Hold = .keep, wake: Duration? = nil,
        answered: Bool = false, operation: OperationSettlement? = nil, history: [HistoryEntry] = [],
        events: [PaymentEvent] = [], mark: CallbackMark? = nil, keeping: Keeping
    ) {
        self.record = record
        self.expectedVersion = expectedVersion
        self.fixed = fixed
        self.hold = hold
        self.wake = wake
        self.answered = answered
        self.operation = operation
        self.history = history
        self.events = events
        self.mark = mark
        self.keeping = keeping
    }

    /// What becomes of the lease.
    public enum Hold: Sendable, Equatable {
        /// Whoever has it keeps it.
        case keep
        /// It lasts `duration` from now, if this token still is its holder's.
        case renew(Lease)
        /// It ends, if this token still is its holder's.
        case release(token: String)
    }

    /// The operation's part of the change. A final status ends its reservation, once. An operation that is not there is written
    /// whole; so a reversal begins.
    public struct OperationSettlement: Sendable {
        @Boxed public var record: OperationRecord
        public var fixed: FixedAnswer?
        public var hold: Hold
        /// When recovery looks at the operation again, from now; `nil`: never.
        public var wake: Duration?
        /// Whether the caller is told 202 with this, as `markAnswered` would say.
        public var answered: Bool

        public init(
            record: OperationRecord, fixed: FixedAnswer? = nil, hold: Hold = .keep, wake: Duration? = nil, answered: Bool = false
        ) {
            self.record = record
            self.fixed = fixed
            self.hold = hold
            self.wake = wake
            self.answered = answered
        }
    }
}

public enum SettleResult: Sendable, Equatable {
    case done
    /// Done, but the key's answer was fixed before: that one is to be told, not the one handed in (K3).
    case answeredBefore(FixedAnswer)
    /// Somebody changed the payment meanwhile: this is how it stands, with the operation where the settlement had one.
    case conflict(StoredPayment, StoredOperation?)
    /// The callback's event was applied or noted before; nothing was written.
    case duplicate
}

public struct StoredOperation: Sendable, Equatable {
    @Boxed public var record: OperationRecord
    /// The token of a lease that has not run out.
    public var holder: String?
    /// Whether its caller was told 202.
    public var answered: Bool

    public init(record: OperationRecord, holder: String? = nil, answered: Bool = false) {
        self.record = record
        self.holder = holder
        self.answered = answered
    }
}
