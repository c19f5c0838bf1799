import AdapterKit

extension Misbehaviour {
    /// What the bank says in the place of acting; `nil` for misbehaviours that act.
    var refusal: BankRefusal? {
        switch self {
        case .rejected: .rejected
        case .credentials: .credentials
        case .rateLimited: .rateLimited
        case .notProcessed: .notProcessed
        case .notFound: .notFound
        case .redirect: .redirect
        case .status500: .internalError
        case .status503: .unavailable
        default: nil
        }
    }

    /// What the issuer decides about a charge or a refund; `nil` for misbehaviours that leave it to what is usual.
    var decision: Ledger.Decision? {
        switch self {
        case .decline(let code): .decline(code: code)
        case .pending: .pend
        case .actionRequired: .askForAction
        case .callback(let mode): mode.decision
        default: nil
        }
    }

    /// The same, with a decline in the gateway's own code.
    func spoken(by face: any Face) -> Misbehaviour {
        if case .declined(let category) = self { .decline(code: face.declineCode(for: category)) } else { self }
    }

    /// Changes what an answer says after the bank has acted.
    func reword(_ answer: inout BankAnswer) {
        switch self {
        case .status500After: answer = .refused(.internalError)
        case .wrongAmount: answer.change(charge: { $0.amount += 1 }, refund: { $0.amount += 1 })
        case .wrongReference: answer.change(charge: { $0.reference += "x" }, refund: { $0.reference += "x" })
        case .wrongCurrency: answer.change(charge: { $0.currency = $0.currency == "XTS" ? "XXX" : "XTS" }, refund: { _ in })
        default: break
        }
    }

    /// Says of an existing charge or refund that it is declined, pending or waiting for its payer, while the books say otherwise.
    func reword(statusOf answer: inout BankAnswer) {
        switch self {
        case .decline(let code):
            answer.change(
                charge: { ($0.status, $0.code) = (.declined, code) }, refund: { ($0.status, $0.code) = (.declined, code) })
        case .pending: answer.change(charge: { $0.status = .pending }, refund: { $0.status = .pending })
        case .actionRequired: answer.change(charge: { $0.status = .actionRequired }, refund: { $0.status = .actionRequired })
        default: break
        }
    }

    /// Whether the bank tells the issuer's decision about a capture, void or inquiry without carrying anything out.
    var isDecision: Bool {
        switch self {
        case .decline, .pending, .actionRequired: true
        default: false
        }
    }
}
