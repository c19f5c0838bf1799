public import AdapterKit

extension BankHMACAdapter {
    /// protocols/bank-hmac.md, the table of HTTP statuses.
    public func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome {
        switch response.status {
        case 200: outcome(ofBody: response.body, for: operation)
        case 400, 422: .rejected(Problem(response.body).rejection(.request))
        case 401, 403: .rejected(Problem(response.body).rejection(.credentials))
        case 409: conflict(response)
        case 429: .notProcessed(NotProcessed(reason: "rate_limited", retryAfter: response.retryAfter))
        case 503 where response.headers.single("X-Not-Processed") == "true":
            .notProcessed(NotProcessed(reason: "gateway_unavailable", retryAfter: response.retryAfter))
        default: .unknown(Unknown(reason: Self.word(for: response.status)))
        }
    }

    public func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer {
        switch response.status {
        case 200:
            switch outcome(ofBody: response.body, for: operation) {
            case .unknown(let unknown): .unanswered(reason: unknown.reason)
            case let outcome: .found(outcome)
            }
        case 404 where Problem(response.body).code == "NOT_FOUND": .notFound
        default: .unanswered(reason: Self.word(for: response.status))
        }
    }

    public func accountAnswer(of response: GatewayResponse, for operation: Operation) -> AccountAnswer {
        guard response.status == 200 else { return .unanswered(reason: Self.word(for: response.status)) }
        do {
            let body = try AnswerReader(response.body)
            return .known(valid: try body.flag("valid"), holderName: try body.shortText("holder_name", limit: 140))
        } catch {
            return .unanswered(reason: "unreadable_body")
        }
    }

    /// A mismatch says that the reference is already known there, so a conflict that cannot be read may be one.
    private func conflict(_ response: GatewayResponse) -> Outcome {
        let problem = Problem(response.body)
        guard let code = problem.code else { return .unknown(Unknown(reason: "unreadable_body")) }
        if code == "REFERENCE_MISMATCH" { return .unknown(Unknown(reason: "reference_mismatch", code: code)) }
        return .rejected(problem.rejection(.request))
    }

    private func outcome(ofBody body: [UInt8], for operation: Operation) -> Outcome {
        do {
            switch operation {
            case .payment(let charge), .authorize(let charge):
                return try ChargeAnswer(body).outcome(reference: charge.reference, money: charge.money)
            case .inquiry(let inquiry):
                return try ChargeAnswer(body).outcome(reference: inquiry.charge, money: inquiry.money)
            case .capture(let capture):
                return try ChargeAnswer(body).outcome(reference: capture.charge, money: capture.authorized, wanted: .approved)
            case .void(let void):
                return try ChargeAnswer(body).outcome(reference: void.charge, money: void.authorized, wanted: .voided)
            case .refund(let refund):
                return try RefundAnswer(body).outcome(reference: refund.reference, money: refund.money)
            case .refundInquiry(let inquiry):
                return try RefundAnswer(body).outcome(reference: inquiry.reference, money: inquiry.money)
            case .accountValidation:
                return .unknown(Unknown(reason: "not_a_payment"))
            }
        } catch {
            return .unknown(Unknown(reason: "unreadable_body"))
        }
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
