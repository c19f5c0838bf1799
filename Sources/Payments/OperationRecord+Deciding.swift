import AdapterKit

extension OperationRecord {
    /// Changes the operation, and its payment, by what the gateway said. A refusal leaves the payment as it was (O7).
    mutating func apply(_ outcome: Outcome, to payment: inout PaymentRecord) {
        guard status != .succeeded else { return }
        // A success is never stale (R6); any other word about what has failed is.
        if status == .failed, outcome.kind != .approved { return }
        switch outcome {
        case .approved(let approval): apply(approval, to: &payment)
        case .declined(let decline): fail(.init(decline))
        case .rejected(let rejection): fail(.init(rejection))
        case .pending(let reference), .requiresAction(_, let reference):
            if let reference { gatewayReference = reference }
        case .notProcessed, .unknown: break
        }
    }

    private mutating func apply(_ approval: Approval, to payment: inout PaymentRecord) {
        if kind == .refund { gatewayReference = approval.gatewayReference ?? gatewayReference }
        failure = nil
        guard matches(approval, payment), fits(payment) else {  // O6
            status = .manualReview
            if kind != .refund { payment.becomeManualReview() }
            return
        }
        status = .succeeded
        switch kind {
        case .capture: payment.capture(amount)
        case .void: payment.becomeCanceled()
        case .refund: payment.amountRefunded += amount
        }
    }

    /// Whether the payment has room for what is said to be done. Whatever has failed once gave its reservation up, so that others may
    /// have used the room since; on a final payment only the word that made it final says nothing new.
    private func fits(_ payment: PaymentRecord) -> Bool {
        switch kind {
        case .capture: !payment.isFinal || (status == .processing && payment.amountCaptured == amount)
        case .void: !payment.isFinal || (status == .processing && payment.status == .canceled)
        case .refund: amount <= payment.refundable
        }
    }

    private func matches(_ approval: Approval, _ payment: PaymentRecord) -> Bool {
        guard approval.money.currency == payment.money.currency else { return false }
        return switch kind {
        case .capture:
            approval.state == .captured && approval.money == payment.money && approval.captured ?? amount == amount
        case .void: approval.state == .voided && approval.money == payment.money
        case .refund: approval.state == .refunded && approval.money.minorUnits == amount
        }
    }

    mutating func succeedWithoutGateway() { status = .succeeded }

    private mutating func fail(_ failure: Failure) {
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
