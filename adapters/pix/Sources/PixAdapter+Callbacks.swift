public import AdapterKit

extension PixAdapter {
    /// The standard has no signature: mutual TLS alone proves a delivery (protocols/pix.md, 5).
    public func callbackScheme(_ settings: AdapterSettings) throws(SettingsFailure) -> CallbackScheme {
        for member in settings.values.members ?? [] {
            throw settings.failure(of: member.name, expected: "no such key; a Pix callback is proved by mutual TLS alone")
        }
        return .unsigned
    }

    public func events(from callback: VerifiedCallback) throws(CallbackFailure) -> [CallbackEvent] {
        try Self.events(in: callback.body)
    }

    public func subjects(of callback: UnprovenCallback) throws(CallbackFailure) -> [CallbackSubject] {
        try Self.events(in: callback.body).map(\.subject)
    }

    public var acknowledgement: CallbackAcknowledgement { CallbackAcknowledgement(status: 200) }

    private static func events(in body: [UInt8]) throws(CallbackFailure) -> [CallbackEvent] {
        do {
            guard let items = try AnswerReader(body).sections("pix") else { throw UnreadableAnswer() }
            return try items.flatMap { try events(of: $0) }
        } catch {
            throw CallbackFailure(reason: "unreadable_body")
        }
    }

    /// One for what was received and one for each refund that has ended. What was received for others is no news for us.
    private static func events(of item: AnswerReader) throws(UnreadableAnswer) -> [CallbackEvent] {
        guard let txid = try item.shortText("txid", limit: 64), let charge = TransactionID.charge(txid) else { return [] }
        let receipt = try Receipt(item)
        return [receipt.event(of: charge)] + receipt.refunds.compactMap { $0.event(of: charge, receipt) }
    }
}

extension Receipt {
    fileprivate func event(of charge: String) -> CallbackEvent {
        let approval = Approval(
            state: .captured, gatewayReference: endToEndID, money: money, captured: money.minorUnits, refunded: refunded)
        return CallbackEvent(
            id: endToEndID, subject: CallbackSubject(charge: charge, gatewayReference: endToEndID), outcome: .approved(approval),
            money: money)
    }
}

extension RefundAnswer {
    /// `nil` while it is under way, and for one that we did not ask for.
    fileprivate func event(of charge: String, _ receipt: Receipt) -> CallbackEvent? {
        guard status != .processing, let reference = TransactionID.refund(id) else { return nil }
        return CallbackEvent(
            id: [receipt.endToEndID, id, status.rawValue].joined(separator: ":"),
            subject: CallbackSubject(refund: reference, of: charge, gatewayReference: transfer), outcome: outcome, money: money)
    }
}
