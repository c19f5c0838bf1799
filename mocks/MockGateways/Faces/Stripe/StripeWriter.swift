import AdapterKit
import NIOHTTP1

/// Turns what the bank means to say into Stripe's JSON.
struct StripeWriter: AnswerWriter {
    /// A request that changes something, under its key.
    struct Keyed: Sendable {
        let key: String
        /// Method, path and body.
        let request: [UInt8]
        let used: UsedKeys

        var standing: UsedKeys.Standing { used.standing(of: key, request) }
    }

    /// `nil` for questions.
    let keyed: Keyed?

    func reply(_ answer: BankAnswer, at now: Timestamp) -> Reply {
        switch answer {
        case .charge(let charge):
            remembered(keyed == nil ? Self.reply(200, charge.paymentIntent) : Self.done(charge), again: false)
        case .repeatedCharge(let first, _): Self.replayed(Self.done(first))
        case .refund(let refund, let charge): remembered(Self.reply(200, refund.object(of: charge)), again: true)
        case .repeatedRefund(let refund, let charge): Self.replayed(Self.reply(200, refund.object(of: charge)))
        case .refused(.internalError): remembered(Self.reply(Self.fault(.internalError)), again: true)
        case .refused(let refusal): Self.refusal(refusal)
        // Nobody asks for either.
        case .account, .session: Self.reply(.unknownPath)
        }
    }

    /// - Parameter again: whether the very bytes are the answer to every repeat. Where they are not, the books know what it was.
    private func remembered(_ reply: Reply, again: Bool) -> Reply {
        if let keyed { keyed.used.remember(keyed.key, keyed.request, again ? reply : nil) }
        return reply
    }
}

extension StripeWriter {
    static func reply(_ fault: StripeFault) -> Reply { reply(fault.status, fault.body) }

    static func replayed(_ reply: Reply) -> Reply {
        var reply = reply
        reply.headers.add(name: "Idempotent-Replayed", value: "true")
        return reply
    }

    private static func reply(_ status: Int, _ body: JSON) -> Reply {
        Reply(status: status, headers: ["Content-Type": "application/json"], body: body.encoded())
    }

    /// A refused card is an error of the request that named it.
    private static func done(_ charge: Charge) -> Reply {
        charge.status == .declined
            ? reply(StripeDecline.fault(charge.code, intent: charge.paymentIntent)) : reply(200, charge.paymentIntent)
    }

    private static func refusal(_ refusal: BankRefusal) -> Reply {
        var reply = reply(fault(refusal))
        switch refusal {
        case .rateLimited: reply.headers.add(name: "Retry-After", value: "1")
        case .redirect: reply.headers.add(name: "Location", value: "https://127.0.0.1/elsewhere")
        default: break
        }
        return reply
    }

    private static func fault(_ refusal: BankRefusal) -> StripeFault {
        switch refusal {
        case .notFound: .missing
        case .mismatch: .keyUsedOtherwise
        case .amountTooHigh: StripeFault(status: 400, code: "amount_too_large", message: "The amount is too large.")
        case .tooManyRefunds: StripeFault(status: 400, code: "charge_already_refunded", message: "Too many refunds.")
        case .alreadyCaptured, .alreadyVoided, .chargeDeclined, .notCaptured:
            StripeFault(status: 400, code: "payment_intent_unexpected_state", message: "The PaymentIntent is in another state.")
        case .rejected: .invalid("amount")
        case .credentials: .unknownKey
        case .rateLimited: StripeFault(status: 429, code: "rate_limit", message: "Too many requests.")
        case .redirect: StripeFault(status: 302, message: "Moved.")
        case .internalError: StripeFault(status: 500, type: "api_error", message: "An error occurred.")
        // Stripe has no word that nothing was done.
        case .notProcessed, .unavailable, .full: StripeFault(status: 503, type: "api_error", message: "Unavailable.")
        case .unknownWish: .invalid("description")
        }
    }
}
