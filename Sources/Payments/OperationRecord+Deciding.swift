import AdapterKit

extension OperationRecord {
    /// Changes the operation, and its payment, by what the gateway said. A refusal leaves the payment as it was (O7).
    mutating func apply(_ outcome: Outcome, to payment: inout PaymentRecord, at now: Timestamp) {
        guard status != .succeeded else { return }
        // A success is never stale (R6); any other word about what has failed is.
        if status == .failed, outcome.kind != .approved { return }
        switch outcome {
        case .approved(let approval): apply(approval, to: &payment, at: now)
        case .declined(let decline): fail(.init(decline))
        case .rejected(let rejection): fail(.init(rejection))
        case .pending(let reference), .requiresAction(_, let reference):
            if let reference { gatewayReference = reference }
        case .notProcessed, .unknown: break
        }
    }

    private mutating func apply(_ approval: Approval, to payment: inout PaymentRecord, at now: Timestamp) {
        if kind == .refund { gatewayReference = approval.gatewayReference ?? gatewayReference }
        failure = nil
        guard matches(approval, payment), fits(payment) else {  // O6
            review(.amountMismatch, at: now)
            if kind != .refund, !payment.isFinal { payment.review(.amountMismatch, at: now) }
            return
        }
        status = .succeeded
        switch kind {
        case .capture: payment.capture(amount)
        case .void: payment.becomeCanceled()
        case .refund: payment.amountRefunded += amount
        case .reversal: break
        }
        schedule = nil
        deadLetter = nil
    }

    /// Whether the payment has room for what is said to be done. Whatever has failed once gave its reservation up, so that others may
    /// have used the room since; on a final payment only the word that made it final says nothing new.
    private func fits(_ payment: PaymentRecord) -> Bool {
        switch kind {
        case .capture: !payment.isFinal || (status == .processing && payment.amountCaptured == amount)
        case .void: !payment.isFinal || (status == .processing && payment.status == .canceled)
        case .refund: amount <= payment.refundable
        case .reversal: true
        }
    }

    private func matches(_ approval: Approval, _ payment: PaymentRecord) -> Bool {
        guard approval.money.currency == payment.money.currency else { return false }
        return switch kind {
        case .capture:
            approval.state == .captured && approval.money == payment.money && approval.captured ?? amount == amount
        case .void: approval.state == .voided && approval.money == payment.money
        case .refund: approval.state == .refunded && approval.money.minorUnits == amount
        case .reversal: approval.state == .refunded || approval.state == .voided
        }
    }

    /// The gateway speaks of something else than what was asked for: nothing of it is applied (O6). A success is never stale (R6).
    mutating func contradict(_ outcome: Outcome, at now: Timestamp) {
        switch status {
        case .processing: review(.amountMismatch, at: now)
        case .failed: if outcome.kind == .approved { review(.amountMismatch, at: now) }
        case .succeeded:
            if outcome.kind == .approved, deadLetter == nil { deadLetter = DeadLetter(.finalMismatch, since: now) }
        case .manualReview: break
        }
    }

    mutating func succeedWithoutGateway() {
        status = .succeeded
        schedule = nil
        deadLetter = nil
    }

    /// For an operator to look at.
    mutating func review(_ reason: DeadLetter.Reason, at now: Timestamp) {
        status = .manualReview
        deadLetter = DeadLetter(reason, since: now)
    }

    /// One more time, nobody said what became of it (R4).
    mutating func keepAsking(_ cadence: Cadence, at now: Timestamp) {
        guard status == .processing else { return }
        guard let since = schedule?.since else {
            schedule = Schedule(since: now)
            return
        }
        schedule?.tries += 1
        // What is only watched goes on until a success can come no more.
        if now - since >= cadence.giveUpAfter, watchedUntil.map({ $0 <= now }) ?? true { review(.outcomeUnknown, at: now) }
    }

    mutating func fail(_ failure: Failure) {
        schedule = nil
        deadLetter = nil
        status = .failed
        self.failure = failure
    }
}

extension PaymentRecord {
    fileprivate mutating func capture(_ amount: Int64) {
        guard status == .authorized || status == .manualReview else { return }
        status = .succeeded
        amountCaptured = amount
    }
}
