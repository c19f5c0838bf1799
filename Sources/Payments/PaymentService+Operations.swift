public import AdapterKit

/// Capture, void and refund as callers ask for them.
extension PaymentService {
    public func capture(_ id: PaymentID, _ request: CaptureRequest, body: JSON, call: Call) async -> Answer {
        await operate(.capture, on: id, amount: request.amount, reason: nil, body: body, call: call)
    }

    public func void(_ id: PaymentID, call: Call) async -> Answer {
        await operate(.void, on: id, amount: nil, reason: nil, body: .object([]), call: call)
    }

    public func refund(_ id: PaymentID, _ request: RefundRequest, body: JSON, call: Call) async -> Answer {
        await operate(.refund, on: id, amount: request.amount, reason: request.reason, body: body, call: call)
    }

    /// Check and reservation are part of the claim (O8); then the gateway that holds the payment, and no other (O7).
    private func operate(
        _ kind: OperationRecord.Kind, on id: PaymentID, amount: Int64?, reason: String?, body: JSON, call: Call
    ) async -> Answer {
        await answering(call) { () async throws(Problem) -> Answer in
            let claimed = self.time.monotonic()
            let claim = try self.claim(kind, on: id, amount: amount, reason: reason, body: body, call: call)
            func own(_ payment: StoredPayment, _ record: OperationRecord, isRepeat: Bool) async -> Answer {
                let operation = StoredOperation(record: record, holder: claim.lease.token, answered: call.isAsynchronous)
                let stored = StoredWork(payment: payment, operation: operation)
                return await self.await(.init(payment: payment.record, operation: record), call: call) { caller in
                    await self.operate(
                        Held(stored, lease: claim.lease, claimed: claimed, caller: caller), isRepeat: isRepeat,
                        until: call.arrived + self.settings.deadline)
                }
            }
            switch try await self.reachingStore({ () async throws(StoreFailure) in try await self.store.claim(claim) }) {
            case .new(let payment, let record): return await own(payment, record, isRepeat: false)
            case .takenOver(let payment, let record):
                if call.isAsynchronous { await self.remember(.init(payment: payment.record, operation: record)) }
                return await own(payment, record, isRepeat: true)
            case .replay(let fixed): return try self.replay(fixed, of: claim.record.id.text, location: nil)
            case .current(let payment, let record):
                return self.answer(showing: .init(payment: payment.record, operation: record), call: call, replayed: true)
            case .running(let remaining): throw .inProgress(remaining)
            case .mismatch: throw await self.mismatch(with: WorkID(id, claim.record.id))
            case .notFound: throw Problem(.notFound, "This tenant has no payment \(id).")
            case .invalidState(let status, let busy):
                throw Problem(
                    .invalidState,
                    busy
                        ? "A capture or void of this payment is in flight."
                        : "The payment is \(status.rawValue): it takes no \(kind.rawValue).")
            case .exceeds(let available):
                throw Problem(
                    .validationFailed, errors: [.init("/amount", "must be at most \(available), which is what is left")])
            case .limited(let standing): throw self.refusal(of: call, standing)
            }
        }
    }

    private func claim(
        _ kind: OperationRecord.Kind, on id: PaymentID, amount: Int64?, reason: String?, body: JSON, call: Call
    ) throws(Problem) -> OperationClaim {
        guard let operation = derivation.operation(kind, of: id, tenant: call.tenant, key: call.idempotencyKey),
            let sealed = try? vault.seal(JSON.optional(reason).encoded(), for: operation.text)
        else { throw Problem(.internal) }
        let record = OperationRecord(
            id: operation, payment: id, tenant: call.tenant, kind: kind, amount: amount ?? 0, createdAt: time.now(),
            sealed: sealed)
        return OperationClaim(
            record: record, amount: amount, fingerprints: vault.fingerprints(operation: "\(kind.rawValue) \(id)", request: body),
            lease: lease(forAttemptOf: routing.longestAttempt), answered: call.isAsynchronous, keeping: settings.keeping,
            quota: settings.quotas[call.tenant], by: call.actor)
    }

    /// Capture and void show the payment, a refund itself. A refused capture or void is 409 with the gateway's code (O7).
    func answer(showing record: OperationRecord, of payment: PaymentRecord, call: Call, replayed: Bool) -> Answer {
        let isFinal = record.status.isFinal
        if record.kind == .refund {
            let body = record.json(currency: payment.money.currency, reason: announcing.reason(of: record)).encoded()
            return Answer(status: isFinal ? 201 : 202, body: body, retryAfter: isFinal ? nil : 2, replayed: replayed)
        }
        if let failure = record.failure {
            let problem = Problem(
                .invalidState,
                "The gateway refused the \(record.kind.rawValue); its code is \(failure.gatewayCode ?? "not given").")
            var answer = Answer(problem, requestID: call.requestID)
            answer.replayed = replayed
            return answer
        }
        let details: PaymentDetails
        do { details = try shown(payment) } catch { return Answer(error, requestID: call.requestID) }
        return Answer(
            status: isFinal ? 200 : 202, body: payment.json(details).encoded(), retryAfter: isFinal ? nil : 2, replayed: replayed)
    }
}
