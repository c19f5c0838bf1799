import AdapterKit
import NIOHTTP1

/// Turns what the bank means to say into the facade's JSON. Nothing signs its answers.
struct FacadeWriter: AnswerWriter {
    /// Of the request; empty where an address was asked about.
    let transaction: String
    let address: String?
    let book: TransactionBook

    func reply(_ answer: BankAnswer, at now: Timestamp) -> Reply {
        switch answer {
        case .charge(let charge): .facade(200, message(about: charge))
        case .refund(let refund, _):
            .facade(
                200, FacadeMessage.end(of: refund, id(of: refund.reference)) ?? FacadeMessage.pending(id(of: refund.reference)))
        // The switch knows the id: whoever sent it twice is to ask.
        case .repeatedCharge, .repeatedRefund: .facade(200, FacadeMessage.failure(transaction, FacadeCode.duplicate))
        case .account(let exists): .facade(200, account(exists))
        case .session: .facade(404, .object([]))
        case .refused(let refusal): self.refusal(refusal)
        }
    }

    private func message(about charge: Charge) -> JSON {
        let transaction = id(of: charge.reference)
        return FacadeMessage.end(of: charge, transaction) ?? FacadeMessage.pending(transaction)
    }

    /// Another transaction's where the charge or refund is told as another.
    private func id(of reference: String) -> String {
        book.transaction(of: reference) ?? String(transaction.dropLast()) + (transaction.hasSuffix("0") ? "1" : "0")
    }

    private func account(_ exists: Bool) -> JSON {
        .members([
            ("vpa", .optional(address)), ("result", .string(exists ? "SUCCESS" : "FAILURE")),
            ("respCode", .string(exists ? FacadeCode.success : FacadeCode.invalidAddress)),
            ("maskName", exists ? .string("M*** H***") : .null),
        ])
    }

    private func refusal(_ refusal: BankRefusal) -> Reply {
        switch refusal {
        case .notFound: failure(FacadeCode.recordNotFound)
        case .mismatch: failure(FacadeCode.duplicate)
        case .amountTooHigh, .tooManyRefunds: failure(FacadeCode.beyondLimit)
        case .alreadyCaptured, .alreadyVoided, .chargeDeclined, .notCaptured: failure(FacadeCode.notPermitted)
        case .full, .notProcessed: failure(FacadeCode.unavailable)
        case .rejected: .facade(400, code: FacadeCode.malformed)
        case .credentials: .facade(401, code: "U14")
        case .rateLimited: .facade(429, code: "U86", ["Retry-After": "1"])
        case .redirect: .facade(302, code: "MOVED", ["Location": "https://127.0.0.1/elsewhere"])
        case .internalError: .facade(500, code: "U08")
        case .unavailable: .facade(503, code: "U28")
        case .unknownWish: .facade(422, code: "UNKNOWN_MISBEHAVIOUR")
        }
    }

    private func failure(_ code: String) -> Reply { .facade(200, FacadeMessage.failure(transaction, code)) }
}

extension Reply {
    static func facade(_ status: Int, _ body: JSON, _ headers: HTTPHeaders = [:]) -> Reply {
        var all: HTTPHeaders = ["Content-Type": "application/json"]
        all.add(contentsOf: headers)
        return Reply(status: status, headers: all, body: body.encoded())
    }

    /// A request that was not taken.
    static func facade(_ status: Int, code: String, _ headers: HTTPHeaders = [:]) -> Reply {
        facade(status, .members([("ack", .bool(false)), ("errCode", .string(code))]), headers)
    }
}
