import AdapterKit

/// The bank's view of a refund (protocols/bank-hmac.md, "refund"). It names no currency: that of the charge holds.
struct RefundAnswer {
    enum Status: String {
        case approved = "APPROVED"
        case pending = "PENDING"
        case declined = "DECLINED"
    }

    let reference: String
    let status: Status
    /// Minor units.
    let amount: Int64
    let verdict: BankVerdict

    init(_ bytes: [UInt8]) throws(UnreadableAnswer) {
        let body = try AnswerReader(bytes)
        reference = try body.text("reference")
        status = try body.word("status")
        amount = try body.integer("amount")
        verdict = try BankVerdict(body)
    }

    func outcome(reference asked: String, money expected: Money) -> Outcome {
        guard reference == asked else { return .unknown(Unknown(reason: "another_reference")) }
        let money = Money(minorUnits: amount, currency: expected.currency)
        if status == .approved {
            return .approved(
                Approval(state: .refunded, gatewayReference: verdict.bankReference, money: money, code: verdict.code))
        }
        guard money == expected else { return .unknown(Unknown(reason: "another_amount")) }
        return status == .declined ? verdict.decline : .pending(gatewayReference: verdict.bankReference)
    }
}
