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

    private struct Deadline {
        let payment: PaymentID
        let at: Duration
    }

    /// Expired slots cleared by one call, so that none waits long.
    private static let sweepStep = 16

    private let maximum: Int
    private var slots: [PaymentID: Slot] = [:]
    /// In the order of their arrival.
    private var index: [Reference: [PaymentID]] = [:]
    private(set) var dueIndex = MemoryDueIndex()
    private(set) var shelves = MemoryShelves()
    var outbox: MemoryOutbox
    private var waiting: MemoryWaiting
    private var arrivals = MemoryArrivals()
    /// Of as many tenants as are configured.
    private var buckets: [String: Quota.Bucket] = [:]
    private var expiring = MemoryLine<Deadline>()
    private var forgetting = MemoryLine<Deadline>()

    init(maximum: Int, maximumEvents: Int) {
        self.maximum = maximum
        outbox = MemoryOutbox(maximum: maximumEvents)
        waiting = MemoryWaiting(maximum: maximum)
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

    func payments(after number: Int, limit: Int, now: Duration) -> PaymentPage {
        let page = arrivals.page(after: number, limit: limit)
        return PaymentPage(ids: page.ids.filter { payment($0, now: now) != nil }, next: page.last.map { String($0) })
    }

    private func isMarked(_ id: PaymentID, now: Duration) -> Bool {
        switch slots[id] {
        case .mark(let until): now < until
        case .kept(let payment): payment.expiry.map { now < $0 + payment.keeping.keys } ?? true
        case nil: false
        }
    }

    // MARK: Changing

    /// `nil` where a token was taken, or nobody counts.
    private mutating func shortage(of tenant: String, _ quota: Quota?, now: Duration) -> Quota.Standing? {
        quota.flatMap { buckets[tenant, default: Quota.Bucket()].take(of: $0, now: now) }
    }

    mutating func claim(_ claim: PaymentClaim, now: Duration) throws(StoreFailure) -> PaymentClaimResult {
        if let standing = shortage(of: claim.record.tenant, claim.quota, now: now) { return .limited(standing) }
        let id = claim.record.id
        guard let known = payment(id, now: now) else { return try open(claim, now: now) }
        guard known.record.tenant == claim.record.tenant else { return .mismatch }
        let begun = begun(id, now: now)
        return change(id, now: now) { payment in
            switch payment.claim.judge(fingerprints: claim.fingerprints, lease: claim.lease, now: now) {
            case .mismatch: .mismatch
            case .own: payment.record.version == 1 ? begun : .takenOver(payment.stored(at: now))
            case .current: .current(payment.stored(at: now))
            case .takenOver: payment.takenOver(by: claim, at: now)
            case .replay(let answer): .replay(answer)
            case .running(let remaining): .running(remaining: remaining)
            }
        } ?? .mismatch
    }

    private mutating func open(_ claim: PaymentClaim, now: Duration) throws(StoreFailure) -> PaymentClaimResult {
        guard !isMarked(claim.record.id, now: now) else { return .mismatch }
        try add(MemoryPayment(claim, now: now))
        enter(claim.record.id, nil)
        return begun(claim.record.id, now: now)
    }

    private func begun(_ id: PaymentID, now: Duration) -> PaymentClaimResult {
        let callbacks = callbacks(for: id, now: now)
        return callbacks.isEmpty ? .new : .awaited(callbacks)
    }

    mutating func claim(_ claim: OperationClaim, now: Duration) throws(StoreFailure) -> OperationClaimResult {
        if let standing = shortage(of: claim.record.tenant, claim.quota, now: now) { return .limited(standing) }
        guard payment(claim.record.payment, tenant: claim.record.tenant, now: now) != nil else { return .notFound }
        return try change(claim.record.payment, claim.record.id, now: now) { payment throws(StoreFailure) in
            try payment.claim(claim, now: now)
        } ?? .notFound
    }

    mutating func settle(_ settlement: Settlement, now: Duration) throws(StoreFailure) -> SettleResult {
        let (id, operation) = (settlement.record.id, settlement.operation?.record.id)
        guard let known = payment(id, now: now) else {
            try restore(settlement, now: now)
            return .done
        }
        if known.hasTaken(settlement) { return known.result(of: settlement) }
        if let mark = settlement.mark, known.marks.contains(mark) { return .duplicate }
        guard known.record.version == settlement.expectedVersion else {
            return .conflict(known.stored(at: now), operation.flatMap { known.operations[$0]?.stored(at: now) })
        }
        try outbox.requireRoom(for: settlement.events.count)
        let result = known.result(of: settlement)
        change(id, operation, now: now) { $0.settle(settlement, now: now) }
        for event in settlement.events { outbox.append(event) }
        return result
    }

    private mutating func restore(_ settlement: Settlement, now: Duration) throws(StoreFailure) {
        try outbox.requireRoom(for: settlement.events.count)
        try add(MemoryPayment(restoring: settlement, now: now))
        enter(settlement.record.id, settlement.operation?.record.id)
        for event in settlement.events { outbox.append(event) }
    }

    // MARK: Callbacks

    mutating func match(
        _ work: WorkID, at gateway: String, orWait callback: CallbackID, for duration: Duration, now: Duration
    ) throws(StoreFailure) -> MatchResult {
        if let payment = payment(work.payment, now: now), payment.wasTried(work.operation, at: gateway),
            let stored = payment.work(work.operation, at: now)
        {
            return .matched(stored)
        }
        try waiting.add(callback, for: work.payment, duration, now: now)
        return .waits
    }

    func callbacks(for payment: PaymentID, now: Duration) -> [CallbackID] { waiting.callbacks(for: payment, now: now) }

    mutating func note(_ mark: CallbackMark, _ entry: HistoryEntry, on payment: PaymentID, now: Duration) -> NoteResult {
        change(payment, now: now) { $0.note(mark, entry) } ?? .noted
    }

    // MARK: Recovering

    mutating func take(_ work: WorkID, lease: Lease, _ entry: HistoryEntry, now: Duration) -> TakeResult {
        change(work.payment, work.operation, now: now) { $0.take(work.operation, lease: lease, entry, now: now) } ?? .gone
    }

    mutating func bury(_ work: WorkID, as letter: DeadLetter, now: Duration) {
        let entry = HistoryEntry.buried(work, letter.reason, at: letter.since)
        change(work.payment, work.operation, now: now) { $0.bury(work.operation, as: letter, entry) }
    }

    func work(_ id: WorkID, now: Duration) -> StoredWork? { payment(id.payment, now: now)?.work(id.operation, at: now) }

    func listed(on kind: Shelf.Kind, after cursor: String?, limit: Int, now: Duration) throws(StoreFailure) -> ShelfPage {
        let page = try shelves.works(on: kind, after: cursor, limit: limit)
        return ShelfPage(items: page.works.map { .init(id: $0, work: work($0, now: now)) }, next: page.next)
    }

    // MARK: Keeping

    /// Changes a payment that is kept, and one of its operations where it is named; then enters both wherever they belong.
    @discardableResult
    mutating func change<Result, Failure: Error>(
        _ id: PaymentID, _ operation: OperationID? = nil, now: Duration,
        _ body: (inout MemoryPayment) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard var payment = payment(id, now: now) else { return nil }
        // Held in one place only, so that what it holds is not copied.
        slots[id] = nil
        defer {
            slots[id] = .kept(payment)
            enter(id, operation)
        }
        return try body(&payment)
    }

    /// The indexes and the sweep follow what the payment says.
    private mutating func enter(_ id: PaymentID, _ operation: OperationID?) {
        guard case .kept(let payment) = slots[id] else { return }
        let work = WorkID(id)
        dueIndex.set(work, at: payment.claim.due, lane: payment.record.lane)
        shelves.put(work, on: payment.shown.shelf)
        if let operation = operation.flatMap({ payment.operations[$0] }) {
            let work = WorkID(id, operation.record.id)
            dueIndex.set(work, at: operation.claim.due, lane: operation.record.lane)
            shelves.put(work, on: operation.shown.shelf)
        }
        line(id)
    }

    private mutating func add(_ payment: MemoryPayment) throws(StoreFailure) {
        guard slots.count < maximum || slots[payment.record.id] != nil else {
            throw StoreFailure(code: .full, detail: "as many payments as memory may hold")
        }
        slots[payment.record.id] = .kept(payment)
        arrivals.add(payment.record.id, kept: slots.count) { slots[$0] != nil }
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
        waiting.sweep(Self.sweepStep, now: now)
    }

    private mutating func line(_ id: PaymentID) {
        guard case .kept(var payment) = slots[id], !payment.isLined, let expiry = payment.expiry else { return }
        payment.isLined = true
        slots[id] = .kept(payment)
        expiring.append(Deadline(payment: id, at: expiry))
    }

    private mutating func expire(_ id: PaymentID, now: Duration) {
        guard case .kept(var payment) = slots[id] else { return }
        payment.isLined = false
        slots[id] = .kept(payment)
        guard let expiry = payment.expiry, expiry <= now else { return line(id) }
        let until = expiry + payment.keeping.keys
        slots[id] = .mark(until: until)
        forgetting.append(Deadline(payment: id, at: until))
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
