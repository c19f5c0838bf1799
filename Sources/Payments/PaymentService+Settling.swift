import AdapterKit
import Logging
import Metrics
import Resilience

extension PaymentService {
    /// Between tries to settle while the store is away.
    private static let settleBackoff = Backoff(base: .milliseconds(200), ceiling: .seconds(5))

    /// Sends once, if time and lease still allow it (T1, R1), and tells what was heard.
    func send(
        _ request: GatewayRequest, for operation: Operation, at gateway: Gateway, under lease: Lease, claimed: Duration,
        call: Call,
        signedAt: Timestamp
    ) async -> Heard {
        let started = time.monotonic()
        let attempt = gateway.endpoint.attemptTimeout
        var heard: Heard
        // Where an attempt may take longer than the deadline, T1 would forbid them all: then the caller gets 202 meanwhile (T2).
        if attempt < settings.deadline, started - call.arrived + attempt > settings.deadline {
            heard = Heard(outcome: .notProcessed(NotProcessed(reason: "deadline_too_near")), duration: 0)
        } else if started + attempt > claimed + lease.duration {
            heard = Heard(outcome: .notProcessed(NotProcessed(reason: "lease_too_short")), duration: 0)
        } else {
            let exchange = await client.exchange(request, for: operation.name, at: gateway, signedAt: signedAt)
            heard = interpret(exchange, of: operation, by: gateway)
        }
        // From the signature on: a "not found" is believed so long after the end (O4), which must not come out too early.
        let elapsed = max(time.monotonic() - started, time.now() - signedAt)
        heard.duration = Double(elapsed.wholeMicroseconds) / 1000
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

    /// Writes what became of a charge and tells the caller, until the store has taken it (T4). Gives the same change again to
    /// whatever the payment has become meanwhile; then only the gateway's word counts, not the owner's decision (R2).
    func settle(
        _ charge: Charge, call: Call, telling first: FirstAnswer<Answer?>,
        change: @Sendable (inout PaymentRecord, _ decides: Bool) -> Void
    ) async {
        var base = charge.record
        var decides = true
        var failures = 0
        // The same for every try, so that the store recognises a settlement whose reply was lost (R2).
        var settledAt = time.now()
        let sealedForQueue = charge.sealedForQueue(vault)
        while true {
            var next = base
            change(&next, decides)
            if !decides, next == base { return first.give(answer(showing: base, details: charge.details)) }
            if next.status == .queued, let sealedForQueue { next.sealed = sealedForQueue }
            next.version += 1
            next.updatedAt = settledAt
            let answer = finalAnswer(next, charge.details, call)
            let settlement = Settlement(
                record: next, expectedVersion: base.version,
                fixed: first.isGiven ? nil : answer.flatMap { fixed($0, for: next.id.text) },
                releasing: charge.lease.token, keeping: settings.keeping)
            do {
                switch try await store.settle(settlement) {
                case .done: return finish(charge, next, call, first)
                case .conflict(let current, _):
                    base = current.record
                    settledAt = time.now()
                    decides = false
                }
            } catch {
                failures += 1
                first.give(self.answer(showing: charge.record, details: charge.details))
                await waitForStore(error, payment: next.id, failures: failures)
            }
        }
    }

    func waitForStore(_ failure: StoreFailure, payment: PaymentID, failures: Int) async {
        logger.error(
            "settle not stored yet",
            metadata: ["payment": "\(payment)", "code": "\(failure.code.rawValue)", "failures": "\(failures)"])
        // A sleep that a shutdown cuts short only tries again sooner; the shutdown has a limit of its own.
        try? await time.sleep(for: Self.settleBackoff.delay(afterAttempt: failures, unit: random.unit()) + .milliseconds(50))
    }

    private func finish(_ charge: Charge, _ record: PaymentRecord, _ call: Call, _ first: FirstAnswer<Answer?>) {
        first.give(finalAnswer(record, charge.details, call) ?? answer(showing: record, details: charge.details))
        told(record, from: charge.record.status, call)
    }

    /// One line for each decided payment, and the count of the status that it reached.
    func told(_ record: PaymentRecord, from before: PaymentRecord.Status, _ call: Call) {
        countIfChanged(record, from: before)
        logger.info(
            "payment decided",
            metadata: [
                "payment": "\(record.id)", "tenant": "\(record.tenant)", "status": "\(record.status.rawValue)",
                "gateway": "\(record.gateway ?? "-")", "outcome": "\(record.attempts.last?.end?.outcome.rawValue ?? "-")",
                "attempts": "\(record.attempts.count)", "request_id": "\(call.requestID)",
                "elapsed_ms": "\((time.monotonic() - call.arrived).wholeMilliseconds)",
            ])
    }

    func countIfChanged(_ record: PaymentRecord, from before: PaymentRecord.Status) {
        if record.status != before { count(record) }
    }

    /// The answer that stays fixed for this key (K3), if the payment has one.
    private func finalAnswer(_ record: PaymentRecord, _ details: PaymentDetails, _ call: Call) -> Answer? {
        guard record.isFinal || record.status == .authorized else { return nil }
        guard record.failure?.category == .gatewayUnavailable else { return answer(showing: record, details: details) }
        return Answer(  // T3
            Problem(.gatewaysUnavailable, "The payment \(record.id) failed; no gateway holds anything."),
            requestID: call.requestID)
    }

    func fixed(_ answer: Answer, for record: String) -> FixedAnswer? {
        guard let sealed = try? vault.seal(answer.body, for: record) else { return nil }
        return FixedAnswer(status: answer.status, sealedBody: sealed)
    }

    /// Each time a payment reaches a status.
    func count(_ record: PaymentRecord) {
        Counter(label: "drawbridge_payments_total", dimensions: [("tenant", record.tenant), ("status", record.status.rawValue)])
            .increment()
    }
}
