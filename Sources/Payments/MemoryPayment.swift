import AdapterKit

/// One payment in memory, with its operations and what they have reserved.
struct MemoryPayment: Sendable {
    struct Operation: Sendable {
        var record: OperationRecord
        var claim: MemoryClaim
        /// Whether it still holds its reservation: so that it ends once.
        var reserves: Bool
        var buried: DeadLetter?

        /// The record, with what it was buried for.
        var shown: OperationRecord {
            var shown = record
            shown.deadLetter = buried ?? record.deadLetter
            return shown
        }

        /// Whether its payment is kept for it.
        var keeps: Bool { !record.status.isFinal || shown.deadLetter != nil || claim.due != nil }

        func stored(at now: Duration) -> StoredOperation {
            StoredOperation(record: shown, holder: claim.holder(at: now), answered: claim.answered)
        }
    }

    var record: PaymentRecord
    var claim: MemoryClaim
    var keeping: Keeping
    /// On the store's clock.
    var changedAt: Duration
    /// Whether the sweep has it in its line.
    var isLined = false
    private(set) var reservations = Reservations()
    private(set) var operations: [OperationID: Operation] = [:]
    private(set) var trail: AuditTrail
    /// Of callbacks that were taken in, oldest first.
    private(set) var marks: [CallbackMark] = []
    private var buried: DeadLetter?
    /// Operations that it is kept for.
    private var keepingOperations = 0

    init(record: PaymentRecord, claim: MemoryClaim, keeping: Keeping, changedAt: Duration) {
        self.record = record
        self.claim = claim
        self.keeping = keeping
        self.changedAt = changedAt
        self.trail = AuditTrail(of: .payment(record.id))
    }

    /// As a claim begins it.
    init(_ claim: PaymentClaim, now: Duration) {
        let state = MemoryClaim(fingerprint: claim.fingerprints.first, lease: claim.lease, answered: claim.answered, now: now)
        self.init(record: claim.record, claim: state, keeping: claim.keeping, changedAt: now)
        trail.append(claim.created)
    }

    /// For a payment that was lost and is written whole.
    init(restoring settlement: Settlement, now: Duration) {
        let claim = MemoryClaim(writtenWith: settlement.fixed, hold: settlement.hold, wake: settlement.wake, now: now)
        self.init(record: settlement.record, claim: claim, keeping: settlement.keeping, changedAt: now)
        settle(settlement, now: now)
    }

    /// The record, with what it was buried for.
    var shown: PaymentRecord {
        var shown = record
        shown.deadLetter = buried ?? record.deadLetter
        return shown
    }

    /// `nil` while anything of it is open, due or a dead letter: then it is kept however old it is.
    var expiry: Duration? {
        let hasReservations = reservations.capturing != nil || reservations.refundsOpen > 0
        let isKept = record.status.isOpen || hasReservations || keepingOperations > 0
        return isKept || claim.due != nil || shown.deadLetter != nil ? nil : changedAt + keeping.retention
    }

    func stored(at now: Duration) -> StoredPayment {
        StoredPayment(
            record: shown, reservations: reservations, holder: claim.holder(at: now), answered: claim.answered)
    }

    /// `nil` when there is no such operation.
    func work(_ operation: OperationID?, at now: Duration) -> StoredWork? {
        guard let operation else { return StoredWork(payment: stored(at: now)) }
        return operations[operation].map { StoredWork(payment: stored(at: now), operation: $0.stored(at: now)) }
    }

    /// The version tells the old owner that it is one no longer.
    mutating func takenOver(by claim: PaymentClaim, at now: Duration) -> PaymentClaimResult {
        trail.append(claim.takenOver)
        record.version += 1
        return .takenOver(stored(at: now))
    }

    // MARK: Recovering

    /// - Parameter entry: written where an owner's lease has run out; nobody had it before a turn of the schedule.
    mutating func take(_ operation: OperationID?, lease: Lease, _ entry: HistoryEntry, now: Duration) -> TakeResult {
        let hadOwner = operation.map { operations[$0]?.claim.hasOwner ?? false } ?? claim.hasOwner
        guard let verdict = take(operation, with: lease, now: now) else { return .gone }
        if case .takenOver = verdict {
            if hadOwner { trail.append(entry) }
            record.version += 1
        }
        return work(operation, at: now).map { .taken($0) } ?? .gone
    }

    private mutating func take(_ operation: OperationID?, with lease: Lease, now: Duration) -> MemoryClaim.Verdict? {
        guard let operation else { return claim.take(lease, now: now) }
        guard var known = operations[operation] else { return nil }
        defer { put(known) }
        return known.claim.take(lease, now: now)
    }

    mutating func bury(_ operation: OperationID?, as letter: DeadLetter, _ entry: HistoryEntry) {
        trail.append(entry)
        if let operation {
            guard var known = operations[operation] else { return }
            known.claim.bury()
            known.buried = letter
            put(known)
        } else {
            claim.bury()
            buried = letter
        }
    }

    // MARK: Claiming an operation

    mutating func claim(_ claim: OperationClaim, now: Duration) throws(StoreFailure) -> OperationClaimResult {
        let id = claim.record.id
        if var known = operations[id] {
            let verdict = known.claim.judge(fingerprints: claim.fingerprints, lease: claim.lease, now: now)
            put(known)
            if case .takenOver = verdict { trail.append(claim.takenOver) }
            return result(of: verdict, for: known, now: now)
        }
        if let refusal = refusal(of: claim, now: now) { return refusal }
        guard operations.count < StoreLimits.operationsPerPayment else {
            throw StoreFailure(code: .full, detail: "too many operations on one payment")
        }
        let operation = reserve(claim, now: now)
        trail.append(claim.requested)
        return .new(stored(at: now), operation)
    }

    private func result(of verdict: MemoryClaim.Verdict, for operation: Operation, now: Duration) -> OperationClaimResult {
        switch verdict {
        case .mismatch: .mismatch
        case .own where operation.claim.wasTakenOver: .takenOver(stored(at: now), operation.shown)
        case .own: .new(stored(at: now), operation.shown)
        case .current: .current(stored(at: now), operation.shown)
        case .takenOver: .takenOver(stored(at: now), operation.shown)
        case .replay(let answer): .replay(answer)
        case .running(let remaining): .running(remaining: remaining)
        }
    }

    private func refusal(of claim: OperationClaim, now: Duration) -> OperationClaimResult? {
        guard accepts(claim.record.kind) else { return .invalidState(record.status, busy: false) }
        guard !isBusy(for: claim.record.kind, now: now) else { return .invalidState(record.status, busy: true) }
        let available = available(for: claim.record.kind)
        guard claim.record.kind != .void else { return nil }
        guard available >= 1, (1...available).contains(claim.amount ?? available) else { return .exceeds(available: available) }
        return nil
    }

    private func accepts(_ kind: OperationRecord.Kind) -> Bool {
        switch kind {
        case .capture: record.status == .authorized
        case .void: [.authorized, .queued, .requiresAction].contains(record.status)
        case .refund: record.status == .succeeded && record.amountCaptured > 0
        // Nobody calls for one: a settlement begins it.
        case .reversal: false
        }
    }

    private func isBusy(for kind: OperationRecord.Kind, now: Duration) -> Bool {
        switch kind {
        case .capture: reservations.capturing != nil
        case .void: reservations.capturing != nil || (record.status == .queued && claim.holder(at: now) != nil)
        case .refund, .reversal: false
        }
    }

    private func available(for kind: OperationRecord.Kind) -> Int64 {
        switch kind {
        case .capture: record.money.minorUnits
        case .void, .reversal: 0
        case .refund: max(0, record.refundable - reservations.refundsOpen)
        }
    }

    /// The operation as it is stored: with its amount, and the gateway that holds the payment.
    private mutating func reserve(_ claim: OperationClaim, now: Duration) -> OperationRecord {
        var operation = claim.record
        operation.amount = operation.kind == .void ? 0 : claim.amount ?? available(for: operation.kind)
        operation.gateway = record.gateway
        operation.gatewayIdentity = record.gatewayIdentity
        let state = MemoryClaim(fingerprint: claim.fingerprints.first, lease: claim.lease, answered: claim.answered, now: now)
        add(Operation(record: operation, claim: state, reserves: true))
        keeping = claim.keeping
        changedAt = now
        return operation
    }

    private mutating func add(_ operation: Operation) {
        put(operation)
        guard operation.reserves else { return }
        switch operation.record.kind {
        case .capture, .void: reservations.capturing = operation.record.id
        case .refund: reservations.refundsOpen += operation.record.amount
        case .reversal: break
        }
    }

    /// The one place that counts what the payment is kept for.
    private mutating func put(_ operation: Operation) {
        if operations[operation.record.id]?.keeps == true { keepingOperations -= 1 }
        if operation.keeps { keepingOperations += 1 }
        operations[operation.record.id] = operation
    }

    // MARK: Settling

    /// Whether another answer was fixed before the one that is handed in.
    func result(of settlement: Settlement) -> SettleResult {
        let (fixed, before) =
            if let operation = settlement.operation {
                (operation.fixed, operations[operation.record.id]?.claim.fixed)
            } else {
                (settlement.fixed, claim.fixed)
            }
        guard let fixed, let before, before != fixed else { return .done }
        return .answeredBefore(before)
    }

    mutating func settle(_ settlement: Settlement, now: Duration) {
        record = settlement.record
        buried = nil
        claim.settle(fixed: settlement.fixed, hold: settlement.hold, wake: settlement.wake, now: now)
        if settlement.answered { claim.answered = true }
        keeping = settlement.keeping
        changedAt = now
        if let operation = settlement.operation { settle(operation, now: now) }
        remember(settlement.mark, settlement.history)
    }

    /// Whether this is the settlement's own work: it was repeated after a lost reply (R2).
    func hasTaken(_ settlement: Settlement) -> Bool {
        guard record.version != settlement.expectedVersion, record == settlement.record,
            settlement.mark.map({ marks.contains($0) }) ?? true
        else { return false }
        return settlement.operation.map { operations[$0.record.id]?.record == $0.record } ?? true
    }

    private mutating func remember(_ mark: CallbackMark?, _ entries: [HistoryEntry]) {
        for entry in entries.suffix(StoreLimits.historyEntries) { trail.append(entry) }
        if let mark { marks.append(mark) }
        marks.removeFirst(max(0, marks.count - StoreLimits.callbackMarks))
    }

    private mutating func settle(_ settlement: Settlement.OperationSettlement, now: Duration) {
        guard var operation = operations[settlement.record.id] else { return add(Self.whole(settlement, now: now)) }
        if operation.reserves, settlement.record.status.isFinal {
            operation.reserves = false
            release(operation.record)
        }
        operation.record = settlement.record
        operation.buried = nil
        operation.claim.settle(fixed: settlement.fixed, hold: settlement.hold, wake: settlement.wake, now: now)
        if settlement.answered { operation.claim.answered = true }
        put(operation)
    }

    /// A reversal reserves nothing: it gives back what its gateway should not hold.
    private static func whole(_ settlement: Settlement.OperationSettlement, now: Duration) -> Operation {
        let claim = MemoryClaim(writtenWith: settlement.fixed, hold: settlement.hold, wake: settlement.wake, now: now)
        let reserves = !settlement.record.status.isFinal && settlement.record.kind != .reversal
        return Operation(record: settlement.record, claim: claim, reserves: reserves)
    }

    private mutating func release(_ operation: OperationRecord) {
        switch operation.kind {
        case .capture, .void: reservations.capturing = nil
        case .refund: reservations.refundsOpen -= operation.amount
        case .reversal: break
        }
    }

    mutating func markAnswered(_ operation: OperationID?) {
        if let operation { operations[operation]?.claim.answered = true } else { claim.answered = true }
    }
    // MARK: Callbacks

    /// Whether the gateway may speak of it: the charge was tried there, or the operation is there.
    func wasTried(_ operation: OperationID?, at gateway: String) -> Bool {
        guard let operation else { return !record.chargeAttempts(at: gateway).isEmpty }
        return operations[operation]?.record.gateway == gateway
    }

    mutating func note(_ mark: CallbackMark, _ entry: HistoryEntry) -> NoteResult {
        if marks.contains(mark) { return .duplicate }
        remember(mark, [entry])
        return .noted
    }
}
