import AdapterKit

/// The bank's view of a refund (protocols/bank-hmac.md, "refund"). It names no currency: that of the charge holds.
struct RefundAnswer {
    enum Status: String {
        case approved = "APPROVED"
        case pending = "PENDING"
        case declined = "DECLINED"
    }

    /// `nil` only in a callback.
    let reference: String?
    let status: Status
    /// Minor units.
    let amount: Int64
    let verdict: BankVerdict

    /// An answer names the refund that was asked about.
    init(_ bytes: [UInt8]) throws(UnreadableAnswer) {
        try self.init(AnswerReader(bytes))
        guard reference != nil else { throw UnreadableAnswer() }
    }

    init(_ body: AnswerReader) throws(UnreadableAnswer) {
        reference = try body.wholeText("reference", limit: BankVerdict.maximumReference)
        status = try body.word("status")
        amount = try body.integer("amount")
        verdict = try BankVerdict(body)
    }

    func outcome(reference asked: String, money expected: Money) -> Outcome {
        guard reference == asked else { return .unknown(Unknown(reason: "another_reference")) }
        guard status == .approved || amount == expected.minorUnits else { return .unknown(Unknown(reason: "another_amount")) }
        return outcome(in: expected.currency)
    }

    /// What the bank says, whatever was asked.
    func outcome(in currency: Currency) -> Outcome {
        switch status {
        case .approved:
            .approved(
                Approval(
                    state: .refunded, gatewayReference: verdict.bankReference,
                    money: Money(minorUnits: amount, currency: currency), code: verdict.code))
        case .declined: verdict.decline
        case .pending: .pending(gatewayReference: verdict.bankReference)
        }
    }
}
