import AdapterKit
import NIOHTTP1

/// Puts what the bank means to say into the API's words; nothing is signed.
struct PixWriter: AnswerWriter {
    let route: PixRoute
    let tokens: PixTokens

    func reply(_ answer: BankAnswer, at now: Timestamp) -> Reply {
        switch answer {
        case .charge(let charge): Self.json(successStatus, charge.cob)
        case .repeatedCharge(_, let now): repeated(now)
        case .refund(let refund, _): Self.json(successStatus, refund.devolucao)
        // Also where it is identical (protocols/pix.md, 3).
        case .repeatedRefund: PixProblem.refund("devolucao.id").reply
        case .session: token(at: now)
        // Nobody asks: the API has no such question.
        case .account: PixProblem.notFound("NaoEncontrado").reply
        case .refused(let refusal): reply(to: refusal)
        }
    }

    /// A charge that waits takes its order again; any other, and a second removal, are refused.
    private func repeated(_ charge: Charge) -> Reply {
        let waits = [.pending, .actionRequired, .authorized].contains(charge.status)
        return waits ? Self.json(200, charge.cob) : PixProblem.charge("cob.status").reply
    }

    private var successStatus: Int {
        switch route {
        case .charge, .refund: 201
        default: 200
        }
    }

    private func token(at now: Timestamp) -> Reply {
        Self.json(
            200,
            .members([
                ("access_token", .string(tokens.issue(at: now))), ("token_type", .string("Bearer")),
                ("expires_in", .integer(tokens.lifetime.components.seconds)),
                ("scope", .string("cob.write cob.read pix.write pix.read")),
            ]))
    }

    private func reply(to refusal: BankRefusal) -> Reply {
        switch refusal {
        case .credentials:
            // The rest of those who hold a token are to find out too.
            tokens.revoke()
            return Self.unauthorized(route == .session ? "invalid_client" : "invalid_token")
        case .rateLimited:
            var reply = PixProblem(status: 429, type: "LimiteDeRequisicoesExcedido").reply
            reply.headers.add(name: "Retry-After", value: "1")
            return reply
        case .redirect: return Reply(status: 302, headers: ["Location": "https://127.0.0.1/elsewhere"], body: [])
        default: return problem(of: refusal).reply
        }
    }

    private func problem(of refusal: BankRefusal) -> PixProblem {
        switch refusal {
        case .notFound: .notFound(missing)
        case .mismatch: route.operation == .refund ? .refund("devolucao.id") : .charge("cob.txid")
        case .amountTooHigh, .tooManyRefunds: .refund("devolucao.valor")
        case .alreadyCaptured, .alreadyVoided, .chargeDeclined, .notCaptured:
            route.operation == .refund ? .notFound("PixNaoEncontrado") : .charge("cob.status")
        case .internalError: PixProblem(status: 500, type: "ErroInternoDoServidor")
        case .full, .notProcessed, .unavailable: PixProblem(status: 503, type: "ServicoIndisponivel")
        case .unknownWish: .invalid("cob.solicitacaoPagador")
        case .rejected, .credentials, .rateLimited, .redirect: .invalid()
        }
    }

    private var missing: String {
        switch route {
        case .refund, .received: "PixNaoEncontrado"
        case .refundInquiry: "PixDevolucaoNaoEncontrada"
        default: "CobNaoEncontrado"
        }
    }

    static func json(_ status: Int, _ body: JSON) -> Reply {
        Reply(status: status, headers: ["Content-Type": "application/json"], body: body.encoded())
    }

    /// Not in the API's own document: it comes from the layer that looks at tokens (RFC 6749, 5.2; RFC 6750, 3).
    static func unauthorized(_ error: String) -> Reply {
        var reply = json(401, .members([("error", .string(error))]))
        reply.headers.add(name: "WWW-Authenticate", value: error == "invalid_client" ? "Basic" : "Bearer error=\"\(error)\"")
        return reply
    }
}
