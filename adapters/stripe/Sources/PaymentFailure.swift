import AdapterKit

/// Why a card was refused: `last_payment_error` of a PaymentIntent, or the error of an answer.
struct PaymentFailure {
    let code: String?
    let declineCode: String?
    let message: String?

    init(_ body: AnswerReader) throws(UnreadableAnswer) {
        code = try body.shortText("code", limit: StripeObject.maximumCode)
        declineCode = try body.shortText("decline_code", limit: StripeObject.maximumCode)
        message = try body.shortText("message", limit: StripeObject.maximumMessage)
    }

    /// The decline code says more than the code, which is `card_declined` for most. That a card is stolen or a fraud suspected is
    /// for the caller's statistics, and nothing to tell the payer (protocols/stripe.md, 4).
    func decline(of intent: String?) -> Decline {
        let category = [declineCode, code].compactMap { $0.flatMap { StripeAdapter.declineCategories[$0] } }.first ?? .other
        return Decline(
            category: category, code: declineCode ?? code,
            message: category == .suspectedFraud ? "Your card was declined." : message, gatewayReference: intent)
    }
}
