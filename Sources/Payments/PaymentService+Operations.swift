public import AdapterKit
import Logging

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

    /// Check and reservation are part of the claim (O8); then one attempt at the gateway that holds the payment (O7).
    private func operate(
        _ kind: OperationRecord.Kind, on id: PaymentID, amount: Int64?, reason: String?, body: JSON, call: Call
    ) async -> Answer {
        await answering(call) { () async throws(Problem) -> Answer in
            let claim = try self.claim(kind, on: id, amount: amount, reason: reason, body: body, call: call)
            let claimed = self.time.monotonic()
            func command(_ payment: StoredPayment, _ record: OperationRecord, isRepeat: Bool = false) -> OperationCommand {
                OperationCommand(
                    payment: payment, record: record, reason: reason, lease: claim.lease, claimed: claimed, isRepeat: isRepeat)
            }
            switch try await self.reachingStore({ () async throws(StoreFailure) in try await self.store.claim(claim) }) {
            case .new(let payment, let record): return await self.await(command(payment, record), call: call)
            case .takenOver(let payment, let record):
                if call.isAsynchronous { await self.remember(id, record.id) }
                return await self.await(command(payment, record, isRepeat: true), call: call)
            case .replay(let fixed): return try self.replay(fixed, of: claim.record.id.text, location: nil)
            case .current(let payment, let record):
                return self.answer(showing: command(payment, record), call: call, replayed: true)
            case .running(let remaining): throw .inProgress(remaining)
            case .mismatch: throw Problem(.idempotencyKeyReused, "Nothing was sent. Use a new key for a new request.")
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
        let lease = lease(forAttemptOf: routing.longestAttempt)
        return OperationClaim(
            record: record, amount: amount, fingerprints: vault.fingerprints(operation: "\(kind.rawValue) \(id)", request: body),
            lease: lease, answered: call.isAsynchronous, keeping: settings.keeping)
    }

    private func await(_ command: OperationCommand, call: Call) async -> Answer {
        let answer = await self.await(call: call) { first in await self.own(command, call: call, telling: first) }
        if let answer { return answer }
        if !call.isAsynchronous { await remember(command.payment.record.id, command.record.id) }
        return self.answer(showing: command, call: call)
    }

    private func own(_ command: OperationCommand, call: Call, telling first: FirstAnswer<Answer?>) async {
        // Somebody settled it before its dead owner's lease ran out: only the lease is left to release.
        guard command.record.status == .processing else { return await settle(command, call: call, telling: first) { _, _ in } }
        guard let name = command.record.gateway else { return await cancelQueued(command, call: call, telling: first) }
        guard let gateway = gateway(named: name, asWhen: command), !command.isRepeat || mayRepeat(command, at: gateway) else {
            return await settle(command, call: call, telling: first) { _, _ in }
        }
        await attempt(command, at: gateway, call: call, telling: first)
    }

    /// The gateway that holds the payment, unless the configuration has made another one of it (R9).
    func gateway(named name: String, asWhen command: OperationCommand) -> Gateway? {
        routing.gateway(named: name).flatMap { $0.identity == command.record.gatewayIdentity ? $0 : nil }
    }

    /// An operation that may have been sent before is sent again under its own reference only where the gateway allows it (O3).
    func mayRepeat(_ command: OperationCommand, at gateway: Gateway) -> Bool {
        gateway.adapter.capabilities.mayRepeat(after: time.now() - command.record.createdAt)
    }

    /// Sends the operation once and settles it. The first attempt was stored with the claim, a repeat is stored here (O5).
    private func attempt(_ claimed: OperationCommand, at gateway: Gateway, call: Call, telling first: FirstAnswer<Answer?>) async
    {
        let operation = claimed.operation
        let signedAt = claimed.isRepeat ? time.now() : claimed.record.createdAt
        let attempt = AttemptRecord(
            number: claimed.payment.record.nextAttempt, gateway: gateway.name, operation: operation.name,
            reference: claimed.record.id.text, identity: gateway.identity, startedAt: signedAt)
        guard let command = claimed.isRepeat ? await stored(attempt, of: claimed) : claimed else {
            return await settle(claimed, call: call, telling: first) { _, _ in }
        }
        let heard: Heard
        do {
            let request = try gateway.adapter.request(for: operation)
            heard = await send(
                request, for: operation, at: gateway, under: command.lease, claimed: command.claimed, call: call,
                signedAt: signedAt)
        } catch {
            heard = Heard(outcome: .rejected(Rejection(cause: .request, code: nil, message: error.reason)), duration: 0)
        }
        await settle(command, call: call, telling: first) { payment, record in
            if command.isRepeat {
                payment.record(heard, forAttempt: attempt.number)
            } else {
                payment.append(attempt, heard: heard)
            }
            // A repeat that is rejected says nothing of what was sent before it (O1).
            if !command.isRepeat || heard.outcome.kind != .rejected { record.apply(heard.outcome, to: &payment) }
        }
    }

    /// `nil` when the store did not take it: then nothing is sent.
    private func stored(_ attempt: AttemptRecord, of command: OperationCommand) async -> OperationCommand? {
        var next = command
        next.payment.record.attempts.append(attempt)
        next.payment.record.version += 1
        next.payment.record.updatedAt = attempt.startedAt
        let settlement = Settlement(
            record: next.payment.record, expectedVersion: command.payment.record.version, keeping: settings.keeping)
        guard case .done? = try? await store.settle(settlement) else { return nil }
        return next
    }

    /// A queued payment is at no gateway: it is canceled here.
    private func cancelQueued(_ command: OperationCommand, call: Call, telling first: FirstAnswer<Answer?>) async {
        let sealed = sealedWithoutCardNumber(command.payment.record)
        await settle(command, call: call, telling: first) { payment, record in
            guard payment.status == .queued else { return }
            payment.becomeCanceled()
            payment.sealed = sealed
            record.succeedWithoutGateway()
        }
    }

    /// A final payment keeps no card number (R5).
    private func sealedWithoutCardNumber(_ record: PaymentRecord) -> [UInt8] {
        guard var details = try? PaymentDetails(sealed: record.sealed, of: record.id, vault: vault) else { return record.sealed }
        details.dropCardNumber()
        return (try? details.sealed(for: record.id, vault: vault)) ?? record.sealed
    }

    /// Writes the operation and its payment together, until the store has taken it.
    func settle(
        _ command: OperationCommand, call: Call, telling first: FirstAnswer<Answer?>,
        change: @Sendable (inout PaymentRecord, inout OperationRecord) -> Void
    ) async {
        var current = command
        var failures = 0
        // The same for every try, so that the store recognises a settlement whose reply was lost (R2).
        var settledAt = time.now()
        while true {
            var next = current
            change(&next.payment.record, &next.record)
            // Somebody else has settled it, and what was heard here adds nothing: a gateway's word is never thrown away (R2).
            if current.record.status != .processing, current.record != command.record, next.record == current.record,
                next.payment.record == current.payment.record
            {
                return first.give(self.answer(showing: current, call: call))
            }
            next.payment.record.version += 1
            next.payment.record.updatedAt = settledAt
            next.record.version += 1
            next.record.updatedAt = settledAt
            let answer = answer(showing: next, call: call)
            let isFinal = next.record.status == .succeeded || next.record.status == .failed
            let settlement = Settlement(
                record: next.payment.record, expectedVersion: current.payment.record.version,
                operation: .init(
                    record: next.record, fixed: isFinal && !first.isGiven ? fixed(answer, for: next.record.id.text) : nil,
                    releasing: command.lease.token), keeping: settings.keeping)
            do {
                switch try await store.settle(settlement) {
                case .done: return finish(next, answer, from: command, call, first)
                case .conflict(let payment, let record):
                    current = current.resuming(payment, record ?? current.record)
                    settledAt = time.now()
                }
            } catch {
                failures += 1
                first.give(self.answer(showing: command, call: call))
                await waitForStore(error, payment: command.payment.record.id, failures: failures)
            }
        }
    }

    private func finish(
        _ next: OperationCommand, _ answer: Answer, from before: OperationCommand, _ call: Call, _ first: FirstAnswer<Answer?>
    ) {
        first.give(answer)
        countIfChanged(next.payment.record, from: before.payment.record.status)
        logger.info(
            "\(next.record.kind.rawValue) decided",
            metadata: [
                "payment": "\(next.payment.record.id)", "operation": "\(next.record.id)", "tenant": "\(next.record.tenant)",
                "status": "\(next.record.status.rawValue)", "gateway": "\(next.record.gateway ?? "-")",
                "request_id": "\(call.requestID)",
                "elapsed_ms": "\((time.monotonic() - call.arrived).wholeMilliseconds)",
            ])
    }

    /// Capture and void show the payment, a refund itself. A refused capture or void is 409 with the gateway's code (O7).
    func answer(showing command: OperationCommand, call: Call, replayed: Bool = false) -> Answer {
        let record = command.record
        let isFinal = record.status == .succeeded || record.status == .failed
        if record.kind == .refund {
            let body = record.json(currency: command.payment.record.money.currency, reason: reason(of: command)).encoded()
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
        let payment = command.payment.record
        guard let details = try? PaymentDetails(sealed: payment.sealed, of: payment.id, vault: vault) else {
            return Answer(unreadable(payment.id.text), requestID: call.requestID)
        }
        return Answer(
            status: isFinal ? 200 : 202, body: payment.json(details).encoded(), retryAfter: isFinal ? nil : 2, replayed: replayed)
    }

    func reason(of command: OperationCommand) -> String? {
        guard let plain = try? vault.open(command.record.sealed, for: command.record.id.text) else { return nil }
        return (try? JSON(parsing: plain))?.text
    }
}
