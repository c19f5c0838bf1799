import AdapterKit

/// The provider's view of a refund (`devolucao`).
struct RefundAnswer {
    enum Status: String {
        case processing = "EM_PROCESSAMENTO"
        case returned = "DEVOLVIDO"
        case refused = "NAO_REALIZADO"
    }

    /// Bytes.
    private static let longestID = 35
    /// Unicode scalars.
    private static let longestReason = 140

    let id: String
    /// The transfer that gives the money back.
    let transfer: String?
    let money: Money
    let status: Status
    let reason: String?

    init(_ body: AnswerReader) throws(UnreadableAnswer) {
        guard let id = try body.wholeText("id", limit: Self.longestID), !id.isEmpty else { throw UnreadableAnswer() }
        self.id = id
        // Not needed, and the standard's own examples get its length wrong.
        transfer = try body.wholeText("rtrId", limit: 64).flatMap { EndToEndID.isValid($0) ? $0 : nil }
        money = try body.money("valor")
        status = try body.word("status")
        reason = try body.shortText("motivo", limit: Self.longestReason)
    }

    func outcome(id asked: String, money expected: Money) -> Outcome {
        guard id == asked else { return .unknown(Unknown(reason: "another_reference")) }
        // What was given back is handed on as it is (O6); any other word about another amount is not about our refund.
        guard status == .returned || money == expected else { return .unknown(Unknown(reason: "another_amount")) }
        return outcome
    }

    /// What the provider says, whatever was asked.
    var outcome: Outcome {
        switch status {
        case .processing: .pending(gatewayReference: transfer)
        case .returned: .approved(Approval(state: .refunded, gatewayReference: transfer, money: money))
        case .refused:
            PixAdapter.decline(PixAdapter.rejectCode(in: reason) ?? status.rawValue, message: reason, gatewayReference: transfer)
        }
    }
}
