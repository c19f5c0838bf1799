import AdapterKit

/// What charges and refunds have in common: the bank's reference, its code and its text.
struct BankVerdict {
    /// Bounds of what the bank may say: bytes for a reference, ours or its own, Unicode scalars for code and message.
    static let maximumReference = 128
    static let maximumCode = 32
    static let maximumMessage = 140

    let bankReference: String?
    let code: String?
    let message: String?

    init(_ body: AnswerReader) throws(UnreadableAnswer) {
        bankReference = try body.wholeText("bank_reference", limit: Self.maximumReference)
        code = try body.shortText("code", limit: Self.maximumCode)
        message = try body.shortText("message", limit: Self.maximumMessage)
    }

    var decline: Outcome {
        .declined(
            Decline(
                category: BankHMACAdapter.declineCategory(of: code), code: code, message: message, gatewayReference: bankReference
            ))
    }
}
