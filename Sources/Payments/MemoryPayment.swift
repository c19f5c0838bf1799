import AdapterKit

/// One payment in memory, with its operations and what they have reserved.
struct MemoryPayment: Sendable {
    struct Operation: Sendable {
        var record: OperationRecord
        var claim: MemoryClaim
        /// Whether it still holds its reservation: so that it ends once.
        var reserves: Bool
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

    init(record: PaymentRecord, claim: MemoryClaim, keeping: Keeping, changedAt: Duration) {
        self.record = record
        self.claim = claim
        self.keeping = keeping
        self.changedAt = changedAt
    }

    /// `nil` while anything of it is open: then it is kept however old it is.
    var expiry: Duration? {
        let hasReservations = reservations.capturing != nil || reservations.refundsOpen > 0
        return record.status.isOpen || hasReservations ? nil : changedAt + keeping.retention
    }

    func stored(at now: Duration) -> StoredPayment {
        StoredPayment(record: record, reservations: reservations, leased: claim.isLeased(at: now))
    }

    /// The version tells the old owner that it is one no longer.
    mutating func takenOver(at now: Duration) -> PaymentClaimResult {
        record.version += 1
        return .takenOver(stored(at: now))
    }

    // MARK: Claiming an operation

    mutating func claim(_ claim: OperationClaim, now: Duration) throws(StoreFailure) -> OperationClaimResult {
        let id = claim.record.id
        if var known = operations[id] {
            let verdict = known.claim.judge(fingerprints: claim.fingerprints, lease: claim.lease, now: now)
            operations[id] = known
            return result(of: verdict, for: known, now: now)
        }
        if let refusal = refusal(of: claim, now: now) { return refusal }
        guard operations.count < StoreLimits.operationsPerPayment else {
            throw StoreFailure(code: .full, detail: "too many operations on one payment")
        }
        let operation = reserve(claim, now: now)
        return .new(stored(at: now), operation)
    }

    private func result(of verdict: MemoryClaim.Verdict, for operation: Operation, now: Duration) -> OperationClaimResult {
        switch verdict {
        case .mismatch: .mismatch
        case .own where operation.claim.wasTakenOver: .takenOver(stored(at: now), operation.record)
        case .own: .new(stored(at: now), operation.record)
        case .current: .current(stored(at: now), operation.record)
        case .takenOver: .takenOver(stored(at: now), operation.record)
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
        }
    }

    private func isBusy(for kind: OperationRecord.Kind, now: Duration) -> Bool {
        switch kind {
        case .capture: reservations.capturing != nil
        case .void: reservations.capturing != nil || (record.status == .queued && claim.isLeased(at: now))
        case .refund: false
        }
    }

    private func available(for kind: OperationRecord.Kind) -> Int64 {
        switch kind {
        case .capture: record.money.minorUnits
        case .void: 0
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
        operations[operation.record.id] = operation
        guard operation.reserves else { return }
        switch operation.record.kind {
        case .capture, .void: reservations.capturing = operation.record.id
        case .refund: reservations.refundsOpen += operation.record.amount
        }
    }

    // MARK: Settling

    mutating func settle(_ settlement: Settlement, now: Duration) {
        record = settlement.record
        claim.settle(fixed: settlement.fixed, releasing: settlement.releasing)
        keeping = settlement.keeping
        changedAt = now
        if let operation = settlement.operation { settle(operation) }
    }

    private mutating func settle(_ settlement: Settlement.OperationSettlement) {
        let id = settlement.record.id
        guard var operation = operations[id] else {
            let claim = MemoryClaim(restoredWith: settlement.fixed)
            return add(Operation(record: settlement.record, claim: claim, reserves: !settlement.record.status.isFinal))
        }
        if operation.reserves, settlement.record.status.isFinal {
            operation.reserves = false
            release(operation.record)
        }
        operation.record = settlement.record
        operation.claim.settle(fixed: settlement.fixed, releasing: settlement.releasing)
        operations[id] = operation
    }

    private mutating func release(_ operation: OperationRecord) {
        switch operation.kind {
        case .capture, .void: reservations.capturing = nil
        case .refund: reservations.refundsOpen -= operation.amount
        }
    }

    mutating func markAnswered(_ operation: OperationID?) {
        if let operation { operations[operation]?.claim.answered = true } else { claim.answered = true }
    }
}
