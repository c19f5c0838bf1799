public import AdapterKit

/// What became of an event that a callback brought. Whatever it is: what it says is stored.
public enum Reception: String, Sendable {
    case applied
    /// It says nothing new, or something older than what is known: that is noted.
    case stale
    /// It was applied or noted before.
    case duplicate
    /// No payment has an attempt at this gateway under this reference.
    case unmatched
}

/// What a callback was found to speak of.
struct CallbackMatch: Sendable {
    let work: StoredWork
    /// Whether it names another reference of ours than the work's: it was matched by the gateway's reference alone (O6).
    let namesAnother: Bool
}

extension PaymentService {
    /// Takes in the news of a verified callback, whoever is at work on the payment (R2). It speaks for that gateway's attempts alone.
    /// - Throws: when it is not certain that it was stored: then it must not be acknowledged (P4).
    public func hear(_ event: CallbackEvent, at gateway: String) async throws(StoreFailure) -> Reception {
        guard let gateway = routing.gateway(named: gateway), let match = try await match(event.subject, at: gateway) else {
            return .unmatched
        }
        return try await hear(event, from: gateway, match)
    }

    /// The same where somebody else has found what it speaks of.
    func hear(_ event: CallbackEvent, at gateway: String, as work: StoredWork) async throws(StoreFailure) -> Reception {
        guard let gateway = routing.gateway(named: gateway), work.isTried(at: gateway.name) else { return .unmatched }
        return try await hear(event, from: gateway, CallbackMatch(work: work, namesAnother: false))
    }

    /// By our own reference first, by the gateway's second, and only where that gateway has a stored attempt.
    func match(_ subject: CallbackSubject, at gateway: Gateway) async throws(StoreFailure) -> CallbackMatch? {
        if let id = subject.work, let work = try await store.work(id), work.isTried(at: gateway.name) {
            return CallbackMatch(work: work, namesAnother: false)
        }
        guard let reference = subject.gatewayReference,
            let id = try await callbacks.find(GatewayReference(reference, at: gateway.name), orWait: nil, for: .zero),
            (id.operation == nil) == (subject.kind == .charge), let work = try await store.work(id),
            work.isTried(at: gateway.name)
        else { return nil }
        return CallbackMatch(work: work, namesAnother: subject.namesAnother(than: id))
    }

    private func hear(
        _ event: CallbackEvent, from gateway: Gateway, _ match: CallbackMatch
    ) async throws(StoreFailure) -> Reception {
        let mark = CallbackMark(.event, event.id, at: gateway.name)
        var held = Held(word: match.work, cause: .callback, mark: mark)
        let asked = match.work.money
        let outcome = event.outcome.named(as: asked, saying: event.money)
        change(
            &held, by: outcome, from: gateway, contradicts: match.namesAnother || event.money.map { !$0.means(asked) } ?? false)
        if case .approved = outcome, held.payment.isUnwanted(at: gateway.name) {
            try await reopenReversal(of: held.payment, at: gateway)
        }
        guard held.hasChanges else { return try await note(mark, outcome, match.work) }
        switch try await commitOnce(&held) {
        case .duplicate: return .duplicate
        case .unchanged: return try await note(mark, outcome, match.work)
        case .written: return .applied
        }
    }

    private func note(
        _ mark: CallbackMark, _ outcome: Outcome, _ work: StoredWork
    ) async throws(StoreFailure) -> Reception {
        let record = work.payment.record
        let entry = HistoryEntry(
            at: time.now(), version: record.version, event: "callback_stale", cause: .callback,
            operation: work.operation?.record.id, gateway: mark.gateway, reason: outcome.kind.rawValue)
        switch try await store.note(mark, entry, on: record.id) {
        case .noted: return .stale
        case .duplicate: return .duplicate
        }
    }

    /// The gateway's word from an inquiry, outside of anybody's lease.
    func hear(
        _ outcome: Outcome, from gateway: Gateway, _ stored: StoredWork, cause: HistoryEntry.Cause, asked: AttemptRecord
    ) async throws(StoreFailure) -> Reception {
        var held = Held(word: stored, cause: cause)
        change(&held, by: outcome, from: gateway, asked: asked)
        guard held.hasChanges else { return .stale }
        return try await commitOnce(&held) == .written ? .applied : .stale
    }

    private func change(
        _ held: inout Held, by outcome: Outcome, from gateway: Gateway, contradicts: Bool = false, asked: AttemptRecord? = nil
    ) {
        let now = time.now()
        // A decline that may move on is left to whoever is at work; when nobody is, it ends the payment.
        let isLeased = held.stored.payment.leased
        let word = Word(
            outcome: outcome, gateway: gateway.name, identity: gateway.identity,
            softDeclines: isLeased ? routing.candidates(of: held.payment).softDeclines : [], contradicts: contradicts, at: now)
        held.change { work, _ in
            let before = work
            if let operation = work.operation {
                guard operation.gateway == gateway.name else { return }
                if contradicts {
                    work.operation?.contradict(outcome, at: now)
                } else {
                    work.changeOperation { $0.apply(outcome, to: &$1, at: now) }
                }
            } else {
                work.payment.hear(word)
            }
            if let asked, work != before { work.payment.append(asked) }
        }
        guard held.hasChanges, let sealed = sealed(held.payment, nil) else { return }
        // Somebody else may have queued it meanwhile: then its card number is still needed (R5).
        held.change { work, _ in if work.payment.isFinal || work.payment.holder != nil { work.payment.sealed = sealed } }
    }
}

extension StoredWork {
    /// Whether this gateway has a stored attempt of it.
    func isTried(at gateway: String) -> Bool {
        guard !payment.record.chargeAttempts(at: gateway).isEmpty else { return false }
        return operation.map { $0.record.gateway == gateway } ?? true
    }

    /// What was asked for.
    fileprivate var money: Money {
        let asked = payment.record.money
        return operation.map { Money(minorUnits: $0.record.amount, currency: asked.currency) } ?? asked
    }
}

extension CallbackSubject {
    /// What it names in our own references; `nil`: nothing of ours.
    var work: WorkID? {
        guard let payment = charge.flatMap({ PaymentID($0) }) else { return nil }
        guard kind == .refund else { return WorkID(payment) }
        return refund.flatMap { OperationID($0) }.map { WorkID(payment, $0) }
    }

    fileprivate func namesAnother(than work: WorkID) -> Bool {
        if let charge, charge != work.payment.text { return true }
        if let refund, refund != work.operation?.text { return true }
        return false
    }
}

extension Money {
    /// Where no currency is named, only the amounts are compared.
    fileprivate func means(_ asked: Money) -> Bool {
        minorUnits == asked.minorUnits && (currency == .unnamed || currency == asked.currency)
    }
}

extension Outcome {
    /// With the charge's currency where the gateway names none, and its amount where it names neither.
    fileprivate func named(as asked: Money, saying money: Money?) -> Outcome {
        guard case .approved(var approval) = self, approval.money.currency == .unnamed else { return self }
        let isUnsaid = money == nil && approval.money == .unsaid
        approval.money = isUnsaid ? asked : Money(minorUnits: approval.money.minorUnits, currency: asked.currency)
        return .approved(approval)
    }
}
