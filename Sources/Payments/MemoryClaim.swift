/// What the memory store keeps of one idempotency key: who asked, who is at work, and what was answered.
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

    /// `nil` where a settlement restored a lost record: which request it was is not known, so any may see its answer.
    private let fingerprint: String?
    private var holder: Holder?
    private var fixed: FixedAnswer?
    var answered: Bool
    /// Whether an earlier owner may have sent: so also when the claim is repeated after a lost reply.
    private(set) var wasTakenOver = false

    init(fingerprint: String?, lease: Lease, answered: Bool, now: Duration) {
        self.fingerprint = fingerprint
        self.holder = Holder(token: lease.token, until: now + lease.duration)
        self.answered = answered
    }

    /// For a record that was lost and is written whole.
    init(restoredWith fixed: FixedAnswer?) {
        self.fingerprint = nil
        self.fixed = fixed
        self.answered = true
    }

    func isLeased(at now: Duration) -> Bool { holder.map { now < $0.until } ?? false }

    /// The order is the contract's: a stranger's request first, then the owner's repeat, then the fixed answer, then the lease.
    mutating func judge(fingerprints: [String], lease: Lease, now: Duration) -> Verdict {
        if let fingerprint, !fingerprints.contains(fingerprint) { return .mismatch }
        if let holder, holder.token == lease.token {
            hold(lease, now: now)
            return .own
        }
        if let fixed { return .replay(fixed) }
        guard let holder else { return .current }
        guard now >= holder.until else {
            return answered ? .current : .running(remaining: holder.until - now)
        }
        hold(lease, now: now)
        wasTakenOver = true
        return .takenOver
    }

    mutating func settle(fixed: FixedAnswer?, releasing token: String?) {
        self.fixed = self.fixed ?? fixed
        if let token, holder?.token == token { holder = nil }
    }

    private mutating func hold(_ lease: Lease, now: Duration) {
        holder = Holder(token: lease.token, until: now + lease.duration)
    }
}
