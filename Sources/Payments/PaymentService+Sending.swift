import AdapterKit
import Logging
import Metrics

/// One exchange that may move money: breaker, limits, lease and deadline before it, the adapter's reading after it.
extension PaymentService {
    /// - Parameters:
    ///   - signedAt: the time-stamp stored with the attempt; all its signatures carry it.
    ///   - latest: on the monotonic clock; it waits for its turn until then at the most.
    ///   - isRetry: whether it was paid for from the gateway's retry budget.
    func send(
        _ operation: Operation, at gateway: Gateway, _ held: Held, signedAt: Timestamp, latest: Duration, isRetry: Bool = false
    ) async -> Heard {
        let request: GatewayRequest
        do { request = try gateway.adapter.request(for: operation) } catch {
            return Heard(outcome: .rejected(Rejection(cause: .request, code: nil, message: error.reason)), duration: 0)
        }
        let lastStart = min(latest, held.leaseEnd - gateway.endpoint.attemptTimeout)
        // Only a charge is held up: what undoes or ends one must pass (architecture, State).
        let permit =
            operation.isCharge
            ? await breakers.permit(gateway.name) : await breakers.inquiryPermit(gateway.name, until: lastStart)
        if case .refused = permit { return .keptBack("circuit_open") }
        guard await limits.enter(gateway.name, until: lastStart) else {
            breakers.record(permit, gateway.name, .neutral, duration: .zero)
            return .keptBack("limit_reached")
        }
        defer { limits.leave(gateway.name) }
        let started = time.monotonic()
        // R1: who may have lost the lease hands nothing to the transport.
        guard started <= held.leaseEnd - gateway.endpoint.attemptTimeout else {
            breakers.record(permit, gateway.name, .neutral, duration: .zero)
            return .keptBack("lease_too_short")
        }
        guard started <= latest else {
            breakers.record(permit, gateway.name, .neutral, duration: .zero)
            return .keptBack("deadline_too_near")
        }
        if !isRetry { limits.called(gateway.name) }
        let exchange = await client.exchange(request, for: operation.name, at: gateway, signedAt: signedAt)
        var heard = interpret(exchange, of: operation, by: gateway)
        let elapsed = time.monotonic() - started
        breakers.record(permit, gateway.name, CallResult(heard.outcome), duration: elapsed)
        // From the signature on: a "not found" is believed so long after the end (O4), which must not come out too early.
        heard.duration = Double(max(elapsed, time.now() - signedAt).wholeMicroseconds) / 1000
        Counter(
            label: "drawbridge_attempts_total",
            dimensions: [
                ("gateway", gateway.name), ("operation", operation.name.rawValue), ("outcome", heard.outcome.kind.rawValue),
            ]
        ).increment()
        return heard
    }

    private func interpret(_ exchange: GatewayClient.Exchange, of operation: Operation, by gateway: Gateway) -> Heard {
        switch exchange {
        case .answered(let response):
            Heard(outcome: gateway.adapter.outcome(of: response, for: operation), httpStatus: response.status, duration: 0)
        case .unverified(let status):
            Heard(outcome: .unknown(Unknown(reason: "response_signature_invalid")), httpStatus: status, duration: 0)
        case .unsigned(let reason):
            Heard(outcome: .rejected(Rejection(cause: .credentials, code: reason, message: nil)), duration: 0)
        case .closed(let reason): Heard(outcome: .notProcessed(NotProcessed(reason: reason)), duration: 0)
        case .failed(let failure): heardFailure(failure, at: gateway)
        }
    }

    private func heardFailure(_ failure: TransportFailure, at gateway: Gateway) -> Heard {
        logger.warning(
            "exchange failed",
            metadata: [
                "gateway": "\(gateway.name)", "code": "\(failure.code.rawValue)", "phase": "\(failure.phase.rawValue)",
                "detail": "\(failure.detail)",
            ])
        return Heard(outcome: failure.outcome, duration: 0)
    }
}

extension Heard {
    /// It never left.
    static func keptBack(_ reason: String) -> Heard {
        Heard(outcome: .notProcessed(NotProcessed(reason: reason)), duration: 0, wasKeptBack: true)
    }
}

extension Operation {
    var isCharge: Bool {
        switch self {
        case .payment, .authorize: true
        case .capture, .void, .refund, .inquiry, .refundInquiry, .accountValidation: false
        }
    }
}

extension CallResult {
    /// The column "breaker" of the table of outcomes.
    init(_ outcome: Outcome) {
        self =
            switch outcome {
            case .approved, .declined, .requiresAction, .pending: .success
            case .notProcessed(let reason): reason.reason == "rate_limited" ? .neutral : .failure
            case .rejected(let rejection): rejection.cause == .credentials ? .failure : .neutral
            case .unknown: .failure
            }
    }
}
