import AdapterKit

/// What Stripe says of a request that it did not carry out: the member `error` (protocols/stripe.md, 2).
struct StripeError {
    let type: String
    let failure: PaymentFailure
    let intent: MentionedIntent?

    init(_ bytes: [UInt8]) throws(UnreadableAnswer) {
        guard let error = try AnswerReader(bytes).section("error") else { throw UnreadableAnswer() }
        type = try error.text("type")
        failure = try PaymentFailure(error)
        intent = try error.section("payment_intent").map { intent throws(UnreadableAnswer) in try MentionedIntent(intent) }
    }

    /// localstripe gives all its errors one type.
    var isDecline: Bool { type == "card_error" || failure.code == "card_declined" }

    var rejection: Rejection { Rejection(cause: .request, code: failure.code, message: failure.message) }
}

/// The PaymentIntent that an error speaks of, which may be told in part.
struct MentionedIntent {
    let id: String
    private let reference: String?
    private let status: PaymentIntent.Status
    /// Minor units.
    private let amount: Int64?

    init(_ body: AnswerReader) throws(UnreadableAnswer) {
        id = try body.id()
        reference = try body.metadata("reference")
        status = try body.word("status")
        amount = try body.optionalInteger("amount")
    }

    var isCanceled: Bool { status == .canceled }

    /// Why the error is not about what was asked, or no refusal; `nil` where it can be.
    func contradiction(reference asked: String, id named: String?, amount expected: Int64?, of charge: Bool = false) -> String? {
        if reference ?? asked != asked || named ?? id != id { return "another_reference" }
        if let amount, let expected, amount != expected { return "another_amount" }
        // It holds money, or may: then it was not refused. An authorised one may be refused its capture.
        let held: [PaymentIntent.Status] = charge ? [.succeeded, .processing, .requiresCapture] : [.succeeded, .processing]
        return held.contains(status) ? "unexpected_state" : nil
    }
}
