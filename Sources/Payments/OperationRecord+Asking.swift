import AdapterKit

/// What a capture, void or refund is to its gateway.
extension OperationRecord {
    func operation(on charge: PaymentRecord, reason: String?) -> Operation {
        let amount = Money(minorUnits: amount, currency: charge.money.currency)
        switch kind {
        case .capture:
            return .capture(
                .init(
                    reference: id.text, charge: charge.id.text, gatewayReference: charge.gatewayReference,
                    authorized: charge.money, money: amount))
        case .void, .reversal:
            return .void(
                .init(
                    reference: id.text, charge: charge.id.text, gatewayReference: charge.gatewayReference,
                    authorized: charge.money))
        case .refund:
            return .refund(
                .init(
                    reference: id.text, charge: charge.id.text, gatewayReference: charge.gatewayReference, money: amount,
                    reason: reason))
        }
    }

    func inquiry(on charge: PaymentRecord) -> Operation {
        guard kind == .refund else {
            return .inquiry(.init(charge: charge.id.text, gatewayReference: charge.gatewayReference, money: charge.money))
        }
        return .refundInquiry(
            .init(
                reference: id.text, charge: charge.id.text, gatewayReference: charge.gatewayReference,
                refundReference: gatewayReference, money: Money(minorUnits: amount, currency: charge.money.currency)))
    }

    /// What an inquiry says of an operation, rather than of its charge.
    enum Meaning: Sendable {
        case settles(Outcome)
        /// It has not happened so far.
        case notDone
        /// The gateway is still at it.
        case open
        case unanswered(reason: String)
    }

    /// A capture or void is judged by the state of its charge, a refund by its own answer.
    func meaning(of answer: InquiryAnswer, on payment: PaymentRecord) -> Meaning {
        switch answer {
        case .unanswered(let reason): return .unanswered(reason: reason)
        case .notFound: return kind == .refund ? .notDone : .unanswered(reason: "charge_not_found")
        case .found(let outcome):
            if kind == .refund { return outcome.kind == .pending ? .open : .settles(outcome) }
            return kind == .void ? Self.meaning(forVoid: outcome, of: payment) : Self.meaning(forCapture: outcome)
        }
    }

    private static func meaning(forCapture outcome: Outcome) -> Meaning {
        switch outcome {
        case .approved(let approval): approval.state == .authorized ? .notDone : .settles(outcome)
        // There is nothing to capture or to take back any more.
        case .declined: .settles(outcome)
        case .requiresAction, .pending, .notProcessed, .rejected, .unknown: .open
        }
    }

    /// A charge is not taken back as long as the payer may still act; once they have paid it cannot be any more.
    private static func meaning(forVoid outcome: Outcome, of payment: PaymentRecord) -> Meaning {
        switch outcome {
        case .requiresAction: return .notDone
        case .approved(let approval) where approval.state == .captured && payment.capture == .automatic:
            return .settles(.rejected(Rejection(cause: .request, code: nil, message: "The charge was paid before.")))
        default: return meaning(forCapture: outcome)
        }
    }
}
