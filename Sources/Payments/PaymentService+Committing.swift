import AdapterKit
import Logging
import Metrics
import Resilience

/// The one place where anything about a payment or an operation is written.
extension PaymentService {
    /// Between tries to write while the store is away.
    private static let storeBackoff = Backoff(base: .milliseconds(200), ceiling: .seconds(5))

    enum Ending: Sendable {
        /// The lease is kept for one more attempt: something is sent next, or waited for.
        case goOn
        /// The lease ends; the caller, if there is one, is told.
        case rest
    }

    /// Writes all changes, once. `false` when the store did not say that it took them: then nothing may be sent that they announce.
    func tryCommit(_ held: inout Held, _ ending: Ending) async -> Bool {
        do { _ = try await write(&held, ending, at: time.now()) } catch {
            reportStore(error, held, failures: 1)
            return false
        }
        return held.decides
    }

    /// Writes what was heard, once.
    /// - Throws: when the store did not say that it took it.
    @discardableResult
    func commitOnce(_ held: inout Held) async throws(StoreFailure) -> Written { try await write(&held, .rest, at: time.now()) }

    enum Written: Sendable { case written, unchanged, duplicate }

    /// Writes all changes, until the store has taken them (T4). A gateway's word is never thrown away (R2).
    func commit(_ held: inout Held, _ ending: Ending) async {
        var failures = 0
        // The same for every try, so that the store recognises a settlement whose reply was lost (R2).
        let now = time.now()
        while true {
            do {
                _ = try await write(&held, ending, at: now)
                return
            } catch {
                failures += 1
                tellUnstored(held)
                reportStore(error, held, failures: failures)
                // A sleep that a shutdown cuts short only tries again sooner; the shutdown has a limit of its own.
                let wait = Self.storeBackoff.delay(afterAttempt: failures, unit: random.unit()) + .milliseconds(50)
                try? await time.sleep(for: wait)
            }
        }
    }

    private func reportStore(_ failure: StoreFailure, _ held: Held, failures: Int) {
        logger.error(
            "settle not stored yet",
            metadata: ["payment": "\(held.payment.id)", "code": "\(failure.code.rawValue)", "failures": "\(failures)"])
    }

    private func write(_ held: inout Held, _ ending: Ending, at now: Timestamp) async throws(StoreFailure) -> Written {
        while true {
            guard held.decides || held.hasChanges || owesAnswer(held) else { return .unchanged }
            let asked = time.monotonic()
            let before = held.original
            var next = held.work
            let mayReverse = held.stored.operation == nil && settings.mutation != .ignoreSuccessAfterFailed
            let reversal = mayReverse ? beginReversal(&next.payment, now: now) : nil
            next.count(at: now)
            let answer = ending.isRest || !held.decides ? finalAnswer(next, held.caller?.call, held.details) : nil
            let settlement = self.settlement(&next, reversal, held, ending, answer, at: now)
            // Beside the change and before anybody hears of it: a callback which names only the gateway's reference either finds the
            // binding, or waits and is given back by it.
            async let waiting = bind(next, since: before)
            let settled = try await store.settle(settlement)
            takeInLater(await waiting)
            switch settled {
            case .conflict(let payment, let operation): held.rebase(on: payment, operation)
            case .duplicate: return .duplicate
            case let result:
                held.wrote(next, leaseEnd: ending.isRest ? nil : asked + held.lease.duration)
                if !settlement.events.isEmpty { relay?.ring(next.payment.id) }
                if next.payment.triesAnother(than: before.payment) { lookForWaiting(next.payment.id) }
                report(next, from: before, held, ending)
                // What was fixed first is told to everybody (K3), unless it has just become untrue (P3).
                let fixed = next.isAsFinal(as: before) ? result.fixedBefore : nil
                if ending.isRest || !held.decides { tell(held, answer, fixed) }
                if !next.payment.reversalsDue.isEmpty, held.operation != nil { await reverseRest(of: next.payment) }
                return .written
            }
        }
    }

    private func settlement(
        _ next: inout Held.Work, _ reversal: OperationRecord?, _ held: Held, _ ending: Ending, _ answer: Answer?,
        at now: Timestamp
    ) -> Settlement {
        let before = held.original
        let isOperation = held.stored.operation != nil
        let hold: Settlement.Hold =
            switch (ending, held.decides) {
            case (_, false): .keep
            case (.goOn, true): .renew(held.lease)
            case (.rest, true): .release(token: held.lease.token)
            }
        let fixed = answer.flatMap { self.fixed($0, for: next, held) }
        let isTold = ending.isRest && held.caller != nil && fixed == nil
        var operation = next.operation
        let events = announcing.events(
            &next.payment, &operation, cause: held.cause, at: now, isResting: ending.isRest || !held.decides,
            shown: shown(next, answer, fixed))
        if operation != nil { next.operation = operation }
        var part: Settlement.OperationSettlement?
        if let operation {
            part = .init(
                record: operation, fixed: fixed, hold: hold, wake: wake(of: operation, next.payment, at: now), answered: isTold)
        } else if let reversal {
            part = .init(record: reversal, wake: .zero)
        }
        return Settlement(
            record: next.payment, expectedVersion: before.payment.version, fixed: isOperation ? nil : fixed,
            hold: isOperation ? .keep : hold, wake: wake(of: next.payment, at: now), answered: isOperation ? false : isTold,
            operation: part, history: history(of: next, since: before, held, at: now), events: events, mark: held.mark,
            keeping: settings.keeping)
    }

    /// What the caller is answered is what the event shows.
    private func shown(_ next: Held.Work, _ answer: Answer?, _ fixed: FixedAnswer?) -> [String: Announcing.Shown] {
        // A capture or void is answered with its payment, under its own id.
        let showsItself = next.operation.map { $0.kind == .refund } ?? true
        guard let answer, answer.content == .json, showsItself else { return [:] }
        return [next.operation?.id.text ?? next.payment.id.text: .init(body: answer.body, sealed: fixed?.sealedBody)]
    }

    /// The answer that stays fixed for this key (K3), unless the caller was told 202.
    private func fixed(_ answer: Answer, for next: Held.Work, _ held: Held) -> FixedAnswer? {
        let answered = held.stored.operation?.answered ?? held.stored.payment.answered
        guard !answered, held.caller?.isAnswered != true, showsAll(next, held.details),
            let sealed = try? vault.seal(answer.body, for: next.operation?.id.text ?? next.payment.id.text)
        else { return nil }
        return FixedAnswer(status: answer.status, sealedBody: sealed)
    }

    // MARK: Telling

    private func tell(_ held: Held, _ answer: Answer?, _ fixed: FixedAnswer?) {
        guard let caller = held.caller else { return }
        var told = answer ?? self.answer(showing: held.work, call: caller.call, details: held.details)
        if let fixed {
            let record = held.operation?.id.text ?? held.payment.id.text
            let location = held.operation == nil ? Self.location(of: held.payment.id) : nil
            do throws(Problem) { told = try replay(fixed, of: record, location: location) } catch {
                told = Answer(error, requestID: caller.call.requestID)
            }
            told.replayed = false
        }
        caller.first.give(told)
    }

    /// Somebody else has ended it: its caller gets the answer that was fixed then, which only the store knows.
    private func owesAnswer(_ held: Held) -> Bool {
        guard let caller = held.caller, !caller.isAnswered else { return false }
        return finalAnswer(held.work, caller.call, held.details) != nil
    }

    /// The store is away: what the gateway said is kept, and the caller is told that there is no final answer yet (T4).
    private func tellUnstored(_ held: Held) {
        guard let caller = held.caller else { return }
        var told = answer(showing: held.original, call: caller.call)
        // Also where somebody else has stored a final state: which answer was fixed with it is not known here.
        if told.content == .problem { told = answer(showing: .init(payment: held.original.payment), call: caller.call) }
        told.status = 202
        told.retryAfter = 2
        caller.first.give(told)
    }

    /// One line for each change of status, and the counts.
    private func report(_ next: Held.Work, from before: Held.Work, _ held: Held, _ ending: Ending) {
        if next.payment.status != before.payment.status { count(next.payment) }
        if next.payment.reversedAt.count > before.payment.reversedAt.count { countLateSuccess(next.payment) }
        let isChanged =
            next.payment.status != before.payment.status || next.operation?.status != before.operation?.status
            || next.payment.processingReason != before.payment.processingReason
        guard isChanged, ending.isRest else { return }
        let record = next.payment
        var metadata: Logger.Metadata = [
            "payment": "\(record.id)", "tenant": "\(record.tenant)", "status": "\(record.status.rawValue)",
            "gateway": "\(record.gateway ?? "-")", "outcome": "\(record.attempts.last?.end?.outcome.rawValue ?? "-")",
            "attempts": "\(record.attempts.count)",
        ]
        if let operation = next.operation {
            metadata["operation"] = "\(operation.id)"
            metadata["operation_status"] = "\(operation.status.rawValue)"
        }
        if let call = held.caller?.call {
            metadata["request_id"] = "\(call.requestID)"
            metadata["elapsed_ms"] = "\((time.monotonic() - call.arrived).wholeMilliseconds)"
        }
        logger.info(next.operation == nil ? "payment decided" : "operation decided", metadata: metadata)
    }

    /// Each time a payment reaches a status.
    func count(_ record: PaymentRecord) {
        Counter(label: "drawbridge_payments_total", dimensions: [("tenant", record.tenant), ("status", record.status.rawValue)])
            .increment()
    }

    /// A watch of a gateway that holds nothing so far is no late success.
    private func countLateSuccess(_ record: PaymentRecord) {
        guard let gateway = record.reversedAt.last, record.attempts.contains(where: { $0.isUnwanted(at: gateway) }) else {
            return
        }
        Counter(label: "drawbridge_late_successes_total", dimensions: [("gateway", gateway)]).increment()
        logger.warning(
            "gateway holds what it should not: it is given back",
            metadata: ["payment": "\(record.id)", "gateway": "\(gateway)", "holder": "\(record.holder ?? "-")"])
    }

    // MARK: History

    private func history(of next: Held.Work, since before: Held.Work, _ held: Held, at now: Timestamp) -> [HistoryEntry] {
        var entries: [HistoryEntry] = []
        let record = next.payment
        func add(_ event: String, operation: OperationID? = nil, gateway: String?, from: String?, to: String?, reason: String?) {
            entries.append(
                HistoryEntry(
                    at: now, version: record.version, event: event, cause: held.cause, operation: operation, gateway: gateway,
                    from: from, to: to, reason: reason))
        }
        if record.status != before.payment.status {
            add(
                "payment.\(record.status.rawValue)", gateway: record.gateway, from: before.payment.status.rawValue,
                to: record.status.rawValue, reason: record.deadLetter?.reason.rawValue ?? record.failure?.code)
        }
        if let operation = next.operation, operation.status != before.operation?.status {
            add(
                "\(operation.kind.rawValue).\(operation.status.rawValue)", operation: operation.id, gateway: operation.gateway,
                from: before.operation?.status.rawValue, to: operation.status.rawValue,
                reason: operation.deadLetter?.reason.rawValue ?? operation.failure?.code)
        }
        for gateway in record.reversedAt.dropFirst(before.payment.reversedAt.count) {
            let isHeld = record.attempts.contains { $0.isUnwanted(at: gateway) }
            add(isHeld ? "late_success" : "watched", gateway: gateway, from: nil, to: nil, reason: nil)
        }
        if let from = before.payment.gateway, let to = record.gateway, from != to {
            add("failover", gateway: to, from: from, to: to, reason: nil)
        }
        if entries.isEmpty, let mark = held.mark {
            add(
                "callback_applied", operation: next.operation?.id, gateway: mark.gateway, from: nil, to: nil,
                reason: record.deadLetter?.reason.rawValue)
        }
        entries.note(amountsOf: record, since: before.payment, held.cause, at: now)
        return entries
    }
}

extension AttemptRecord {
    fileprivate func isUnwanted(at gateway: String) -> Bool { self.gateway == gateway && holdsUnwanted == true }
}

extension SettleResult {
    fileprivate var fixedBefore: FixedAnswer? {
        if case .answeredBefore(let fixed) = self { fixed } else { nil }
    }
}

extension Held.Work {
    /// Whether it ended no other way than it had before.
    fileprivate func isAsFinal(as before: Held.Work) -> Bool {
        payment.status == before.payment.status && operation?.status == before.operation?.status
    }

    /// One more change.
    fileprivate mutating func count(at now: Timestamp) {
        payment.version += 1
        payment.updatedAt = now
        operation?.version += 1
        operation?.updatedAt = now
    }
}

extension PaymentService.Ending {
    fileprivate var isRest: Bool {
        if case .rest = self { true } else { false }
    }
}
