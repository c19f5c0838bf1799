import AdapterKit

/// Stripe's view of a charge (protocols/stripe.md, 2).
struct PaymentIntent {
    enum Status: String {
        case requiresPaymentMethod = "requires_payment_method"
        case requiresConfirmation = "requires_confirmation"
        case requiresAction = "requires_action"
        case processing
        case requiresCapture = "requires_capture"
        case succeeded
        case canceled
    }

    let id: String
    let reference: String?
    let status: Status
    /// What was asked for, also after a capture in part.
    let money: Money
    /// Minor units; `nil` where it is not said.
    let received: Int64?
    private let failure: PaymentFailure?
    private let action: NextAction?

    init(_ body: AnswerReader) throws(UnreadableAnswer) {
        try body.demand("payment_intent")
        id = try body.id()
        reference = try body.metadata("reference")
        status = try body.word("status")
        money = try body.money()
        received = try body.optionalInteger("amount_received")
        failure = try body.section("last_payment_error").map { error throws(UnreadableAnswer) in try PaymentFailure(error) }
        action = try body.section("next_action").map { action throws(UnreadableAnswer) in try NextAction(action) }
        guard status != .requiresAction || action != nil else { throw UnreadableAnswer() }
    }

    /// - Parameters:
    ///   - reference: ours, of the charge that was asked about.
    ///   - id: Stripe's, where it was asked by it.
    ///   - money: what was asked for.
    ///   - wanted: for a capture or a void, the status that says it was done.
    func outcome(reference asked: String, id named: String?, money expected: Money, wanted: Status? = nil) -> Outcome {
        guard reference ?? asked == asked, named ?? id == id else { return .unknown(Unknown(reason: "another_reference")) }
        guard wanted == nil || status == wanted || status == .processing else {
            return .unknown(Unknown(reason: "unexpected_state"))
        }
        // An approval of another amount is handed on as it is (O6); any other word about one is not about our charge.
        guard money == expected || isApproval else { return .unknown(Unknown(reason: "another_amount")) }
        return outcome
    }

    /// What Stripe says, whatever was asked.
    var outcome: Outcome {
        switch (status, action, failure) {
        case (.succeeded, _, _): .approved(approval(.captured))
        case (.requiresCapture, _, _): .approved(approval(.authorized))
        case (.canceled, _, _): .approved(approval(.voided))
        case (.processing, _, _): .pending(gatewayReference: id)
        case (.requiresAction, let action?, _): .requiresAction(action, gatewayReference: id)
        case (.requiresPaymentMethod, _, let failure?): .declined(failure.decline(of: id))
        default: .unknown(Unknown(reason: "unexpected_state"))
        }
    }

    private var isApproval: Bool { [.succeeded, .requiresCapture, .canceled].contains(status) }

    private func approval(_ state: Approval.State) -> Approval {
        Approval(state: state, gatewayReference: id, money: money, captured: received)
    }
}

extension NextAction {
    /// Whatever leads to no page of its own is authenticated in the payer's app.
    fileprivate init(_ body: AnswerReader) throws(UnreadableAnswer) {
        guard try body.text("type") == "redirect_to_url" else {
            self.init(kind: .approveInApp)
            return
        }
        guard let url = try body.section("redirect_to_url")?.wholeText("url", limit: 2048), !url.isEmpty else {
            throw UnreadableAnswer()
        }
        self.init(kind: .redirect, url: url)
    }
}
