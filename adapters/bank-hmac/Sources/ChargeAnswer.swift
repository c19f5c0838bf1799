import AdapterKit

/// The bank's view of a charge (protocols/bank-hmac.md, "charge").
struct ChargeAnswer {
    enum Status: String {
        case approved = "APPROVED"
        case authorized = "AUTHORIZED"
        case pending = "PENDING"
        case actionRequired = "ACTION_REQUIRED"
        case declined = "DECLINED"
        case voided = "VOIDED"
    }

    /// `nil` only in a callback.
    let reference: String?
    let status: Status
    let money: Money
    /// Minor units; `nil` where the bank does not say.
    let captured: Int64?
    let refunded: Int64?
    let verdict: BankVerdict
    let action: NextAction?

    /// An answer names the charge that was asked about.
    init(_ bytes: [UInt8]) throws(UnreadableAnswer) {
        try self.init(AnswerReader(bytes))
        guard reference != nil else { throw UnreadableAnswer() }
    }

    init(_ body: AnswerReader) throws(UnreadableAnswer) {
        reference = try body.wholeText("reference", limit: BankVerdict.maximumReference)
        status = try body.word("status")
        guard let currency = Currency(try body.text("currency")) else { throw UnreadableAnswer() }
        money = Money(minorUnits: try body.integer("amount"), currency: currency)
        captured = try body.optionalInteger("captured_amount")
        refunded = try body.optionalInteger("refunded_amount")
        verdict = try BankVerdict(body)
        action = try body.section("action").map { section throws(UnreadableAnswer) in try NextAction(section) }
        guard status != .actionRequired || action != nil else { throw UnreadableAnswer() }
    }

    /// - Parameters:
    ///   - reference: the charge that was asked about.
    ///   - money: what it was asked for.
    ///   - wanted: for a capture or a void, the one status that says it was done.
    func outcome(reference asked: String, money expected: Money, wanted: Status? = nil) -> Outcome {
        guard reference == asked else { return .unknown(Unknown(reason: "another_reference")) }
        guard wanted.map(allows) ?? true else { return .unknown(Unknown(reason: "unexpected_state", code: verdict.code)) }
        // An approval of another amount is handed on as it is (O6); any other word about one is not about our charge.
        guard money == expected || isApproval else { return .unknown(Unknown(reason: "another_amount")) }
        return outcome
    }

    /// What the bank says, whatever was asked.
    var outcome: Outcome {
        switch (status, action) {
        case (.approved, _), (.authorized, _), (.voided, _): .approved(approval)
        case (.declined, _): verdict.decline
        case (.actionRequired, let action?): .requiresAction(action, gatewayReference: verdict.bankReference)
        default: .pending(gatewayReference: verdict.bankReference)
        }
    }

    private var isApproval: Bool { [.approved, .authorized, .voided].contains(status) }

    /// Whether a capture or void that leads to this status can be answered with the charge as it stands.
    private func allows(_ wanted: Status) -> Bool { [wanted, .pending, .declined].contains(status) }

    private var approval: Approval {
        let state: Approval.State =
            switch status {
            case .authorized: .authorized
            case .voided: .voided
            default: .captured
            }
        return Approval(
            state: state, gatewayReference: verdict.bankReference, money: money, captured: captured, refunded: refunded,
            code: verdict.code)
    }
}

extension NextAction {
    fileprivate init(_ body: AnswerReader) throws(UnreadableAnswer) {
        self.init(
            kind: try body.word("type"), url: try body.wholeText("url", limit: 2048),
            qrPayload: try body.wholeText("qr_payload", limit: 4096), expiresAt: try body.wholeText("expires_at", limit: 64))
        guard kind != .redirect || url != nil, kind != .displayQR || qrPayload != nil else { throw UnreadableAnswer() }
    }
}
