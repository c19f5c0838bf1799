public import AdapterKit

/// What a gateway says of its own accord: a verified callback's content, in the terms of this module.
public struct GatewayWord: Sendable, Equatable {
    public let gateway: String
    /// Our reference of the charge.
    public let charge: String
    /// Our reference of the refund that it is about; `nil`: the charge itself.
    public let refund: String?
    public let outcome: Outcome

    public init(gateway: String, charge: String, refund: String? = nil, outcome: Outcome) {
        self.gateway = gateway
        self.charge = charge
        self.refund = refund
        self.outcome = outcome
    }
}

/// What became of a word. Whatever it is: it may be acknowledged, for what it says is stored.
public enum Reception: Sendable, Equatable {
    case applied
    /// It says nothing new, or something older than what is known.
    case stale
    /// No payment has an attempt at this gateway under this reference.
    case unmatched
}

extension PaymentService {
    /// Takes in a gateway's word, whoever is at work on the payment (R2). It speaks for that gateway's attempts alone.
    /// - Throws: when it is not certain that it was stored: then it must not be acknowledged (P4).
    public func hear(_ word: GatewayWord) async throws(StoreFailure) -> Reception {
        guard let payment = PaymentID(word.charge), let gateway = routing.gateway(named: word.gateway) else { return .unmatched }
        let operation = word.refund.flatMap { OperationID($0) }
        guard (word.refund == nil) == (operation == nil), let stored = try await store.work(WorkID(payment, operation)) else {
            return .unmatched
        }
        guard !stored.payment.record.chargeAttempts(at: gateway.name).isEmpty else { return .unmatched }
        return try await hear(word.outcome, from: gateway, stored, cause: .callback)
    }

    func hear(
        _ outcome: Outcome, from gateway: Gateway, _ stored: StoredWork, cause: HistoryEntry.Cause, asked: AttemptRecord? = nil
    ) async throws(StoreFailure) -> Reception {
        var held = Held(word: stored, cause: cause)
        let now = time.now()
        // A decline that may move on is left to whoever is at work; when nobody is, it ends the payment.
        let softDeclines = stored.payment.leased ? routing.candidates(of: stored.payment.record).softDeclines : []
        let word = Word(
            outcome: outcome, gateway: gateway.name, identity: gateway.identity, softDeclines: softDeclines, at: now)
        held.change { work, _ in
            let before = work
            if let operation = work.operation {
                guard operation.gateway == gateway.name else { return }
                work.operation?.apply(outcome, to: &work.payment, at: now)
            } else {
                work.payment.hear(word)
            }
            if let asked, work != before { work.payment.append(asked) }
        }
        if let sealed = sealed(held.payment, nil), held.hasChanges { held.change { work, _ in work.payment.sealed = sealed } }
        guard held.hasChanges else { return .stale }
        try await commitOnce(&held)
        return .applied
    }
}
