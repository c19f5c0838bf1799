import AdapterKit

extension Misbehaviour {
    /// What the bank says in the place of acting; `nil` for misbehaviours that act.
    var refusal: Answer? {
        switch self {
        case .rejected: .refusal(400, "INVALID_REQUEST")
        case .credentials: .refusal(401, "INVALID_CREDENTIALS")
        case .rateLimited: .refusal(429, "RATE_LIMITED", .init(name: "Retry-After", value: "1"))
        case .notProcessed: .refusal(503, "UNAVAILABLE", .notProcessed)
        case .notFound: .notFound
        case .redirect: .refusal(302, "MOVED", .init(name: "Location", value: "https://127.0.0.1/elsewhere"))
        case .status500: .refusal(500, "INTERNAL_ERROR")
        case .status503: .refusal(503, "UNAVAILABLE")
        default: nil
        }
    }

    /// What the issuer decides about a charge or a refund.
    var decision: Ledger.Decision {
        switch self {
        case .decline(let code): .decline(code: code)
        case .pending: .pend
        case .actionRequired: .askForAction
        case .callback(let mode): mode.decision
        default: .approve
        }
    }

    /// Changes what an answer says after the bank has acted.
    func reword(_ answer: inout Answer) {
        switch self {
        case .status500After: answer = .refusal(500, "INTERNAL_ERROR")
        case .wrongAmount: answer.replace("amount") { .integer(($0.integer ?? 0) + 1) }
        case .wrongReference: answer.replace("reference") { .string(($0.text ?? "") + "x") }
        case .wrongCurrency: answer.replace("currency") { .string($0.text == "XTS" ? "XXX" : "XTS") }
        default: break
        }
    }

    /// Says of an existing charge or refund that it is declined, pending or waiting for its payer, while the books say otherwise.
    func reword(statusOf answer: inout Answer) {
        guard answer.status == 200 else { return }
        switch self {
        case .decline(let code):
            answer.replace("status") { _ in .string(Charge.Status.declined.rawValue) }
            answer.replace("code") { _ in .string(code) }
            answer.replace("message") { _ in .string(DeclineCode.message(code)) }
        case .pending: answer.replace("status") { _ in .string(Charge.Status.pending.rawValue) }
        case .actionRequired: answer.replace("status") { _ in .string(Charge.Status.actionRequired.rawValue) }
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

extension Answer {
    static func refusal(_ status: Int, _ code: String, _ header: Header) -> Answer {
        var answer = refusal(status, code)
        answer.headers = [header]
        return answer
    }

    /// Replaces a member that the body has.
    mutating func replace(_ name: String, _ change: (JSON) -> JSON) {
        guard let members = body.members else { return }
        body = .object(members.map { $0.name == name ? JSON.Member(name, change($0.value)) : $0 })
    }
}
