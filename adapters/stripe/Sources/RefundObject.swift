import AdapterKit

/// Stripe's view of a refund (protocols/stripe.md, 2).
struct RefundObject {
    enum Status: String {
        case pending
        case requiresAction = "requires_action"
        case succeeded
        case failed
        case canceled
    }

    let id: String
    let reference: String?
    /// Ours, of the charge.
    let charge: String?
    /// Stripe's, of the charge; `nil` for refunds of old charges.
    private let intent: String?
    private let status: Status
    let money: Money
    private let failureReason: String?

    init(_ body: AnswerReader) throws(UnreadableAnswer) {
        try body.demand("refund")
        id = try body.id()
        reference = try body.metadata("reference")
        charge = try body.metadata("payment")
        intent = try body.wholeText("payment_intent", limit: StripeObject.maximumID)
        status = try body.word("status")
        money = try body.money()
        failureReason = try body.shortText("failure_reason", limit: StripeObject.maximumCode)
    }

    func outcome(of refund: Operation.Refund) -> Outcome {
        guard reference ?? refund.reference == refund.reference, charge ?? refund.charge == refund.charge,
            intent ?? refund.gatewayReference == refund.gatewayReference
        else { return .unknown(Unknown(reason: "another_reference")) }
        guard status == .succeeded || money == refund.money else { return .unknown(Unknown(reason: "another_amount")) }
        return outcome
    }

    /// What Stripe says, whatever was asked. What a refund requires is done by the payer without us.
    var outcome: Outcome {
        switch status {
        case .succeeded: .approved(Approval(state: .refunded, gatewayReference: id, money: money))
        case .pending, .requiresAction: .pending(gatewayReference: id)
        case .failed, .canceled:
            .declined(Decline(category: .other, code: failureReason, message: nil, gatewayReference: id))
        }
    }
}
