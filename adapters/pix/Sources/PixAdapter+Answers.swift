public import AdapterKit

extension PixAdapter {
    /// protocols/pix.md, 4.
    public func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome {
        let problem = Problem(response)
        switch response.status {
        case 200, 201: return outcome(ofBody: response.body, for: operation)
        case 400: return problem.map(refusal) ?? .unknown(Unknown(reason: "unreadable_body"))
        case 401, 403:
            return problem?.rejection(.credentials) ?? .rejected(Rejection(cause: .credentials, code: nil, message: nil))
        case 404: return problem.map { notFound($0, operation) } ?? .unknown(Unknown(reason: "unexpected_status"))
        case 410: return problem.flatMap(removed) ?? .unknown(Unknown(reason: "unexpected_status"))
        case 429: return .notProcessed(NotProcessed(reason: "rate_limited", retryAfter: response.retryAfter))
        default: return .unknown(Unknown(reason: Self.word(for: response.status), code: problem?.type))
        }
    }

    public func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer {
        switch (response.status, Problem(response)) {
        case (200, _):
            switch outcome(ofBody: response.body, for: operation) {
            case .unknown(let unknown): .unanswered(reason: unknown.reason)
            case let outcome: .found(outcome)
            }
        case (404, let problem?) where Self.missing(operation).contains(problem.type): .notFound
        case (410, let problem?): removed(problem).map { .found($0) } ?? .unanswered(reason: "unexpected_status")
        default: .unanswered(reason: Self.word(for: response.status))
        }
    }

    /// What says that the charge, or the refund, was never made.
    private static func missing(_ operation: Operation) -> Set<String> {
        switch operation {
        case .refundInquiry: ["PixDevolucaoNaoEncontrada", "PixNaoEncontrado", "NaoEncontrado"]
        default: ["CobNaoEncontrado", "NaoEncontrado"]
        }
    }

    /// A charge that is not active any more, and a refund's id that is taken, are refused as faults of the request: there is a first
    /// attempt to ask about. Where the violation is not named it may be that.
    private func refusal(_ problem: Problem) -> Outcome {
        let violations = problem.violations
        let isKnown: Bool
        switch problem.type {
        case "CobOperacaoInvalida":
            isKnown = violations.isEmpty || violations.contains { $0.contains("txid") || $0.contains("status") }
        case "PixDevolucaoInvalida": isKnown = violations.isEmpty || !violations.allSatisfy { $0.contains("valor") }
        case "RequisicaoInvalida", "CobVOperacaoInvalida", "WebhookOperacaoInvalida": isKnown = false
        case let type where type.hasSuffix("ConsultaInvalida"): isKnown = false
        default: return .unknown(Unknown(reason: "unexpected_status", code: problem.type))
        }
        return isKnown ? .unknown(Unknown(reason: "reference_known", code: problem.type)) : problem.rejection(.request)
    }

    /// To a void it is no confirmation (O4): an inquiry tells.
    private func notFound(_ problem: Problem, _ operation: Operation) -> Outcome {
        let types: Set = ["NaoEncontrado", "CobNaoEncontrado", "PixNaoEncontrado", "PixDevolucaoNaoEncontrada"]
        if case .void = operation { return .unknown(Unknown(reason: "not_found", code: problem.type)) }
        guard types.contains(problem.type) else { return .unknown(Unknown(reason: "unexpected_status", code: problem.type)) }
        return problem.rejection(.request)
    }

    private func removed(_ problem: Problem) -> Outcome? {
        guard problem.type == "PermanentementeRemovido" else { return nil }
        return Self.decline(problem.type, message: problem.text, gatewayReference: nil)
    }

    private func outcome(ofBody body: [UInt8], for operation: Operation) -> Outcome {
        do {
            switch operation {
            case .payment(let charge):
                return try ChargeAnswer(body).outcome(
                    of: TransactionID(charge.reference, .charge).text, money: charge.money, key: key(of: charge))
            case .void(let void):
                return try ChargeAnswer(body).outcomeOfVoid(
                    of: TransactionID(void.charge, .charge).text, money: void.authorized)
            case .inquiry(let inquiry):
                return try ChargeAnswer(body).outcome(
                    of: TransactionID(inquiry.charge, .charge).text, money: inquiry.money)
            case .refund(let refund):
                return try RefundAnswer(AnswerReader(body)).outcome(
                    id: TransactionID(refund.reference, .refund, .reversal).text, money: refund.money)
            case .refundInquiry(let inquiry):
                return try RefundAnswer(AnswerReader(body)).outcome(
                    id: TransactionID(inquiry.reference, .refund, .reversal).text, money: inquiry.money)
            case .authorize, .capture, .accountValidation: return .unknown(Unknown(reason: "not_supported"))
            }
        } catch {
            return .unknown(Unknown(reason: "unreadable_body"))
        }
    }

    private func key(of charge: Operation.Charge) -> String {
        guard case .pix(let pix) = charge.method, let key = pix.key else { return own.key }
        return key
    }

    private static func word(for status: Int) -> String {
        switch status {
        case 300..<400: "redirect"
        case 429: "rate_limited"
        case 401, 403: "credentials_refused"
        case 500..<600: "server_error"
        default: "unexpected_status"
        }
    }
}
