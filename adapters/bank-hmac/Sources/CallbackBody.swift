import AdapterKit

/// What the bank posts (protocols/bank-hmac.md, "Callbacks").
struct CallbackBody {
    /// Bytes; all of them printable ASCII.
    static let maximumEventID = 128

    let eventID: String
    let type: String
    private let data: AnswerReader

    init(_ bytes: [UInt8]) throws(UnreadableAnswer) {
        let body = try AnswerReader(bytes)
        eventID = try body.text("event_id")
        type = try body.text("type")
        guard let data = try body.section("data") else { throw UnreadableAnswer() }
        self.data = data
        guard (1...Self.maximumEventID).contains(eventID.utf8.count), eventID.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw UnreadableAnswer() }
    }

    /// - Returns: `nil` for a type that the protocol does not name.
    func event() throws(UnreadableAnswer) -> CallbackEvent? {
        switch type {
        case "charge.updated": try chargeEvent()
        case "refund.updated": try refundEvent()
        default: nil
        }
    }

    private func chargeEvent() throws(UnreadableAnswer) -> CallbackEvent {
        let charge = try ChargeAnswer(data)
        // A charge has a currency: "none" would be taken for whichever was asked.
        guard charge.money.currency != .unnamed else { throw UnreadableAnswer() }
        try Self.demandAmounts([charge.captured, charge.refunded], of: charge.money)
        try Self.demandNames(charge.reference, charge.verdict.bankReference)
        return CallbackEvent(
            id: eventID,
            subject: CallbackSubject(charge: charge.reference, gatewayReference: charge.verdict.bankReference),
            outcome: charge.outcome, money: charge.money)
    }

    private func refundEvent() throws(UnreadableAnswer) -> CallbackEvent {
        let refund = try RefundAnswer(data)
        let charge = try data.wholeText("charge_reference", limit: BankVerdict.maximumReference)
        let money = Money(minorUnits: refund.amount, currency: .unnamed)
        try Self.demandAmounts([], of: money)
        try Self.demandNames(refund.reference, refund.verdict.bankReference)
        guard let charge, !charge.isEmpty else { throw UnreadableAnswer() }
        return CallbackEvent(
            id: eventID,
            subject: CallbackSubject(
                refund: refund.reference, of: charge, gatewayReference: refund.verdict.bankReference),
            outcome: refund.outcome(in: .unnamed), money: money)
    }

    /// An answer is compared with what was asked here; news of what cannot have been asked for is not worth comparing.
    private static func demandAmounts(_ parts: [Int64?], of money: Money) throws(UnreadableAnswer) {
        guard Money.requestable.contains(money.minorUnits),
            parts.allSatisfy({ $0.map((0...Money.requestable.upperBound).contains) ?? true })
        else { throw UnreadableAnswer() }
    }

    private static func demandNames(_ ours: String?, _ theirs: String?) throws(UnreadableAnswer) {
        let names = [ours, theirs].compactMap { $0 }
        guard !names.isEmpty, !names.contains("") else { throw UnreadableAnswer() }
    }
}
