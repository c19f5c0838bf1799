import AdapterKit

/// What is to be known when nothing more can be done for a charge now, and what becomes of it then.
struct ChargeRest: Sendable {
    let now: Timestamp
    /// Nobody was told of it and its time to be sent is over (K6).
    let isTooOldToSend: Bool
    /// Whether this was a turn of the inquiry schedule.
    let hasAsked: Bool
    let queue: Cadence
    let inquiry: Cadence
    /// A gateway with an unresolved attempt is not configured any more, or is another account now (R9).
    let isGatewayGone: Bool
    /// Whether what a gateway is sent is stored, or its caller may still bring it: a card number is kept only while it is queued.
    let canBeSent: Bool
    /// Why what is stored of it could not be opened.
    let closed: VaultFailure.Reason?
}

extension PaymentRecord {
    mutating func rest(_ rest: ChargeRest) {
        switch status {
        case .processing, .queued: settleDown(rest)
        case .requiresAction: if rest.hasAsked { keepAsking(rest.inquiry, at: rest.now) }
        case .authorized, .succeeded, .failed, .canceled, .manualReview: break
        }
    }

    private mutating func settleDown(_ rest: ChargeRest) {
        if status == .processing, processingReason == .awaitingGateway {
            if rest.hasAsked { keepAsking(rest.inquiry, at: rest.now) }
            return
        }
        guard unresolvedAttempts.isEmpty else {
            if rest.isGatewayGone { return review(.gatewayChanged, at: rest.now) }
            becomeUnknown(at: rest.now)
            if rest.hasAsked { keepAsking(rest.inquiry, at: rest.now) }
            return
        }
        // It is proved that no gateway holds anything.
        if rest.isTooOldToSend { return close(.gatewayUnavailable) }
        if !rest.canBeSent, onUnavailable == .queue, softDecline == nil, let reason = missing(rest) {
            return review(reason, at: rest.now)
        }
        becomeUnavailable(at: rest.now, queue: rest.queue)
    }
}

extension PaymentRecord {
    /// Turns that are left to a replica, or a reload, that has the key.
    fileprivate static let turnsForKey = 3

    /// Why nobody can send it; `nil` where somebody else may.
    private func missing(_ rest: ChargeRest) -> DeadLetter.Reason? {
        switch rest.closed {
        case nil: .incomplete
        case .unknownKey where (queue?.tries ?? 0) < Self.turnsForKey: nil
        case .unknownKey, .altered, .malformed, .notSealed: .undecryptable
        }
    }
}

extension OperationRecord {
    /// Its request stays closed, so nothing is sent: without it that would be another one (O3).
    mutating func rest(closed reason: VaultFailure.Reason, at now: Timestamp) {
        guard status == .processing, reason != .unknownKey || (schedule?.tries ?? 0) >= PaymentRecord.turnsForKey else { return }
        review(.undecryptable, at: now)
    }
}

// MARK: - When it is looked at again

extension PaymentService {
    /// When recovery looks at a payment again that nobody holds; `nil`: never.
    func wake(of record: PaymentRecord, at now: Timestamp) -> Duration? {
        if !record.reversalsDue.isEmpty { return .zero }
        switch record.status {
        case .queued: return settings.queue.delay(after: record.queue?.tries ?? 0)
        case .processing, .requiresAction:
            let delay = inquiryCadence(of: record).delay(after: record.schedule?.tries ?? 0)
            guard let attempt = record.unresolvedAttempts.first, let gateway = routing.gateway(named: attempt.gateway),
                let proof = record.proof(ofNothingHeldBy: gateway), proof > now
            else { return delay }
            return min(delay, proof - now)
        case .authorized, .succeeded, .failed, .canceled, .manualReview: return nil
        }
    }

    /// The same for an operation.
    func wake(of operation: OperationRecord, _ record: PaymentRecord, at now: Timestamp) -> Duration? {
        guard operation.status == .processing else { return nil }
        let cadence = operation.gateway.flatMap { routing.gateway(named: $0) }?.policy.inquiry ?? .inquiry
        let delay = cadence.delay(after: operation.schedule?.tries ?? 0)
        guard let until = operation.watchedUntil, until > now else { return delay }
        return min(delay, until - now)
    }
}
