import AdapterKit

/// What an operator vouches for when work is discarded: nobody else can tell any more (R7).
public enum VouchedOutcome: String, Sendable, CaseIterable {
    /// The gateway named with it holds the money; of a capture, void, refund or reversal: it was done.
    case succeeded
    /// Nothing is held, or nothing was done.
    case failed
}

extension AttemptRecord {
    /// Whether the gateway has taken the charge, or may have, as far as it was heard.
    fileprivate var isOpenToDoubt: Bool {
        guard isCharge else { return false }
        if holdsUnwanted == true { return true }
        switch (resolution, end?.outcome) {
        case (.notHeld, _), (.reversed, _), (.declined, _): return false
        case (.answered, _), (.pending, _): return true
        case (nil, nil), (nil, .unknown), (nil, .approved), (nil, .pending), (nil, .requiresAction): return true
        case (nil, .declined), (nil, .notProcessed), (nil, .rejected): return false
        }
    }
}

extension DeadLetter.Reason {
    /// Whether nobody holds anything, as was proved before: only where it could be sent is open.
    fileprivate var isOfQueue: Bool {
        switch self {
        case .queueGaveUp, .incomplete, .undecryptable: true
        case .outcomeUnknown, .amountMismatch, .reversalRefused, .gatewayChanged, .finalMismatch, .unreadable: false
        }
    }
}

// MARK: - Payments

extension PaymentRecord {
    /// Whether only somebody who asked the gateway by other means can say if money is held.
    var needsVouching: Bool {
        guard !isFinal, let reason = deadLetter?.reason else { return false }
        // Queued only once it was proved that nobody holds anything (O4).
        let wasQueued = reason.isOfQueue
        return attempts.contains { wasQueued ? $0.isUnresolved : $0.isOpenToDoubt }
    }

    /// Gateways that have an attempt to charge, in the order of the attempts.
    var chargedGateways: [String] {
        attempts.reduce(into: []) { names, attempt in
            if attempt.isCharge, !names.contains(attempt.gateway) { names.append(attempt.gateway) }
        }
    }

    /// Puts a dead letter back to where recovery goes on: it asks every gateway with an unresolved attempt first (R7).
    mutating func redrive() throws(Problem) {
        guard let reason = deadLetter?.reason else { throw .noDeadLetter }
        deadLetter = nil
        schedule = nil
        queue = nil
        guard status == .manualReview else { return }
        let isUnresolved = !unresolvedAttempts.isEmpty
        // What a gateway has answered, or may still answer, is asked there; only what nobody holds may be sent elsewhere.
        let isHeldByNobody = gateway == nil || reason.isOfQueue
        status = isUnresolved || !isHeldByNobody ? .processing : .queued
        if status == .queued {
            gateway = nil
            gatewayIdentity = nil
        }
        processingReason = isUnresolved ? .outcomeUnknown : isHeldByNobody ? nil : .awaitingGateway
    }

    /// Ends a dead letter by the operator's word. On a payment that is final only the dead letter goes.
    mutating func discard(_ order: DiscardOrder) throws(Problem) {
        guard deadLetter != nil else { throw .noDeadLetter }
        if isFinal {
            guard order.outcome == nil else {
                throw .order("/outcome", "must be left out: the payment is \(status.rawValue), which is final")
            }
        } else {
            try conclude(order)
        }
        deadLetter = nil
        schedule = nil
    }

    private mutating func conclude(_ order: DiscardOrder) throws(Problem) {
        guard order.outcome != nil || !needsVouching else {
            throw .order(
                "/outcome", "is required while a gateway may hold the payment: ask \(chargedGateways.joined(separator: ", "))")
        }
        let holder = try order.outcome == .succeeded ? self.holder(order) : nil
        if holder == nil, order.gateway != nil { throw .order("/gateway", "goes with the outcome succeeded only") }
        for index in attempts.indices where attempts[index].isUnresolved {
            attempts[index].resolution = attempts[index].gateway == holder ? .answered : .notHeld
        }
        processingReason = nil
        nextAction = nil
        queue = nil
        if let holder { settle(heldBy: holder) } else { settle(failure: .discarded) }
    }

    /// - Throws: unless it is clear which gateway is meant and it was tried.
    private func holder(_ order: DiscardOrder) throws(Problem) -> String {
        let names = chargedGateways
        guard let name = order.gateway ?? (names.count == 1 ? names.first : nil) else {
            throw .order("/gateway", "is required: the one that holds the payment, of \(names.joined(separator: ", "))")
        }
        guard names.contains(name) else {
            throw .order("/gateway", "must be one that was tried: \(names.isEmpty ? "none was" : names.joined(separator: ", "))")
        }
        return name
    }

    private mutating func settle(heldBy holder: String) {
        if gateway != holder { gatewayReference = nil }
        gateway = holder
        gatewayIdentity = attempts.last { $0.gateway == holder }?.identity
        failure = nil
        status = capture == .automatic ? .succeeded : .authorized
        amountCaptured = capture == .automatic ? money.minorUnits : 0
    }

    private mutating func settle(failure: Failure) {
        status = .failed
        self.failure = failure
    }

    /// Whether recovery has something to do for it of itself: also to watch a gateway that was left behind (R6).
    var isForRecovery: Bool {
        guard reversalsDue.isEmpty else { return true }
        switch status {
        case .processing, .queued, .requiresAction: return deadLetter == nil
        case .authorized, .succeeded, .failed, .canceled, .manualReview: return false
        }
    }
}

// MARK: - Captures, voids, refunds, reversals

extension OperationRecord {
    mutating func redrive() throws(Problem) {
        guard deadLetter != nil else { throw .noDeadLetter }
        deadLetter = nil
        schedule = nil
        if status == .manualReview { status = .processing }
    }

    /// Ends it by the operator's word, with what that means for its payment.
    ///
    /// What a gateway made of an operation is never taken for granted: its first attempt is stored nowhere but in its claim.
    mutating func discard(_ order: DiscardOrder, from payment: inout PaymentRecord) throws(Problem) {
        guard deadLetter != nil else { throw .noDeadLetter }
        guard order.gateway == nil else { throw .order("/gateway", "must be left out: a \(kind.rawValue) has one gateway") }
        if status.isFinal {
            guard order.outcome == nil else {
                throw .order("/outcome", "must be left out: the \(kind.rawValue) is \(status.rawValue), which is final")
            }
        } else {
            guard let outcome = order.outcome else { throw .order("/outcome", "is required: whether the gateway did it") }
            try conclude(outcome, of: &payment)
        }
        deadLetter = nil
        schedule = nil
        watchedUntil = nil
    }

    private mutating func conclude(_ outcome: VouchedOutcome, of payment: inout PaymentRecord) throws(Problem) {
        switch outcome {
        case .succeeded:
            try apply(to: &payment)
            status = .succeeded
            failure = nil
        case .failed:
            status = .failed
            failure = .discarded
        }
    }

    /// As the gateway's own approval would change the payment.
    private func apply(to payment: inout PaymentRecord) throws(Problem) {
        switch kind {
        case .capture:
            if payment.status == .succeeded, payment.amountCaptured == amount { return }
            guard !payment.isFinal else { throw .noRoom(kind, payment.status) }
            payment.end(as: .succeeded)
            payment.amountCaptured = amount
        case .void:
            guard !payment.isFinal || payment.status == .canceled else { throw .noRoom(kind, payment.status) }
            payment.end(as: .canceled)
        case .refund:
            guard amount <= payment.refundable else { throw .noRoom(kind, payment.status) }
            payment.amountRefunded += amount
        case .reversal: if let gateway { payment.resolve(.reversed, at: gateway) }
        }
    }
}

extension PaymentRecord {
    fileprivate mutating func end(as next: Status) {
        status = next
        processingReason = nil
        nextAction = nil
        deadLetter = nil
        schedule = nil
    }
}

extension Failure {
    static let discarded = Failure(code: "discarded", category: .other, message: "An operator gave it up.")
}

extension Problem {
    static let noDeadLetter = Problem(.invalidState, "It is no dead letter.")

    static func order(_ pointer: String, _ rule: String) -> Problem {
        Problem(.validationFailed, "\(pointer.dropFirst()) \(rule).", errors: [.init(pointer, rule)])
    }

    fileprivate static func noRoom(_ kind: OperationRecord.Kind, _ status: PaymentRecord.Status) -> Problem {
        Problem(.invalidState, "The payment, which is \(status.rawValue), has no room for this \(kind.rawValue).")
    }
}
