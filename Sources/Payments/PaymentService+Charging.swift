import AdapterKit
import Logging
import Metrics

/// Charging: the gateways of the route one after the other, as far as time, breakers, budgets and what is known of the money allow.
extension PaymentService {
    /// - Parameters:
    ///   - content: what is sent; `nil` where it is not at hand: then gateways are only asked.
    ///   - end: on the monotonic clock; no attempt starts that would not end by then (T1).
    func charge(_ start: Held, _ content: Content?, purpose: ChargePass.Purpose, until end: Duration) async {
        var held = start
        let candidates = routing.candidates(of: held.payment)
        var pass = ChargePass(candidates: candidates.gateways, purpose: purpose)
        if purpose == .call, held.payment.version == 1, let first = held.payment.attempts.first, first.end == nil,
            let gateway = routing.gateway(named: first.gateway)
        {
            await attempt(&held, &pass, first, at: gateway, content, candidates.softDeclines, until: end, isRetry: false)
        }
        while held.decides {
            switch pass.next(for: held.payment, configured: { self.routing.gateway(named: $0) }, situation(held, content, end)) {
            case .rest: return await rest(held, content, purpose)
            case .pause(let pause):
                if held.hasChanges { await commit(&held, .goOn) }
                try? await time.sleep(for: pause)
            case .ask(let name): await ask(&held, &pass, name, candidates.softDeclines)
            case .send(let name):
                guard let gateway = routing.gateway(named: name) else { return await rest(held, content, purpose) }
                await begin(&held, &pass, at: gateway, content, candidates.softDeclines, until: end)
            }
        }
        await leave(held)
    }

    private func situation(_ held: Held, _ content: Content?, _ end: Duration) -> ChargePass.Situation {
        let now = time.now()
        return ChargePass.Situation(
            now: now, instant: time.monotonic(), end: end, deadline: settings.deadline, content: content?.extent ?? .none,
            isTooOldToSend: isTooOldToSend(held, at: now), refuses: { self.breakers.refuses($0) },
            mayRetry: { self.limits.mayRetry($0) }, unit: { self.random.unit() })
    }

    /// K6: nobody was told of it, and five minutes have passed.
    private func isTooOldToSend(_ held: Held, at now: Timestamp) -> Bool {
        !held.stored.payment.answered && held.caller?.isAnswered != true && now - held.payment.createdAt > Self.sendable
    }

    /// Stores a new attempt, then sends it (O5). Where the store does not say that it has it, nothing is sent.
    private func begin(
        _ held: inout Held, _ pass: inout ChargePass, at gateway: Gateway, _ content: Content?,
        _ softDeclines: Set<FailureCategory>, until end: Duration
    ) async {
        guard let content else { return pass.exhaust(gateway.name) }
        let operation = content.operation(for: held.payment)
        // What this gateway's protocol cannot say is no reason for the payment to fail: others may.
        guard (try? gateway.adapter.request(for: operation)) != nil else { return pass.exhaust(gateway.name) }
        let name = operation.name
        let now = held.payment.start(of: name, reference: held.payment.id.text, at: gateway, now: time.now())
        let from = held.payment.lastChargeAttempt?.gateway
        guard held.payment.attempts.count < PaymentRecord.maximumAttempts else { return pass.exhaust(gateway.name) }
        var preview = held.payment
        let attempt = preview.begin(name, reference: held.payment.id.text, at: gateway, now: now)
        held.change { work, decides in
            guard decides, work.payment.maySend else { return }
            work.payment.become(processingAt: gateway)
            _ = work.payment.begin(name, reference: work.payment.id.text, at: gateway, now: now)
        }
        guard await tryCommit(&held, .goOn) else {
            // It may be stored all the same: then it stands there without an end, and is asked about.
            held.change { work, _ in
                work.payment.end(attempt, Heard(outcome: .notProcessed(NotProcessed(reason: "not_stored")), duration: 0))
            }
            return pass.exhaust(gateway.name)
        }
        // A gateway's word came first: what comes next is to be decided again.
        guard held.payment.attempts.contains(where: { $0.isSameSending(as: attempt) }) else { return }
        if let from { countTry(from: from, to: gateway.name) }
        await self.attempt(
            &held, &pass, attempt, at: gateway, content, softDeclines, until: end, isRetry: from == gateway.name)
    }

    private func countTry(from: String, to: String) {
        if from == to {
            Counter(label: "drawbridge_retries_total", dimensions: [("gateway", to)]).increment()
        } else {
            Counter(label: "drawbridge_failovers_total", dimensions: [("from", from), ("to", to)]).increment()
        }
    }

    /// Sends a stored attempt and takes in what was heard; nothing is written yet.
    private func attempt(
        _ held: inout Held, _ pass: inout ChargePass, _ attempt: AttemptRecord, at gateway: Gateway, _ content: Content?,
        _ softDeclines: Set<FailureCategory>, until end: Duration, isRetry: Bool
    ) async {
        guard let content else { return pass.exhaust(gateway.name) }
        var heard = await send(
            content.operation(for: held.payment), at: gateway, held, signedAt: attempt.startedAt,
            latest: pass.latestStart(at: gateway, before: end, deadline: settings.deadline), isRetry: isRetry)
        if let card = SentCard(content.method) { heard.outcome = card.masked(heard.outcome) }
        let (answer, word) = (heard, self.word(heard.outcome, gateway, softDeclines))
        if heard.wasKeptBack { pass.exhaust(gateway.name) } else { pass.sent(to: gateway, heard.outcome, at: time.monotonic()) }
        let forgets = settings.mutation == .forgetEarlierUnknown && heard.outcome.kind == .notProcessed
        held.change { work, decides in
            work.payment.end(attempt, answer)
            if forgets { work.payment.resolve(.notHeld, at: gateway.name) }
            var word = word
            if !decides { word.softDeclines = [] }
            work.payment.hear(word)
            if decides { work.payment.refuse(answer.outcome) }
        }
    }

    private func word(_ outcome: Outcome, _ gateway: Gateway, _ softDeclines: Set<FailureCategory>) -> Word {
        Word(outcome: outcome, gateway: gateway.name, identity: gateway.identity, softDeclines: softDeclines, at: time.now())
    }

    /// Asks by our own reference, and takes in what was found (O4).
    private func ask(
        _ held: inout Held, _ pass: inout ChargePass, _ name: String, _ softDeclines: Set<FailureCategory>
    ) async {
        guard let gateway = routing.gateway(named: name) else { return pass.asked(name, .unanswered) }
        if held.hasChanges { await commit(&held, .goOn) }
        let record = held.payment
        switch await ask(gateway, about: record) {
        case .found(let outcome, let asked):
            let word = Word(
                outcome: outcome, gateway: name, identity: gateway.identity, softDeclines: softDeclines, at: time.now())
            pass.asked(name, .unanswered)
            pass.exhaust(name)
            let isLapsed = outcome.kind == .requiresAction && record.hasLapsed(at: gateway, now: asked.startedAt)
            held.change { work, decides in
                let before = work.payment
                var word = word
                if !decides { word.softDeclines = [] }
                work.payment.hear(word)
                // The payer can act no more, and a success cannot come any more either (R4).
                if decides, isLapsed, work.payment.status == .requiresAction { work.payment.close(.expired) }
                if work.payment != before { work.payment.append(asked) }
            }
        // What it has taken, a "not found" does not undo, unless the payer can act no more (R4).
        case .nothingHeld(let asked) where !record.maySend:
            pass.asked(name, .notFoundYet)
            guard record.hasLapsed(at: gateway, now: asked.startedAt) else { return }
            held.change { work, decides in
                guard decides, work.payment.status == .requiresAction else { return }
                work.payment.append(asked)
                work.payment.close(.expired)
            }
        case .nothingHeld(let asked):
            pass.proved(name)
            held.change { work, _ in
                // What was proved holds for the attempts that were looked at.
                guard work.payment.chargeAttempts(at: name) == record.chargeAttempts(at: name) else { return }
                work.payment.resolve(.notHeld, at: name)
                work.payment.append(asked)
            }
        case .notFoundYet: pass.asked(name, .notFoundYet)
        case .unanswered: pass.asked(name, .unanswered)
        }
    }

    /// Nothing more can be done now: what is left is decided and written, and the lease ends.
    private func rest(_ start: Held, _ content: Content?, _ purpose: ChargePass.Purpose) async {
        var held = start
        let now = time.now()
        let rest = ChargeRest(
            now: now, isTooOldToSend: isTooOldToSend(held, at: now), hasAsked: purpose == .recovery, queue: settings.queue,
            inquiry: inquiryCadence(of: held.payment), isGatewayGone: isGatewayGone(held.payment),
            canBeSent: content != nil || !held.stored.payment.answered, closed: content == nil ? closed(held.payment) : nil)
        var preview = held.payment
        preview.rest(rest)
        let sealed = sealed(preview, content, held.details)
        held.change { work, decides in
            guard decides else { return }
            work.payment.rest(rest)
            if let sealed { work.payment.sealed = sealed }
        }
        await commit(&held, .rest)
        if !held.decides { await leave(held) }
    }

    /// Why what a gateway would be sent stays closed; `nil` where it does not.
    private func closed(_ record: PaymentRecord) -> VaultFailure.Reason? {
        do { _ = try vault.open(record.sealed, for: record.id.text) } catch {
            Unreadable.report(record.id.text, error, logger)
            return error.reason
        }
        return nil
    }

    /// A card number is kept, encrypted, while its payment is queued, and no longer (R5). `nil`: as it is.
    func sealed(_ record: PaymentRecord, _ content: Content?, _ details: OpenDetails? = nil) -> [UInt8]? {
        if record.status == .queued, let request = content?.request {
            return try? PaymentDetails(request, keepingCardNumber: true).sealed(for: record.id, vault: vault)
        }
        return record.isFinal || record.holder != nil ? sealedWithoutCardNumber(record, details) : nil
    }

    /// `nil` where there is none.
    func sealedWithoutCardNumber(_ record: PaymentRecord, _ details: OpenDetails? = nil) -> [UInt8]? {
        guard var details = opened(record, details) else { return nil }
        let before = details
        details.dropCardNumber()
        return details == before ? nil : try? details.sealed(for: record.id, vault: vault)
    }

    /// Somebody else holds the lease now: the caller is shown the payment as it stands.
    func leave(_ held: Held) async {
        guard let caller = held.caller, !caller.isAnswered else { return }
        await remember(held.original)
        caller.first.give(answer(showing: held.original, call: caller.call))
    }

    private func isGatewayGone(_ record: PaymentRecord) -> Bool {
        record.unresolvedAttempts.contains { routing.gateway(named: $0.gateway)?.identity != $0.identity }
    }

    func inquiryCadence(of record: PaymentRecord) -> Cadence {
        record.gateway.flatMap { routing.gateway(named: $0) }?.policy.inquiry ?? .inquiry
    }
}
