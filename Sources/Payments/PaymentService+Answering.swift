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
        _ work: Held.Work, call: Call, _ body: @escaping @Sendable (Caller) async -> Void
    ) async -> Answer {
        inFlight.begin()
        let first = FirstAnswer<Answer?>()
        if call.isAsynchronous { first.give(nil) }
        Task(executorPreference: settings.executor) { [inFlight] in
            await body(Caller(call: call, first: first))
            inFlight.end()
        }
        if let answer = await answer(first, to: call) { return answer }
        if !call.isAsynchronous { await remember(work) }
        return answer(showing: work, call: call)
    }

    /// `nil` when the caller's time is over.
    private func answer(_ first: FirstAnswer<Answer?>, to call: Call) async -> Answer? {
        guard let patience = call.patience, patience < settings.deadline else {
            let number = deadlines.begin(first, deadline: call.arrived + settings.deadline)
            defer { deadlines.end(number) }
            return await first.value()
        }
        let timer = Task(executorPreference: settings.executor) { [time] in
            try await time.sleep(for: max(.zero, patience - (time.monotonic() - call.arrived)))
            first.give(nil)
        }
        defer { timer.cancel() }
        return await first.value()
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
    func remember(_ work: Held.Work) async {
        do { try await store.markAnswered(work.payment.id, operation: work.operation?.id) } catch {
            logger.warning("state store failed", metadata: ["code": "\(error.code.rawValue)", "payment": "\(work.payment.id)"])
        }
    }

    static func location(of id: PaymentID) -> String { "/v1/payments/\(id)" }

    func replay(_ fixed: FixedAnswer, of record: String, location: String?) throws(Problem) -> Answer {
        let body: [UInt8]
        do { body = try vault.open(fixed.sealedBody, for: record) } catch { throw closed(record, error) }
        let isProblem = fixed.status >= 400
        return Answer(
            status: fixed.status, content: isProblem ? .problem : .json, body: body,
            location: fixed.status == 201 ? location : nil,
            replayed: true)
    }

    /// Capture and void show the payment, a refund itself; else the payment as it stands.
    func answer(showing work: Held.Work, call: Call, replayed: Bool = false, details: OpenDetails? = nil) -> Answer {
        guard let operation = work.operation else {
            return answer(showing: work.payment, call: call, replayed: replayed, details)
        }
        return answer(showing: operation, of: work.payment, call: call, replayed: replayed)
    }

    /// The payment as it stands: 201 when a gateway gave a final answer or asks for an action, else 202.
    private func answer(showing record: PaymentRecord, call: Call, replayed: Bool, _ details: OpenDetails? = nil) -> Answer {
        let shown: PaymentDetails
        do { shown = try self.shown(record, details) } catch { return Answer(error, requestID: call.requestID) }
        let isAnswered =
            switch record.status {
            case .authorized, .succeeded, .failed, .canceled, .requiresAction: true
            case .processing, .queued, .manualReview: false
            }
        return Answer(
            status: isAnswered ? 201 : 202, body: record.json(shown).encoded(), location: Self.location(of: record.id),
            retryAfter: isAnswered ? nil : 2, replayed: replayed)
    }

    /// The answer that stays fixed for a key (K3), if there is one.
    func finalAnswer(_ work: Held.Work, _ call: Call?, _ details: OpenDetails? = nil) -> Answer? {
        // In recovery nobody asks; the answer is kept for the repeat.
        let call = call ?? Call(tenant: work.payment.tenant, idempotencyKey: "", requestID: "recovery", arrived: .zero)
        if let operation = work.operation {
            return operation.status.isFinal ? answer(showing: operation, of: work.payment, call: call, replayed: false) : nil
        }
        let record = work.payment
        guard record.isFinal || record.status == .authorized else { return nil }
        guard record.failure?.category == .gatewayUnavailable, record.status == .failed else {
            return answer(showing: record, call: call, replayed: false, details)
        }
        return Answer(  // T3
            Problem(.gatewaysUnavailable, "The payment \(record.id) failed; no gateway holds anything."),
            requestID: call.requestID)
    }

    /// - Parameter details: what it may hold; opened only if it is another sealed part.
    func opened(_ record: PaymentRecord, _ details: OpenDetails?) -> PaymentDetails? {
        if let details, details.sealed == record.sealed { return details.plain }
        return try? PaymentDetails(sealed: record.sealed, of: record.id, vault: vault)
    }

    /// What is shown of it. Under a key that is not in this ring that is what is known without it: the state of the money is. Of a
    /// record that somebody has altered nothing is told.
    func shown(_ record: PaymentRecord, _ details: OpenDetails? = nil) throws(Problem) -> PaymentDetails {
        if let details, details.sealed == record.sealed { return details.plain }
        do { return try PaymentDetails(sealed: record.sealed, of: record.id, vault: vault) } catch {
            let problem = closed(record.id.text, error)
            guard error.reason == .unknownKey else { throw problem }
            return PaymentDetails(unreadable: record.methodKind)
        }
    }

    /// Whether all of what the caller is answered could be opened: a part must not be repeated for ever (K3).
    func showsAll(_ work: Held.Work, _ details: OpenDetails?) -> Bool {
        guard let refund = work.operation, refund.kind == .refund else { return opened(work.payment, details) != nil }
        return (try? vault.open(refund.sealed, for: refund.id.text)) != nil
    }

    /// Whoever asks again may find the key: at another replica, or here after the next reload. What was altered stays so.
    func closed(_ record: String, _ failure: VaultFailure) -> Problem {
        Unreadable.report(record, failure, logger)
        guard failure.reason == .unknownKey else {
            return Problem(.internal, "The record of \(record) cannot be opened with the configured encryption keys.")
        }
        return .keyMissing
    }

    /// A request whose key this ring has not cannot be compared (K2). Were that called another request, the caller would pay again
    /// under a new key.
    func mismatch(with id: WorkID) async -> Problem {
        let work: StoredWork?
        do { work = try await reachingStore { () async throws(StoreFailure) in try await self.store.work(id) } } catch {
            return error
        }
        guard let work else { return .keyReused }
        let (sealed, record) =
            work.operation.map { ($0.record.sealed, $0.record.id.text) } ?? (work.payment.record.sealed, id.payment.text)
        do { _ = try vault.open(sealed, for: record) } catch {
            // Also where a key has other bytes under an old id: the fingerprints are another's then, whatever was asked.
            if error.reason == .unknownKey || error.reason == .altered { return closed(record, error) }
        }
        return .keyReused
    }
}

extension Problem {
    static let keyReused = Problem(.idempotencyKeyReused, "Nothing was sent. Use a new key for a new request.")

    static let keyMissing = Problem(
        .stateStoreUnavailable,
        "It is stored under an encryption key that this replica does not have. Repeat the request with the same Idempotency-Key.",
        retryAfter: 5)

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
