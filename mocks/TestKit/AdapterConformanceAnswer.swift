import AdapterKit

/// What an adapter made of an answer, in the words that fixtures use.
enum AdapterAnswer {
    case outcome(Outcome)
    case inquiry(InquiryAnswer)
    case account(AccountAnswer)

    /// Whether nothing was taken for the gateway's word.
    var isInconclusive: Bool {
        switch self {
        case .outcome(.unknown), .inquiry(.unanswered), .account(.unanswered): true
        case .inquiry(.found(.unknown)): true
        default: false
        }
    }

    var json: JSON {
        switch self {
        case .outcome(let outcome): outcome.json
        case .inquiry(.found(let outcome)): .members([("kind", .string("found")), ("outcome", outcome.json)])
        case .inquiry(.notFound): .members([("kind", .string("not_found"))])
        case .inquiry(.unanswered(let reason)), .account(.unanswered(let reason)):
            .members([("kind", .string("unanswered")), ("reason", .string(reason))])
        case .account(.known(let valid, let name)):
            .present([("kind", .string("known")), ("valid", .bool(valid)), ("holder_name", name.map { .string($0) })])
        }
    }
}

extension Outcome {
    /// In the words that fixtures use.
    var json: JSON {
        let members: [(String, JSON?)] =
            switch self {
            case .approved(let approval): approval.members
            case .declined(let decline):
                [
                    ("category", .string(decline.category.rawValue)), ("code", .given(decline.code)),
                    ("message", .given(decline.message)), ("gateway_reference", .given(decline.gatewayReference)),
                ]
            case .requiresAction(let action, let reference):
                [
                    ("type", .string(action.kind.rawValue)), ("url", .given(action.url)),
                    ("qr_payload", .given(action.qrPayload)),
                    ("expires_at", .given(action.expiresAt)), ("gateway_reference", .given(reference)),
                ]
            case .pending(let reference): [("gateway_reference", .given(reference))]
            case .notProcessed(let refusal):
                [
                    ("reason", .string(refusal.reason)),
                    ("retry_after_seconds", refusal.retryAfter.map { .integer($0.components.seconds) }),
                ]
            case .rejected(let rejection):
                [
                    ("cause", .string(rejection.cause.rawValue)), ("code", .given(rejection.code)),
                    ("message", .given(rejection.message)),
                ]
            case .unknown(let unknown): [("reason", .string(unknown.reason)), ("code", .given(unknown.code))]
            }
        return .present([("kind", .string(kind.rawValue))] + members)
    }
}

extension Approval {
    fileprivate var members: [(String, JSON?)] {
        [
            ("state", .string(state.rawValue)), ("gateway_reference", .given(gatewayReference)),
            ("amount", .integer(money.minorUnits)), ("currency", .string(money.currency.code)),
            ("captured", captured.map { .integer($0) }), ("refunded", refunded.map { .integer($0) }), ("code", .given(code)),
        ]
    }
}

extension JSON? {
    static func given(_ text: String?) -> JSON? { text.map { .string($0) } }
}
