import AdapterKit
import Logging

extension PaymentService {
    /// Admits a change, and turns a problem into its answer.
    func answering(_ call: Call, _ body: () async throws(Problem) -> Answer) async -> Answer {
        do {
            try admit()
            return try await body()
        } catch { return Answer(error, requestID: call.requestID) }
    }

    /// A store that is away means: not known whether stored, repeat the same key (K5).
    func reachingStore<Value>(_ body: () async throws(StoreFailure) -> Value) async throws(Problem) -> Value {
        do { return try await body() } catch {
            logger.warning("state store failed", metadata: ["code": "\(error.code.rawValue)", "detail": "\(error.detail)"])
            throw Problem(
                .stateStoreUnavailable,
                "It is not known whether the request was stored. Repeat it with the same Idempotency-Key.",
                retryAfter: 1)
        }
    }

    /// Runs the owner's work apart from the caller's connection and waits for its answer, at most until the deadline; then 202.
    func await(
        _ charge: Charge, call: Call, _ work: @escaping @Sendable (FirstAnswer<Answer?>) async -> Void
    ) async -> Answer {
        if let answer = await self.await(call: call, work) { return answer }
        if !call.isAsynchronous { await remember(charge.record.id, nil) }
        return answer(showing: charge.record, details: charge.details)
    }

    /// `nil` when the caller's time is over before the work has an answer.
    func await(call: Call, _ work: @escaping @Sendable (FirstAnswer<Answer?>) async -> Void) async -> Answer? {
        inFlight.begin()
        let first = FirstAnswer<Answer?>()
        if call.isAsynchronous { first.give(nil) }
        Task { [inFlight] in
            await work(first)
            inFlight.end()
        }
        let timer = Task { [time] in
            try await time.sleep(for: remaining(of: call))
            first.give(nil)
        }
        defer { timer.cancel() }
        return await first.value()
    }

    private func remaining(of call: Call) -> Duration {
        max(.zero, min(settings.deadline, call.patience ?? settings.deadline) - (time.monotonic() - call.arrived))
    }

    func admit() throws(Problem) {
        do { try inFlight.admit() } catch {
            switch error {
            case .draining:
                throw Problem(
                    .gatewaysUnavailable, "This replica is shutting down. Repeat the request with the same key.", retryAfter: 1)
            case .full: throw Problem(.rateLimited, "Too many payments are in flight here.", retryAfter: 1)
            }
        }
    }

    /// The caller is about to be told 202: a repeat must be shown the payment (K3). If the store is away it is told all the same (T4).
    func remember(_ payment: PaymentID, _ operation: OperationID?) async {
        do { try await store.markAnswered(payment, operation: operation) } catch {
            logger.warning("state store failed", metadata: ["code": "\(error.code.rawValue)", "payment": "\(payment)"])
        }
    }

    static func location(of id: PaymentID) -> String { "/v1/payments/\(id)" }

    func replay(_ fixed: FixedAnswer, of record: String, location: String?) throws(Problem) -> Answer {
        guard let body = try? vault.open(fixed.sealedBody, for: record) else { throw unreadable(record) }
        let isProblem = fixed.status >= 400
        return Answer(
            status: fixed.status, content: isProblem ? .problem : .json, body: body,
            location: fixed.status == 201 ? location : nil,
            replayed: true)
    }

    /// The payment as it stands: 201 when a gateway gave a final answer or asks for an action, else 202.
    func answer(showing record: PaymentRecord, call: Call, replayed: Bool = false) -> Answer {
        guard let details = try? PaymentDetails(sealed: record.sealed, of: record.id, vault: vault) else {
            return Answer(unreadable(record.id.text), requestID: call.requestID)
        }
        return answer(showing: record, details: details, replayed: replayed)
    }

    func answer(showing record: PaymentRecord, details: PaymentDetails, replayed: Bool = false) -> Answer {
        let isAnswered =
            switch record.status {
            case .authorized, .succeeded, .failed, .canceled, .requiresAction: true
            case .processing, .queued, .manualReview: false
            }
        return Answer(
            status: isAnswered ? 201 : 202, body: record.json(details).encoded(), location: Self.location(of: record.id),
            retryAfter: isAnswered ? nil : 2, replayed: replayed)
    }

    func unreadable(_ record: String) -> Problem {
        logger.error("record cannot be opened", metadata: ["record": "\(record)"])
        return Problem(.internal, "The record of \(record) cannot be opened with the configured encryption keys.")
    }
}

extension Problem {
    static func inProgress(_ remaining: Duration) -> Problem {
        Problem(
            .idempotencyInProgress, "Repeat it later with the same key.", retryAfter: max(1, Int(remaining.components.seconds)))
    }

    static func noGateway(pinned: String?) -> Problem {
        guard pinned != nil else {
            return Problem(.noGateway, "No route takes this method, currency and amount for this tenant.")
        }
        return Problem(
            .noGateway, "The pinned gateway is not configured, not open to this tenant, or cannot take this method.",
            errors: [.init("/gateway", "names no gateway that can take this payment")])
    }
}
