import AdapterKit
import Metrics
import Resilience

/// Captures, voids and refunds at the gateway that holds the payment: the same promises as for charges, and nowhere else to go (O7).
extension PaymentService {
    private enum Asked {
        case notDone, unanswered
        /// The gateway cannot be asked about it: the same reference again is the question (O3).
        case cannotBeAsked
    }

    /// One go at an operation: what was tried in it.
    private struct Trial {
        /// Whether it may have happened: an earlier owner may have sent it, or the last answer was `unknown`.
        var mayHaveHappened: Bool
        let isRepeat: Bool
        var asked: Asked?
        var sent = 0
        var notBefore: Duration = .zero
    }

    /// - Parameter isRepeat: whether an earlier owner may have sent it.
    func operate(_ start: Held, isRepeat: Bool, until end: Duration) async {
        var held = start
        let mayHaveHappened = held.operation.map { held.payment.mayHaveHappened($0) } ?? false
        var trial = Trial(mayHaveHappened: isRepeat && mayHaveHappened, isRepeat: isRepeat)
        while held.decides, let operation = held.operation, operation.status == .processing {
            guard let name = operation.gateway else { return await cancelQueued(held) }
            guard let gateway = gateway(named: name, asWhen: operation) else {
                let now = time.now()
                held.change { work, decides in if decides { work.operation?.review(.gatewayChanged, at: now) } }
                break
            }
            if trial.mayHaveHappened, trial.asked == nil {
                guard await ask(&held, &trial, gateway) else { break }
            } else {
                guard await send(&held, &trial, gateway, until: end) else { break }
            }
        }
        await restOperation(held)
    }

    /// Nothing more can be done now: in recovery that was one turn of the schedule.
    func restOperation(_ start: Held) async {
        var held = start
        let now = time.now()
        let cadence = held.operation?.gateway.flatMap { routing.gateway(named: $0) }?.policy.inquiry ?? .inquiry
        if held.caller == nil {
            held.change { work, decides in if decides { work.operation?.keepAsking(cadence, at: now) } }
        }
        await commit(&held, .rest)
        if !held.decides { await leave(held) }
    }

    /// The gateway that holds the payment, unless the configuration has made another one of it (R9).
    func gateway(named name: String, asWhen operation: OperationRecord) -> Gateway? {
        routing.gateway(named: name).flatMap { $0.identity == operation.gatewayIdentity ? $0 : nil }
    }

    /// - Returns: whether there is more to try.
    private func ask(_ held: inout Held, _ trial: inout Trial, _ gateway: Gateway) async -> Bool {
        guard let operation = held.operation else { return false }
        let inquiry = operation.inquiry(on: held.payment)
        guard (try? gateway.adapter.request(for: inquiry)) != nil else {
            trial.asked = .cannotBeAsked
            return true
        }
        if held.hasChanges { await commit(&held, .goOn) }
        let (answer, asked) = await exchange(inquiry, at: gateway, asking: held.payment, reference: operation.id.text)
        switch operation.meaning(of: answer, on: held.payment) {
        case .settles(let outcome):
            let now = time.now()
            let word = Word(outcome: outcome, gateway: gateway.name, identity: gateway.identity, at: now)
            held.change { work, _ in
                work.payment.append(asked)
                work.changeOperation { $0.apply(outcome, to: &$1, at: now) }
                // It was the charge that was asked about: what ended there has ended here.
                if outcome.kind == .declined, operation.kind != .refund { work.payment.hear(word) }
            }
            return false
        case .notDone: trial.asked = .notDone
        case .open: return false
        case .unanswered: trial.asked = .unanswered
        }
        return true
    }

    /// - Returns: whether there is more to try.
    private func send(_ held: inout Held, _ trial: inout Trial, _ gateway: Gateway, until end: Duration) async -> Bool {
        guard let operation = held.operation else { return false }
        if trial.mayHaveHappened {
            // A gateway that does not even answer a question takes no resend from recovery.
            guard gateway.adapter.capabilities.mayRepeat(after: time.now() - operation.createdAt),
                trial.asked == .notDone || trial.asked == .cannotBeAsked || held.caller != nil
            else { return false }
        }
        guard await waitForRetry(&held, trial, gateway, until: end) else { return false }
        guard let request = request(of: operation, &held) else { return false }
        guard let attempt = await begin(&held, trial, gateway) else { return false }
        let isFirst = trial.sent == 0
        let heard = await send(
            request, at: gateway, held, signedAt: attempt.startedAt,
            latest: isFirst && gateway.endpoint.attemptTimeout >= settings.deadline ? end : end - gateway.endpoint.attemptTimeout,
            isRetry: !isFirst)
        let mightHave = trial.mayHaveHappened
        let now = time.now()
        held.change { work, _ in
            work.payment.end(attempt, heard)
            // A repeat that is rejected says nothing of what was sent before it (O1).
            guard !mightHave || heard.outcome.kind != .rejected else { return }
            work.changeOperation { $0.apply(heard.outcome, to: &$1, at: now) }
        }
        trial.sent += 1
        if case .notProcessed(let reason) = heard.outcome, let wait = reason.retryAfter {
            trial.notBefore = time.monotonic() + wait
        }
        if heard.outcome.kind == .unknown {
            trial.mayHaveHappened = true
            trial.asked = nil
        }
        return !heard.wasKeptBack && (heard.outcome.kind == .unknown || heard.outcome.kind == .notProcessed)
    }

    /// `nil` where a refund's reason stays closed. The other kinds have none.
    private func request(of operation: OperationRecord, _ held: inout Held) -> Operation? {
        guard operation.kind == .refund else { return operation.operation(on: held.payment, reason: nil) }
        do { return operation.operation(on: held.payment, reason: try announcing.openReason(of: operation)) } catch {
            Unreadable.report(operation.id.text, error, logger)
            let now = time.now()
            held.change { work, decides in if decides { work.operation?.rest(closed: error.reason, at: now) } }
            return nil
        }
    }

    /// - Returns: whether there are time, retries and budget for another attempt.
    private func waitForRetry(_ held: inout Held, _ trial: Trial, _ gateway: Gateway, until end: Duration) async -> Bool {
        let attempt = gateway.endpoint.attemptTimeout
        guard trial.sent > 0 else {
            return time.monotonic() + attempt <= end || attempt >= settings.deadline
        }
        guard trial.sent <= gateway.policy.maximumRetries else { return false }
        let instant = time.monotonic()
        let delay = max(
            gateway.policy.backoff.delay(afterAttempt: trial.sent, unit: random.unit()), trial.notBefore - instant)
        guard instant + delay + attempt <= end, limits.mayRetry(gateway.name) else { return false }
        if held.hasChanges { await commit(&held, .goOn) }
        if delay > .zero { try? await time.sleep(for: delay) }
        Counter(label: "drawbridge_retries_total", dimensions: [("gateway", gateway.name)]).increment()
        return held.decides
    }

    /// Every attempt is stored before its first byte leaves (O5): the first one with the claim, whose time-stamp it carries, the
    /// others here. `nil` when the store did not take it: then nothing is sent.
    private func begin(_ held: inout Held, _ trial: Trial, _ gateway: Gateway) async -> AttemptRecord? {
        guard let operation = held.operation else { return nil }
        let name = operation.operation(on: held.payment, reason: nil).name
        let isClaimed = !trial.isRepeat && trial.sent == 0
        let attempt = AttemptRecord(
            number: held.payment.nextAttempt, gateway: gateway.name, operation: name, reference: operation.id.text,
            identity: gateway.identity,
            startedAt: isClaimed
                ? operation.createdAt
                : held.payment.start(of: name, reference: operation.id.text, at: gateway, now: time.now()))
        if isClaimed { return attempt }
        guard held.payment.attempts.count < PaymentRecord.maximumAttempts else { return nil }
        let changes = held.changeCount
        held.change { work, _ in if work.operation?.status == .processing { work.payment.append(attempt) } }
        // Where a gateway's word came first, there is nothing to send any more.
        guard await tryCommit(&held, .goOn), held.decides, held.operation?.status == .processing else {
            held.forgetChanges(after: changes)
            return nil
        }
        return attempt
    }

    /// A queued payment is at no gateway: it is canceled here.
    private func cancelQueued(_ start: Held) async {
        var held = start
        let sealed = sealedWithoutCardNumber(held.payment)
        held.change { work, decides in
            guard decides, work.operation?.status == .processing else { return }
            guard work.payment.status == .queued else {
                work.operation?.fail(.noLongerQueued)
                return
            }
            work.payment.becomeCanceled()
            if let sealed { work.payment.sealed = sealed }
            work.operation?.succeedWithoutGateway()
        }
        await commit(&held, .rest)
        if !held.decides { await leave(held) }
    }
}
