/// What the memory store keeps of one idempotency key: who asked, who is at work, when recovery looks, and what was answered.
struct MemoryClaim: Sendable {
    enum Verdict {
        case mismatch, own, current, takenOver
        case replay(FixedAnswer)
        case running(remaining: Duration)
    }

    private struct Holder {
        var token: String
        var until: Duration
    }

    /// `nil` where a settlement wrote the record whole: which request it was is not known, so any may see its answer.
    private let fingerprint: String?
    private var holder: Holder?
    private(set) var fixed: FixedAnswer?
    /// When recovery looks at it, on the store's clock.
    private(set) var due: Duration?
    var answered: Bool
    /// Whether an earlier owner may have sent: so also when the claim is repeated after a lost reply.
    private(set) var wasTakenOver = false

    init(fingerprint: String?, lease: Lease, answered: Bool, now: Duration) {
        self.fingerprint = fingerprint
        self.answered = answered
        hold(lease, now: now)
    }

    /// For a record that a settlement writes whole. Whoever renews a lease then is its holder.
    init(writtenWith fixed: FixedAnswer?, hold: Settlement.Hold, wake: Duration?, now: Duration) {
        self.fingerprint = nil
        self.fixed = fixed
        self.answered = true
        if case .renew(let lease) = hold { self.hold(lease, now: now) } else { due = wake.map { now + $0 } }
    }

    /// Whether somebody has it, though his lease may have run out.
    var hasOwner: Bool { holder != nil }

    /// The token of a lease that has not run out.
    func holder(at now: Duration) -> String? { holder.flatMap { now < $0.until ? $0.token : nil } }

    /// The order is the contract's: a stranger's request first, then the owner's repeat, then the fixed answer, then the lease.
    mutating func judge(fingerprints: [String], lease: Lease, now: Duration) -> Verdict {
        if let fingerprint, !fingerprints.contains(fingerprint) { return .mismatch }
        if let holder, holder.token == lease.token {
            hold(lease, now: now)
            return .own
        }
        if let fixed { return .replay(fixed) }
        if let holder, now < holder.until { return answered ? .current : .running(remaining: holder.until - now) }
        if holder == nil, answered { return .current }
        takeOver(lease, now: now)
        return .takenOver
    }

    /// `own` when it is held by this token already, `takenOver` when it is now; `nil` when its time has not come.
    mutating func take(_ lease: Lease, now: Duration) -> Verdict? {
        if let holder, holder.token == lease.token {
            hold(lease, now: now)
            return .own
        }
        guard let due, due <= now, holder(at: now) == nil else { return nil }
        takeOver(lease, now: now)
        return .takenOver
    }

    mutating func settle(fixed: FixedAnswer?, hold: Settlement.Hold, wake: Duration?, now: Duration) {
        if !answered { self.fixed = self.fixed ?? fixed }
        switch hold {
        case .keep: break
        case .renew(let lease): if holder?.token == lease.token { self.hold(lease, now: now) }
        case .release(let token): if holder?.token == token { holder = nil }
        }
        due = holder?.until ?? wake.map { now + $0 }
    }

    /// Recovery does not look at it any more.
    mutating func bury() { due = nil }

    private mutating func takeOver(_ lease: Lease, now: Duration) {
        hold(lease, now: now)
        wasTakenOver = true
    }

    private mutating func hold(_ lease: Lease, now: Duration) {
        let until = now + lease.duration
        holder = Holder(token: lease.token, until: until)
        due = until
    }
}
