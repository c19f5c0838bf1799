public import AdapterKit

extension StripeAdapter {
    /// protocols/stripe.md, 4.
    public func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome {
        guard response.status != 200 else { return outcome(ofBody: response.body, for: operation) }
        let error = try? StripeError(response.body)
        return switch response.status {
        // Its message names our key and account: that is nothing for the caller.
        case 401, 403: .rejected(Rejection(cause: .credentials, code: error?.failure.code, message: nil))
        case 429 where error?.failure.code != "lock_timeout":
            .notProcessed(NotProcessed(reason: "rate_limited", retryAfter: response.retryAfter))
        case 400, 402, 404, 409, 429: error.map { outcome(of: $0, response.status, for: operation) } ?? Self.unreadable
        default: .unknown(Unknown(reason: Self.word(for: response.status), code: error?.failure.code))
        }
    }

    /// Never "not found": the id came from Stripe, so that a 404 says that we ask with another account's key.
    public func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer {
        guard response.status == 200 else { return .unanswered(reason: Self.word(for: response.status)) }
        return switch outcome(ofBody: response.body, for: operation) {
        case .unknown(let unknown): .unanswered(reason: unknown.reason)
        case let outcome: .found(outcome)
        }
    }

    private static let unreadable = Outcome.unknown(Unknown(reason: "unreadable_body"))

    private func outcome(of error: StripeError, _ status: Int, for operation: Operation) -> Outcome {
        switch status {
        case 402: refusal(error, of: operation)
        // The key was used before, with other parameters: what it did then is not known.
        case 400 where error.type == "idempotency_error": .unknown(Unknown(reason: "reference_known", code: error.failure.code))
        case 400: canceled(error, operation) ?? refusedRequest(error, operation)
        case 404: .rejected(error.rejection)
        // Someone is at it: an attempt of ours with the same key, or another operation on the same object.
        default: .unknown(Unknown(reason: "conflict", code: error.failure.code))
        }
    }

    private func refusedRequest(_ error: StripeError, _ operation: Operation) -> Outcome {
        guard operation.name == .payment || operation.name == .authorize, let reason = contradiction(error.intent, operation)
        else {
            return .rejected(error.rejection)
        }
        return .unknown(Unknown(reason: reason, code: error.failure.code))
    }

    /// A void of what is canceled already has nothing more to do.
    private func canceled(_ error: StripeError, _ operation: Operation) -> Outcome? {
        guard case .void(let void) = operation, let intent = error.intent, intent.isCanceled,
            contradiction(intent, operation) == nil
        else { return nil }
        return .approved(Approval(state: .voided, gatewayReference: intent.id, money: void.authorized))
    }

    private func refusal(_ error: StripeError, of operation: Operation) -> Outcome {
        guard error.isDecline else { return .unknown(Unknown(reason: "unexpected_status", code: error.failure.code)) }
        if let reason = contradiction(error.intent, operation) {
            return .unknown(Unknown(reason: reason, code: error.failure.code))
        }
        return .declined(error.failure.decline(of: error.intent?.id))
    }

    private func contradiction(_ intent: MentionedIntent?, _ operation: Operation) -> String? {
        switch operation {
        case .payment(let charge), .authorize(let charge):
            intent?.contradiction(reference: charge.reference, id: nil, amount: charge.money.minorUnits, of: true)
        case .capture(let capture):
            intent?.contradiction(
                reference: capture.charge, id: capture.gatewayReference, amount: capture.authorized.minorUnits)
        case .void(let void):
            intent?.contradiction(reference: void.charge, id: void.gatewayReference, amount: void.authorized.minorUnits)
        // The charge of a refund has succeeded: its state is no contradiction, nor is its amount known.
        case .refund, .inquiry, .refundInquiry, .accountValidation: nil
        }
    }

    private func outcome(ofBody body: [UInt8], for operation: Operation) -> Outcome {
        do {
            let body = try AnswerReader(body)
            switch operation {
            case .payment(let charge), .authorize(let charge):
                return try PaymentIntent(body).outcome(reference: charge.reference, id: nil, money: charge.money)
            case .inquiry(let inquiry):
                return try PaymentIntent(body).outcome(
                    reference: inquiry.charge, id: inquiry.gatewayReference, money: inquiry.money)
            case .capture(let capture):
                return try PaymentIntent(body).outcome(
                    reference: capture.charge, id: capture.gatewayReference, money: capture.authorized, wanted: .succeeded)
            case .void(let void):
                return try PaymentIntent(body).outcome(
                    reference: void.charge, id: void.gatewayReference, money: void.authorized, wanted: .canceled)
            case .refund(let refund): return try RefundObject(body).outcome(of: refund)
            case .refundInquiry(let inquiry):
                return try RefundObject(body).outcome(
                    of: .init(
                        reference: inquiry.reference, charge: inquiry.charge, gatewayReference: inquiry.gatewayReference,
                        money: inquiry.money, reason: nil))
            case .accountValidation: return .unknown(Unknown(reason: "not_supported"))
            }
        } catch {
            return Self.unreadable
        }
    }

    private static func word(for status: Int) -> String {
        switch status {
        case 300..<400: "redirect"
        case 429: "rate_limited"
        case 401, 403: "credentials_refused"
        case 424: "dependency_failed"
        case 500..<600: "server_error"
        default: "unexpected_status"
        }
    }
}
