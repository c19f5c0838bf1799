import AdapterKit
import Logging
import Metrics

/// Late success (R6): a gateway that another one was preferred to, or that a failed payment has left behind, is asked, and what it
/// holds is given back. One reversal for a payment and gateway, under a reference derived from both.
extension PaymentService {
    /// Written together with the change that makes it necessary.
    func beginReversal(_ record: inout PaymentRecord, now: Timestamp) -> OperationRecord? {
        guard let name = record.reversalsDue.first, let attempt = record.chargeAttempts(at: name).last,
            let id = derivation.reversal(of: record.id, tenant: record.tenant, at: name)
        else { return nil }
        record.reversedAt.append(name)
        var reversal = OperationRecord(
            id: id, payment: record.id, tenant: record.tenant, kind: .reversal, amount: record.money.minorUnits, createdAt: now,
            sealed: [])
        reversal.gateway = name
        reversal.gatewayIdentity = attempt.identity
        reversal.watchedUntil = routing.gateway(named: name).flatMap { record.lateSuccess(at: $0) }
        return reversal
    }

    /// Writes the reversals that a change of an operation has made necessary.
    func reverseRest(of record: PaymentRecord) async {
        guard let stored = try? await store.work(WorkID(record.id)) else { return }
        var held = Held(word: stored)
        await commit(&held, .rest)
    }

    /// A success that comes after its gateway's reversal, or the watch of it, has ended: it goes on, and asks first as always.
    func reopenReversal(of record: PaymentRecord, at gateway: Gateway) async throws(StoreFailure) {
        guard record.reversedAt.contains(gateway.name),
            let id = derivation.reversal(of: record.id, tenant: record.tenant, at: gateway.name),
            let work = try await store.work(WorkID(record.id, id)), work.operation?.record.status == .succeeded
        else { return }
        var held = Held(word: work, cause: .callback)
        let now = time.now()
        held.change { work, _ in work.operation?.reopen(at: now) }
        try await commitOnce(&held)
    }

    /// Asks the gateway and gives back what it holds.
    func reverse(_ start: Held, until end: Duration) async {
        var held = start
        guard let reversal = held.operation, reversal.status == .processing else { return await commit(&held, .rest) }
        guard let gateway = reversal.gateway.flatMap({ self.gateway(named: $0, asWhen: reversal) }) else {
            let now = time.now()
            held.change { work, decides in if decides { work.operation?.review(.gatewayChanged, at: now) } }
            return await commit(&held, .rest)
        }
        let established = await ask(gateway, about: held.payment)
        let now = time.now()
        switch established {
        case .found(let outcome, let asked):
            let word = Word(outcome: outcome, gateway: gateway.name, identity: gateway.identity, at: now)
            held.change { work, _ in
                let before = work.payment
                work.payment.hear(word)
                if work.payment != before { work.payment.append(asked) }
            }
            await giveBack(&held, outcome, at: gateway, until: end)
        case .nothingHeld:
            held.change { work, decides in if decides { work.operation?.endWatch(at: now) } }
        case .notFoundYet, .unanswered: break
        }
        await restOperation(held)
    }

    private func giveBack(_ held: inout Held, _ outcome: Outcome, at gateway: Gateway, until end: Duration) async {
        let now = time.now()
        switch outcome {
        // A success for a payment that nobody held has settled it: there is nothing to give back, now or later.
        case .approved where held.payment.holder == gateway.name:
            held.change { work, decides in if decides { work.operation?.succeedWithoutGateway() } }
        case .approved(let approval):
            guard let operation = held.operation?.reversing(approval, held.payment) else {
                held.change { work, decides in if decides { work.operation?.endWatch(at: now) } }
                return
            }
            await send(&held, operation, at: gateway, until: end)
        case .requiresAction(_, let reference):
            guard let operation = held.operation else { return }
            let void = Operation.Void(
                reference: operation.id.text, charge: held.payment.id.text,
                gatewayReference: reference ?? held.payment.reference(at: gateway.name), authorized: held.payment.money)
            await send(&held, .void(void), at: gateway, until: end)
        case .declined: held.change { work, decides in if decides { work.operation?.endWatch(at: now) } }
        case .pending, .notProcessed, .rejected, .unknown: break
        }
    }

    private func send(_ held: inout Held, _ operation: Operation, at gateway: Gateway, until end: Duration) async {
        guard let reversal = held.operation, gateway.adapter.capabilities.reversal else {
            let now = time.now()
            return held.change { work, decides in if decides { work.operation?.review(.reversalRefused, at: now) } }
        }
        // Only what may have happened must not be repeated (O3).
        let earlier = held.payment.attempts.first {
            $0.reference == reversal.id.text && $0.operation == .reversal && $0.mayBeDone
        }
        let startedAt = held.payment.start(of: .reversal, reference: reversal.id.text, at: gateway, now: time.now())
        if let earlier, !gateway.adapter.capabilities.mayRepeat(after: startedAt - earlier.startedAt) { return }
        let attempt = AttemptRecord(
            number: held.payment.nextAttempt, gateway: gateway.name, operation: .reversal, reference: reversal.id.text,
            identity: gateway.identity, startedAt: startedAt)
        let changes = held.changeCount
        held.change { work, _ in work.payment.append(attempt) }
        guard await tryCommit(&held, .goOn), held.decides, held.payment.holder != gateway.name else {
            return held.forgetChanges(after: changes)
        }
        let heard = await send(
            operation, at: gateway, held, signedAt: startedAt, latest: end - gateway.endpoint.attemptTimeout)
        let now = time.now()
        Counter(
            label: "drawbridge_reversals_total",
            dimensions: [("gateway", gateway.name), ("outcome", heard.outcome.kind.rawValue)]
        ).increment()
        held.change { work, _ in
            work.payment.end(attempt, heard)
            // A repeat that is rejected says nothing of what was sent before it (O1).
            guard earlier == nil || heard.outcome.kind != .rejected else { return }
            work.changeOperation { $0.reversed(heard.outcome, to: &$1, at: now) }
        }
    }
}

extension OperationRecord {
    /// What gives back what the gateway holds; `nil` when it holds nothing (more).
    fileprivate func reversing(_ approval: Approval, _ payment: PaymentRecord) -> Operation? {
        switch approval.state {
        case .voided, .refunded: return nil
        case .authorized:
            return .void(
                .init(
                    reference: id.text, charge: payment.id.text, gatewayReference: approval.gatewayReference,
                    authorized: approval.money))
        case .captured:
            let held = (approval.captured ?? approval.money.minorUnits) - (approval.refunded ?? 0)
            guard held > 0 else { return nil }
            return .refund(
                .init(
                    reference: id.text, charge: payment.id.text, gatewayReference: approval.gatewayReference,
                    money: Money(minorUnits: held, currency: approval.money.currency), reason: nil))
        }
    }

    fileprivate mutating func reopen(at now: Timestamp) {
        guard status == .succeeded else { return }
        status = .processing
        schedule = Schedule(since: now)
    }

    /// Nothing is held there now. As long as a success may still come, it is asked again.
    fileprivate mutating func endWatch(at now: Timestamp) {
        guard status == .processing, watchedUntil.map({ now >= $0 }) ?? true else { return }
        succeedWithoutGateway()
    }

    fileprivate mutating func reversed(_ outcome: Outcome, to payment: inout PaymentRecord, at now: Timestamp) {
        guard status == .processing || status == .manualReview, let gateway else { return }
        switch outcome {
        case .approved(let approval) where approval.state == .voided || approval.state == .refunded:
            succeedWithoutGateway()
            gatewayReference = approval.gatewayReference ?? gatewayReference
            payment.gaveBack(at: gateway)
        case .approved, .declined, .rejected: review(.reversalRefused, at: now)
        case .pending, .requiresAction, .notProcessed, .unknown: break
        }
    }
}

extension PaymentRecord {
    func isUnwanted(at gateway: String) -> Bool {
        attempts.contains { $0.isCharge && $0.gateway == gateway && $0.holdsUnwanted == true }
    }

    /// What this gateway held is given back.
    fileprivate mutating func gaveBack(at gateway: String) {
        for index in attempts.indices where attempts[index].isCharge && attempts[index].gateway == gateway {
            attempts[index].resolution = .reversed
            attempts[index].holdsUnwanted = nil
        }
    }
}
