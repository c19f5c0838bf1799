import AdapterKit

/// What an inquiry means for a payment.
enum Established: Sendable {
    /// The gateway's word, and the inquiry as an attempt of its own.
    case found(Outcome, AttemptRecord)
    /// "Not found", but too early or elsewhere: proves nothing yet (O4, O5).
    case notFoundYet
    /// "Not found" that proves that the gateway holds nothing.
    case nothingHeld(AttemptRecord)
    case unanswered(reason: String)
}

extension PaymentService {
    /// Asks a gateway what became of its attempts to charge, by our own reference (O4), or by its own where it knows no other.
    func ask(_ gateway: Gateway, about record: PaymentRecord) async -> Established {
        guard record.canAsk(gateway) else { return .unanswered(reason: "not_supported") }
        let inquiry = Operation.inquiry(
            .init(charge: record.id.text, gatewayReference: record.reference(at: gateway.name), money: record.money))
        let (answer, asked) = await exchange(inquiry, at: gateway, asking: record, reference: record.id.text)
        switch answer {
        case .found(.unknown(let unknown)): return .unanswered(reason: unknown.reason)
        case .found(let outcome): return .found(outcome, asked)
        case .unanswered(let reason): return .unanswered(reason: reason)
        case .notFound:
            guard let proof = record.proof(ofNothingHeldBy: gateway), asked.startedAt >= proof else { return .notFoundYet }
            return .nothingHeld(asked)
        }
    }

    /// One inquiry, as an attempt of its own.
    func exchange(
        _ inquiry: Operation, at gateway: Gateway, asking record: PaymentRecord, reference: String
    ) async -> (InquiryAnswer, AttemptRecord) {
        let signedAt = time.now()
        var asked = AttemptRecord(
            number: record.nextAttempt, gateway: gateway.name, operation: .inquiry, reference: reference,
            identity: gateway.identity, startedAt: signedAt)
        let started = time.monotonic()
        let (answer, status) = await inquire(inquiry, at: gateway, signedAt: signedAt)
        let duration = Double((time.monotonic() - started).wholeMicroseconds) / 1000
        asked.end = .init(Heard(outcome: answer.outcome, httpStatus: status, duration: duration))
        return (answer, asked)
    }

    private func inquire(_ inquiry: Operation, at gateway: Gateway, signedAt: Timestamp) async -> (InquiryAnswer, Int?) {
        guard let request = try? gateway.adapter.request(for: inquiry) else { return (.unanswered(reason: "not_supported"), nil) }
        // Also where the breaker is open: what is not known must become known. One at a time, and where one waits it is the probe.
        let patience = time.monotonic() + gateway.endpoint.attemptTimeout
        let permit = await breakers.inquiryPermit(gateway.name, until: patience)
        if case .refused = permit { return (.unanswered(reason: "circuit_open"), nil) }
        guard await limits.enter(gateway.name, until: patience) else {
            breakers.record(permit, gateway.name, .neutral, duration: .zero)
            return (.unanswered(reason: "limit_reached"), nil)
        }
        defer { limits.leave(gateway.name) }
        let started = time.monotonic()
        var exchange = await client.exchange(request, for: .inquiry, at: gateway, signedAt: signedAt)
        // An idle connection had closed under it. Nothing is moved by asking twice.
        if case .failed(let failure) = exchange, failure.code == .resendPrevented {
            exchange = await client.exchange(request, for: .inquiry, at: gateway, signedAt: signedAt)
        }
        let (answer, status) = read(exchange, of: inquiry, by: gateway)
        breakers.record(permit, gateway.name, CallResult(answer), duration: time.monotonic() - started)
        return (answer, status)
    }

    private func read(
        _ exchange: GatewayClient.Exchange, of inquiry: Operation, by gateway: Gateway
    ) -> (InquiryAnswer, Int?) {
        switch exchange {
        case .answered(let response): (gateway.adapter.inquiryAnswer(of: response, for: inquiry), response.status)
        case .unverified(let status): (.unanswered(reason: "response_signature_invalid"), status)
        case .unsigned(let reason), .closed(let reason): (.unanswered(reason: reason), nil)
        case .failed(let failure): (.unanswered(reason: failure.code.rawValue), nil)
        }
    }
}

extension InquiryAnswer {
    /// How the inquiry itself is listed among the attempts.
    fileprivate var outcome: Outcome {
        switch self {
        case .found(let outcome): outcome
        case .notFound: .notProcessed(NotProcessed(reason: "not_found"))
        case .unanswered(let reason): .unknown(Unknown(reason: reason))
        }
    }
}

extension CallResult {
    fileprivate init(_ answer: InquiryAnswer) {
        self =
            switch answer {
            case .found, .notFound: .success
            case .unanswered(let reason): reason == "rate_limited" ? .neutral : .failure
            }
    }
}
