/// All that the memory store holds: payments, the marks of keys whose payments have expired, and the index by reference.
struct MemoryPayments {
    private enum Slot {
        case kept(MemoryPayment)
        /// K7: the key was used; its payment is gone.
        case mark(until: Duration)
    }

    private struct Reference: Hashable {
        let tenant: String
        let reference: String
    }

    private struct Due {
        let payment: PaymentID
        let at: Duration
    }

    /// Expired slots cleared by one call, so that none waits long.
    private static let sweepStep = 16

    private let maximum: Int
    private var slots: [PaymentID: Slot] = [:]
    /// In the order of their arrival.
    private var index: [Reference: [PaymentID]] = [:]
    private var expiring = MemoryLine<Due>()
    private var forgetting = MemoryLine<Due>()

    init(maximum: Int) {
        self.maximum = maximum
    }

    // MARK: Reading

    func payment(_ id: PaymentID, now: Duration) -> MemoryPayment? {
        guard case .kept(let payment) = slots[id], payment.expiry.map({ now < $0 }) ?? true else { return nil }
        return payment
    }

    func payment(_ id: PaymentID, tenant: String, now: Duration) -> MemoryPayment? {
        payment(id, now: now).flatMap { $0.record.tenant == tenant ? $0 : nil }
    }

    func payments(tenant: String, reference: String, limit: Int, now: Duration) -> [StoredPayment] {
        let ids = index[Reference(tenant: tenant, reference: reference)] ?? []
        let listed = ids.compactMap { payment($0, tenant: tenant, now: now)?.stored(at: now) }
            .filter { $0.record.reference == reference }
        let newest = listed.sorted { left, right in
            (left.record.createdAt, left.record.id.text) > (right.record.createdAt, right.record.id.text)
        }
        return Array(newest.prefix(max(0, limit)))
    }

    private func isMarked(_ id: PaymentID, now: Duration) -> Bool {
        switch slots[id] {
        case .mark(let until): now < until
        case .kept(let payment): payment.expiry.map { now < $0 + payment.keeping.keys } ?? true
        case nil: false
        }
    }

    // MARK: Changing

    mutating func claim(_ claim: PaymentClaim, now: Duration) throws(StoreFailure) -> PaymentClaimResult {
        let id = claim.record.id
        guard let known = payment(id, now: now) else { return try open(claim, now: now) }
        guard known.record.tenant == claim.record.tenant else { return .mismatch }
        return change(id, now: now) { payment in
            switch payment.claim.judge(fingerprints: claim.fingerprints, lease: claim.lease, now: now) {
            case .mismatch: .mismatch
            case .own: payment.record.version == 1 ? .new : .takenOver(payment.stored(at: now))
            case .current: .current(payment.stored(at: now))
            case .takenOver: payment.takenOver(at: now)
            case .replay(let answer): .replay(answer)
            case .running(let remaining): .running(remaining: remaining)
            }
        } ?? .mismatch
    }

    private mutating func open(_ claim: PaymentClaim, now: Duration) throws(StoreFailure) -> PaymentClaimResult {
        guard !isMarked(claim.record.id, now: now) else { return .mismatch }
        let state = MemoryClaim(fingerprint: claim.fingerprints.first, lease: claim.lease, answered: claim.answered, now: now)
        try add(MemoryPayment(record: claim.record, claim: state, keeping: claim.keeping, changedAt: now))
        return .new
    }

    mutating func claim(_ claim: OperationClaim, now: Duration) throws(StoreFailure) -> OperationClaimResult {
        guard payment(claim.record.payment, tenant: claim.record.tenant, now: now) != nil else { return .notFound }
        return try change(claim.record.payment, now: now) { payment throws(StoreFailure) in
            try payment.claim(claim, now: now)
        } ?? .notFound
    }

    mutating func settle(_ settlement: Settlement, now: Duration) throws(StoreFailure) -> SettleResult {
        guard let known = payment(settlement.record.id, now: now) else {
            try restore(settlement, now: now)
            return .done
        }
        guard known.record.version == settlement.expectedVersion else { return compare(settlement, with: known, now: now) }
        change(settlement.record.id, now: now) { $0.settle(settlement, now: now) }
        return .done
    }

    /// A settlement repeated after a lost reply finds its own work (R2).
    private func compare(_ settlement: Settlement, with known: MemoryPayment, now: Duration) -> SettleResult {
        let operation = settlement.operation.flatMap { known.operations[$0.record.id]?.record }
        if known.record == settlement.record, operation == settlement.operation?.record { return .done }
        return .conflict(known.stored(at: now), operation)
    }

    private mutating func restore(_ settlement: Settlement, now: Duration) throws(StoreFailure) {
        let claim = MemoryClaim(restoredWith: settlement.fixed)
        var payment = MemoryPayment(record: settlement.record, claim: claim, keeping: settlement.keeping, changedAt: now)
        payment.settle(settlement, now: now)
        try add(payment)
        line(settlement.record.id)
    }

    /// Changes a payment that is kept, and lines it up for the sweep if it may expire now.
    @discardableResult
    mutating func change<Result, Failure: Error>(
        _ id: PaymentID, now: Duration, _ body: (inout MemoryPayment) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard var payment = payment(id, now: now) else { return nil }
        let result = try body(&payment)
        slots[id] = .kept(payment)
        line(id)
        return result
    }

    private mutating func add(_ payment: MemoryPayment) throws(StoreFailure) {
        guard slots.count < maximum || slots[payment.record.id] != nil else {
            throw StoreFailure(code: .full, detail: "as many payments as memory may hold")
        }
        slots[payment.record.id] = .kept(payment)
        let reference = Reference(tenant: payment.record.tenant, reference: payment.record.reference)
        var ids = index[reference] ?? []
        ids.removeAll { $0 == payment.record.id }
        ids.append(payment.record.id)
        index[reference] = Array(ids.suffix(StoreLimits.paymentsPerReference))
    }

    // MARK: Forgetting

    /// Every payment is in line at most once; one that changed meanwhile goes back to the end. So the work is paid for by
    /// the changes that made it.
    mutating func sweep(now: Duration) {
        for _ in 0..<Self.sweepStep {
            guard let due = expiring.popFirst(where: { $0.at <= now }) else { break }
            expire(due.payment, now: now)
        }
        for _ in 0..<Self.sweepStep {
            guard let due = forgetting.popFirst(where: { $0.at <= now }) else { break }
            forget(due.payment, now: now)
        }
    }

    private mutating func line(_ id: PaymentID) {
        guard case .kept(var payment) = slots[id], !payment.isLined, let expiry = payment.expiry else { return }
        payment.isLined = true
        slots[id] = .kept(payment)
        expiring.append(Due(payment: id, at: expiry))
    }

    private mutating func expire(_ id: PaymentID, now: Duration) {
        guard case .kept(var payment) = slots[id] else { return }
        payment.isLined = false
        slots[id] = .kept(payment)
        guard let expiry = payment.expiry, expiry <= now else { return line(id) }
        let until = expiry + payment.keeping.keys
        slots[id] = .mark(until: until)
        forgetting.append(Due(payment: id, at: until))
        unlist(payment.record)
    }

    private mutating func forget(_ id: PaymentID, now: Duration) {
        // The key may have been used again since: then this slot is a payment's, or a younger mark's.
        guard case .mark(let until) = slots[id], until <= now else { return }
        slots[id] = nil
    }

    private mutating func unlist(_ record: PaymentRecord) {
        let reference = Reference(tenant: record.tenant, reference: record.reference)
        index[reference]?.removeAll { $0 == record.id }
        if index[reference]?.isEmpty == true { index[reference] = nil }
    }
}
