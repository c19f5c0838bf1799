import AdapterKit

/// What is known of the gateways that were tried (O1, O4, R3, R6): read from the attempts alone.
extension PaymentRecord {
    /// Attempts to charge that may have happened: `unknown`, or never ended, and not cleared up since.
    var unresolvedAttempts: [AttemptRecord] { attempts.filter(\.isUnresolved) }

    /// Whether it is open to another attempt: no gateway has taken it, and nobody else decides.
    var maySend: Bool {
        switch status {
        case .processing: processingReason != .awaitingGateway
        case .queued: true
        case .requiresAction, .authorized, .succeeded, .failed, .canceled, .manualReview: false
        }
    }

    /// What this gateway calls its charge.
    func reference(at gateway: String) -> String? {
        if self.gateway == gateway, let gatewayReference { return gatewayReference }
        return attempts.last { $0.isCharge && $0.gateway == gateway && $0.gatewayReference != nil }?.gatewayReference
    }

    /// Whether this gateway can be asked: by our reference, or by its own where it told one.
    func canAsk(_ gateway: Gateway) -> Bool {
        gateway.adapter.capabilities.inquiryByReference || reference(at: gateway.name) != nil
    }

    var lastChargeAttempt: AttemptRecord? { attempts.last(where: \.isCharge) }

    /// The gateway whose success is stored: the only one that may hold anything.
    var holder: String? {
        switch status {
        case .authorized, .succeeded: gateway
        case .processing, .queued, .requiresAction, .failed, .canceled, .manualReview: nil
        }
    }

    /// Whether this gateway's word is about the try that is going on. A refusal of any other is stale.
    func isBeingTried(at gateway: String) -> Bool {
        switch status {
        case .processing, .requiresAction, .manualReview: self.gateway == gateway
        // Everyone was done with; but whoever takes it now after all has it.
        case .queued: attempts.contains { $0.isCharge && $0.gateway == gateway }
        case .authorized, .succeeded, .failed, .canceled: false
        }
    }

    /// When "not found" there proves that nothing was processed: every attempt ended, under the same identity, so long ago as the
    /// gateway declares (O3, O4, O5). An attempt whose end was not recorded ends when its signature does (R3). `nil`: never.
    func proof(ofNothingHeldBy gateway: Gateway) -> Timestamp? {
        let capabilities = gateway.adapter.capabilities
        guard let delay = capabilities.notFoundFinalAfter else { return nil }
        var proof = Timestamp(milliseconds: .min)
        for attempt in attempts where attempt.isCharge && attempt.gateway == gateway.name {
            guard attempt.identity == gateway.identity else { return nil }
            if let end = attempt.end {
                proof = max(proof, attempt.startedAt + .milliseconds(Int64(end.duration.rounded(.up))) + delay)
            } else {
                guard let life = capabilities.acceptsSignedRequestFor else { return nil }
                proof = max(proof, attempt.startedAt + life + delay)
            }
        }
        return proof
    }

    /// Whether a capture, void or refund may have been done: not all of its attempts were refused, or its first one was never
    /// recorded (it carries the time-stamp of the claim).
    func mayHaveHappened(_ operation: OperationRecord) -> Bool {
        let sent = attempts.filter { $0.reference == operation.id.text && $0.operation != .inquiry }
        return !sent.contains { $0.startedAt == operation.createdAt } || sent.contains(where: \.mayBeDone)
    }

    /// Whether the payer's time to act is over, and any late success with it (R4).
    func hasLapsed(at gateway: Gateway, now: Timestamp) -> Bool {
        guard let expiry = nextAction?.expiresAt.flatMap({ Timestamp(wholeSecondsRFC3339: $0) }), expiry < now else {
            return false
        }
        return afterExpiry(at: gateway).map { expiry + $0 < now } ?? true
    }

    /// How long after the payer's time to act a success may still come.
    private func afterExpiry(at gateway: Gateway) -> Duration? {
        let capabilities = gateway.adapter.capabilities
        if let margin = capabilities.lateSuccessAfterExpiry { return margin }
        if case .within(let late) = capabilities.lateSuccess { return late }
        return nil
    }

    /// Until when a success of this gateway may still come; `nil`: none can.
    func lateSuccess(at gateway: Gateway) -> Timestamp? {
        guard case .within(let late) = gateway.adapter.capabilities.lateSuccess,
            let last = attempts.last(where: { $0.isCharge && $0.gateway == gateway.name })
        else { return nil }
        return last.startedAt + late
    }

    /// Whether the same gateway may be sent the same reference again (O3): by the same identity, within three quarters of the
    /// reference's life.
    func mayRepeat(at gateway: Gateway, now: Timestamp) -> Bool {
        let sent = attempts.filter { $0.isCharge && $0.gateway == gateway.name }
        guard let first = sent.first else { return true }
        guard sent.allSatisfy({ $0.identity == gateway.identity }) else { return false }
        return gateway.adapter.capabilities.mayRepeat(after: now - first.startedAt)
    }

    /// Gateways that hold, or may come to hold, what they should not: they get a reversal each (R6).
    var reversalsDue: [String] {
        var due: [String] = []
        for attempt in attempts where attempt.isCharge && !due.contains(attempt.gateway) && !reversedAt.contains(attempt.gateway)
        {
            if attempt.holdsUnwanted == true || (isBehind(attempt.gateway) && attempt.mayHold) { due.append(attempt.gateway) }
        }
        return due
    }

    /// Whether the payment has gone on without this gateway.
    private func isBehind(_ gateway: String) -> Bool {
        switch status {
        case .authorized, .succeeded: self.gateway != gateway
        case .failed: true
        case .canceled: self.gateway != gateway
        case .processing, .requiresAction: self.gateway != gateway && self.gateway != nil
        case .queued, .manualReview: false
        }
    }
}

extension PaymentRecord {
    func chargeAttempts(at gateway: String) -> [AttemptRecord] { attempts.filter { $0.isCharge && $0.gateway == gateway } }
}

extension AttemptRecord {
    /// Numbers may differ: others may have been added since.
    func isSameSending(as other: AttemptRecord) -> Bool {
        gateway == other.gateway && operation == other.operation && reference == other.reference && startedAt == other.startedAt
    }

    package var isCharge: Bool { operation == .payment || operation == .authorize }

    /// Whether its own end leaves it open if anything was done.
    var mayHaveHappened: Bool { end.map { $0.outcome == .unknown } ?? true }

    /// Whether it did something, or may have: only a refusal is certain not to have.
    var mayBeDone: Bool {
        switch end?.outcome {
        case .declined, .notProcessed, .rejected: false
        case nil, .approved, .pending, .requiresAction, .unknown: true
        }
    }

    /// Whether nobody knows what became of it.
    var isUnresolved: Bool { isCharge && resolution == nil && mayHaveHappened }

    /// Whether the gateway may hold something because of it, or come to hold it late.
    var mayHold: Bool {
        guard isCharge else { return false }
        switch (resolution, end?.outcome) {
        case (.answered, _), (.declined, _), (.reversed, _): return false
        case (.notHeld, _), (.pending, _): return true
        case (nil, nil), (nil, .approved), (nil, .unknown), (nil, .pending), (nil, .requiresAction): return true
        case (nil, .declined), (nil, .notProcessed), (nil, .rejected): return false
        }
    }
}

extension Capabilities {
    /// Until three quarters of the reference's life have passed (O3).
    func mayRepeat(after age: Duration) -> Bool {
        switch idempotency {
        case .none: false
        case .forever: true
        case .limited(let life): age < life * 0.75
        }
    }
}
