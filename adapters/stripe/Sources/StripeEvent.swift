import AdapterKit

/// What Stripe posts (protocols/stripe.md, 5).
struct StripeEvent {
    /// Bytes; all of them printable ASCII.
    static let maximumID = 128

    /// `nil` where the event is about something that no payment of ours depends on.
    let news: CallbackEvent?

    init(_ bytes: [UInt8]) throws(UnreadableAnswer) {
        let body = try AnswerReader(bytes)
        try body.demand("event")
        let id = try body.id()
        guard id.utf8.count <= Self.maximumID, id.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw UnreadableAnswer()
        }
        guard let data = try body.section("data"), let object = try data.section("object") else { throw UnreadableAnswer() }
        news =
            switch try body.text("type") {
            case "payment_intent.succeeded", "payment_intent.amount_capturable_updated", "payment_intent.payment_failed",
                "payment_intent.processing", "payment_intent.requires_action", "payment_intent.canceled":
                try Self.charge(object, id)
            case "refund.created", "refund.updated", "refund.failed", "charge.refund.updated": try Self.refund(object, id)
            default: nil
            }
    }

    /// The object as it was when the event arose: its status, and not the event's type, says what became of it.
    /// One without our reference was made by somebody else on this account.
    private static func charge(_ object: AnswerReader, _ id: String) throws(UnreadableAnswer) -> CallbackEvent? {
        let intent = try PaymentIntent(object)
        guard intent.reference != nil else { return nil }
        try demandAmounts(intent.money.minorUnits, received: intent.received)
        let outcome = intent.outcome
        guard outcome.kind != .unknown else { throw UnreadableAnswer() }
        return CallbackEvent(
            id: id, subject: CallbackSubject(charge: intent.reference, gatewayReference: intent.id), outcome: outcome,
            money: intent.money)
    }

    private static func refund(_ object: AnswerReader, _ id: String) throws(UnreadableAnswer) -> CallbackEvent? {
        let refund = try RefundObject(object)
        guard refund.reference != nil else { return nil }
        try demandAmounts(refund.money.minorUnits, received: nil)
        return CallbackEvent(
            id: id, subject: CallbackSubject(refund: refund.reference, of: refund.charge, gatewayReference: refund.id),
            outcome: refund.outcome, money: refund.money)
    }

    /// An answer is compared with what was asked here; news of what cannot have been asked for is not worth comparing.
    private static func demandAmounts(_ amount: Int64, received: Int64?) throws(UnreadableAnswer) {
        guard Money.requestable.contains(amount), (0...Money.requestable.upperBound).contains(received ?? 0) else {
            throw UnreadableAnswer()
        }
    }
}
