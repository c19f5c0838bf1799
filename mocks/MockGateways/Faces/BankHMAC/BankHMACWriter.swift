import AdapterKit
import NIOHTTP1
import Signing

/// Turns what the bank means to say into signed JSON.
struct BankHMACWriter: AnswerWriter {
    let requestID: String
    /// `nil` where no key can sign now.
    let key: SigningKey?

    func reply(_ answer: BankAnswer, at now: Timestamp) -> Reply { reply(Self.answer(answer)) }

    func reply(_ answer: Answer) -> Reply {
        var reply = Reply(status: answer.status, headers: ["Content-Type": "application/json"], body: answer.body.encoded())
        for header in answer.headers { reply.headers.add(name: header.name, value: header.value) }
        return reply
    }

    func seal(_ reply: inout Reply, _ misbehaviour: Misbehaviour?, at now: Timestamp) {
        guard misbehaviour != .noSignature, let key else { return }
        let timestamp = now.rfc3339WholeSeconds
        // Another status is signed than the one that is sent.
        let status = misbehaviour == .badSignature ? reply.status + 1 : reply.status
        let signed = HMACV1.Answer(status: status, body: reply.body, requestID: requestID, timestamp: timestamp)
        guard let signature = try? HMACV1.signature(of: signed, with: key.secret) else { return }
        reply.headers.add(name: "X-Timestamp", value: timestamp)
        reply.headers.add(name: "X-Signature", value: signature)
    }
}

extension BankHMACWriter {
    private static func answer(_ answer: BankAnswer) -> Answer {
        switch answer {
        case .charge(let charge), .repeatedCharge(let charge, _): .ok(charge.json)
        case .refund(let refund, _), .repeatedRefund(let refund, _): .ok(refund.json)
        case .account(let exists):
            .ok(.members([("valid", .bool(exists)), ("holder_name", exists ? .string("Mock Holder") : .null)]))
        // Nobody asks for one: the protocol has no sessions.
        case .session: .ok(.object([]))
        case .refused(let refusal): self.refusal(refusal)
        }
    }

    private static func refusal(_ refusal: BankRefusal) -> Answer {
        switch refusal {
        case .notFound: .refusal(404, "NOT_FOUND")
        case .mismatch: .refusal(409, "REFERENCE_MISMATCH")
        case .amountTooHigh: .refusal(422, "AMOUNT_TOO_HIGH")
        case .tooManyRefunds: .refusal(422, "TOO_MANY_REFUNDS")
        case .alreadyCaptured: .refusal(409, "ALREADY_CAPTURED")
        case .alreadyVoided: .refusal(409, "ALREADY_VOIDED")
        case .chargeDeclined: .refusal(409, "CHARGE_DECLINED")
        case .notCaptured: .refusal(409, "NOT_CAPTURED")
        case .full: .refusal(503, "LEDGER_FULL", [notProcessed])
        case .rejected: .refusal(400, "INVALID_REQUEST")
        case .credentials: .refusal(401, "INVALID_CREDENTIALS")
        case .rateLimited: .refusal(429, "RATE_LIMITED", [.init(name: "Retry-After", value: "1")])
        case .notProcessed: .refusal(503, "UNAVAILABLE", [notProcessed])
        case .redirect: .refusal(302, "MOVED", [.init(name: "Location", value: "https://127.0.0.1/elsewhere")])
        case .internalError: .refusal(500, "INTERNAL_ERROR")
        case .unavailable: .refusal(503, "UNAVAILABLE")
        case .unknownWish: .refusal(422, "UNKNOWN_MISBEHAVIOUR")
        }
    }

    /// The protocol's word that a 503 did nothing.
    private static let notProcessed = Answer.Header(name: "X-Not-Processed", value: "true")
}
