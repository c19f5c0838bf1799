public import AdapterKit

extension NPCIUPIAdapter {
    /// The sheet fixes no HTTP statuses: only what every facade means by them is taken as its word.
    public func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome {
        switch response.status {
        case 200: outcome(ofBody: response.body, for: operation)
        case 400: refusal(response.body)
        case 401, 403: .rejected(Rejection(cause: .credentials, code: Refusal(response.body).code, message: nil))
        case 409: .unknown(Unknown(reason: "reference_known", code: Refusal(response.body).code))
        case 429: .notProcessed(NotProcessed(reason: "rate_limited", retryAfter: response.retryAfter))
        default: .unknown(Unknown(reason: Self.word(for: response.status)))
        }
    }

    public func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer {
        guard response.status == 200 else { return .unanswered(reason: Self.word(for: response.status)) }
        do {
            let asked = try transaction(of: operation)
            let answer = try TransactionAnswer(response.body, innerCodeMember: access.innerCodeMember)
            if answer.transaction == asked.id, answer.isNotFound { return .notFound }
            switch answer.outcome(for: asked, .inquiry) {
            case .unknown(let unknown): return .unanswered(reason: unknown.reason)
            case let outcome: return .found(outcome)
            }
        } catch {
            return .unanswered(reason: "unreadable_body")
        }
    }

    /// The sheet tells nothing of the answer: the shape of a transaction's end is PROPOSED.
    public func accountAnswer(of response: GatewayResponse, for operation: Operation) -> AccountAnswer {
        guard response.status == 200 else { return .unanswered(reason: Self.word(for: response.status)) }
        do {
            let body = try AnswerReader(response.body)
            guard let end = try TransactionAnswer.Ending(body, innerCodeMember: access.innerCodeMember) else {
                return .unanswered(reason: "unreadable_body")
            }
            if let address = try body.wholeText("vpa", limit: VirtualPaymentAddress.maximumLength),
                !operation.asks(about: address)
            {
                return .unanswered(reason: "another_address")
            }
            let holder = try body.shortText("maskName", limit: 140)
            switch (end.result, end.code) {
            case (.success, ResponseCode.success): return .known(valid: true, holderName: holder)
            case (.failure, let code) where Self.declineCategories[code] == .invalidInstrument:
                return .known(valid: false, holderName: nil)
            default: return .unanswered(reason: "unexpected_code")
            }
        } catch {
            return .unanswered(reason: "unreadable_body")
        }
    }

    private func outcome(ofBody body: [UInt8], for operation: Operation) -> Outcome {
        do {
            let answer = try TransactionAnswer(body, innerCodeMember: access.innerCodeMember)
            return answer.outcome(for: try transaction(of: operation), .answer)
        } catch {
            return .unknown(Unknown(reason: "unreadable_body"))
        }
    }

    /// Refused only where a code says so: anything else may have been taken before.
    private func refusal(_ body: [UInt8]) -> Outcome {
        guard let code = Refusal(body).code else { return .unknown(Unknown(reason: "unreadable_body")) }
        return switch ResponseCode.meaning(of: code, inner: nil) {
        case .rejected(let cause): .rejected(Rejection(cause: cause, code: code, message: nil))
        case .unknown(let reason): .unknown(Unknown(reason: reason, code: code))
        default: .unknown(Unknown(reason: "unexpected_status", code: code))
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

/// What a request was refused with. A body that cannot be read leaves it open.
private struct Refusal {
    let code: String?

    init(_ bytes: [UInt8]) {
        let body = try? AnswerReader(bytes)
        code = (try? body?.shortText("errCode", limit: 8)) ?? (try? body?.shortText("respCode", limit: 8))
    }
}

extension Operation {
    /// Addresses are the same whatever their case.
    fileprivate func asks(about address: String) -> Bool {
        if case .accountValidation(let account) = self { account.value.lowercased() == address.lowercased() } else { false }
    }
}
