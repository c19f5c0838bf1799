import AdapterKit
import Resilience

/// One go at charging: what was tried in it, and what comes next (contract, table O and O1 to O4, T1). A value: it knows neither
/// clock nor socket, and is tested without them.
struct ChargePass: Sendable {
    enum Step: Sendable, Equatable {
        /// Ask this gateway what became of its attempts.
        case ask(String)
        /// Wait so long, then look again.
        case pause(Duration)
        case send(String)
        /// Nothing more can be done now.
        case rest
    }

    /// Why this pass runs: that decides where it may send.
    enum Purpose: Sendable, Equatable {
        /// A caller waits, or did: the route's gateways, one after the other.
        case call
        /// Nobody waits: only what was begun is ended, at the gateways that were tried.
        case recovery
        /// A queued payment is tried again at the route's gateways (R5).
        case queue
    }

    private struct Trial: Sendable {
        var sent = 0
        var notBefore: Duration?
        var isExhausted = false
        /// What the last inquiry since the last attempt gave.
        var asked: Reply?
        /// A resend waits for its backoff.
        var isPaused = false
    }

    enum Reply: Sendable, Equatable { case notFoundYet, unanswered }

    /// What the decision looks at, besides the record.
    struct Situation: Sendable {
        var now: Timestamp
        /// On the monotonic clock.
        var instant: Duration
        /// No attempt starts that would not end by then (T1).
        var end: Duration
        /// From a request's arrival to its caller's answer.
        var deadline: Duration
        /// How much of what a gateway is sent is at hand.
        var content: PaymentDetails.Content
        /// Whether nobody was told of it and its time to be sent is over (K6).
        var isTooOldToSend: Bool
        var refuses: @Sendable (String) -> Bool
        /// Takes one retry out of the gateway's budget (O10).
        var mayRetry: @Sendable (String) -> Bool
        /// Uniform in 0..<1, for the jitter.
        var unit: @Sendable () -> Double
    }

    /// In the order of the route.
    let candidates: [Gateway]
    let purpose: Purpose
    private var trials: [String: Trial] = [:]

    init(candidates: [Gateway], purpose: Purpose) {
        self.candidates = candidates
        self.purpose = purpose
    }

    // MARK: What happened

    mutating func sent(to gateway: Gateway, _ outcome: Outcome, at instant: Duration) {
        var trial = trials[gateway.name] ?? Trial()
        trial.sent += 1
        trial.asked = nil
        trial.isPaused = false
        trial.notBefore = nil
        switch outcome {
        case .notProcessed(let reason):
            if let wait = reason.retryAfter { trial.notBefore = instant + wait }
        case .declined, .rejected: trial.isExhausted = true
        case .approved, .pending, .requiresAction, .unknown: break
        }
        trials[gateway.name] = trial
    }

    mutating func asked(_ gateway: String, _ reply: Reply) { trials[gateway, default: Trial()].asked = reply }

    /// Its breaker or its limits let nothing through now.
    mutating func exhaust(_ gateway: String) { trials[gateway, default: Trial()].isExhausted = true }

    /// It holds nothing, as is proved now: another one is next, if there is one.
    mutating func proved(_ gateway: String) {
        trials[gateway, default: Trial()].asked = nil
        if candidates(after: gateway).contains(where: { !isExhausted($0.name) }) { exhaust(gateway) }
    }

    private var hasSent: Bool { trials.values.contains { $0.sent > 0 } }

    // MARK: What comes next

    mutating func next(for record: PaymentRecord, configured: (String) -> Gateway?, _ situation: Situation) -> Step {
        switch record.status {
        case .processing, .queued: break
        case .requiresAction: return question(record, configured)
        case .authorized, .succeeded, .failed, .canceled, .manualReview: return .rest
        }
        if record.status == .processing, record.processingReason == .awaitingGateway { return question(record, configured) }
        if let attempt = record.unresolvedAttempts.first {
            guard let gateway = configured(attempt.gateway), gateway.identity == attempt.identity else { return .rest }
            return clearUp(record, at: gateway, situation)
        }
        guard situation.content != .none, !situation.isTooOldToSend else { return .rest }
        return goOn(record, situation)
    }

    /// Recovery asks once about what a gateway has taken; whoever has just heard it has nothing to ask.
    private func question(_ record: PaymentRecord, _ configured: (String) -> Gateway?) -> Step {
        guard purpose == .recovery, let name = record.gateway, let gateway = configured(name), trials[name]?.asked == nil,
            record.canAsk(gateway), gateway.identity == record.gatewayIdentity
        else { return .rest }
        return .ask(name)
    }

    /// Out of `unknown`: ask first. Then wait for the proof if another gateway could still take it, or send the same reference again
    /// where the gateway promises to take it once.
    private mutating func clearUp(_ record: PaymentRecord, at gateway: Gateway, _ situation: Situation) -> Step {
        let trial = trials[gateway.name] ?? Trial()
        if record.canAsk(gateway), trial.asked == nil { return .ask(gateway.name) }
        if trial.asked == .notFoundYet, let pause = pauseUntilProof(record, at: gateway, situation) {
            trials[gateway.name]?.asked = nil
            return .pause(pause)
        }
        // A gateway that does not even answer a question takes no resend from recovery.
        guard trial.asked != .unanswered || purpose == .call else { return .rest }
        guard !trial.isExhausted, record.mayRepeat(at: gateway, now: situation.now), situation.content == .whole,
            !situation.isTooOldToSend
        else { return .rest }
        return again(gateway, situation) ?? .rest
    }

    /// How long until a "not found" would be final, if there is somebody else to go to and time to do so.
    private func pauseUntilProof(_ record: PaymentRecord, at gateway: Gateway, _ situation: Situation) -> Duration? {
        guard purpose != .recovery, case .provable = gateway.adapter.capabilities.failover,
            let proof = record.proof(ofNothingHeldBy: gateway)
        else { return nil }
        let pause = max(proof - situation.now, .milliseconds(1))
        let later = candidates(after: gateway.name).first { other in
            !isExhausted(other.name) && !situation.refuses(other.name)
                && situation.instant + pause + other.endpoint.attemptTimeout <= situation.end
        }
        return later == nil ? nil : pause
    }

    /// The next gateway, or the same one again after its backoff.
    private mutating func goOn(_ record: PaymentRecord, _ situation: Situation) -> Step {
        // Whatever was begun has ended with nothing: whether somebody takes it now is the queue's to find out (T2).
        if purpose == .recovery { return .rest }
        let bound = candidates.first { $0.binds(record) }
        for gateway in candidates where !isExhausted(gateway.name) && (bound == nil || gateway.name == bound?.name) {
            guard !situation.refuses(gateway.name) else {
                exhaust(gateway.name)
                continue
            }
            if (trials[gateway.name]?.sent ?? 0) > 0 {
                if let step = again(gateway, situation) { return step }
            } else if fits(gateway, .zero, situation) {
                return .send(gateway.name)
            }
            exhaust(gateway.name)
        }
        return .rest
    }

    /// The same gateway once more; `nil` when retries, budget or time are used up.
    private mutating func again(_ gateway: Gateway, _ situation: Situation) -> Step? {
        var trial = trials[gateway.name] ?? Trial()
        // What an earlier owner sent counts as the first try.
        let failures = max(1, trial.sent)
        if trial.isPaused || trial.sent == 0 {
            return fits(gateway, .zero, situation) && !situation.refuses(gateway.name) ? .send(gateway.name) : nil
        }
        guard failures <= gateway.policy.maximumRetries else { return nil }
        var delay = gateway.policy.backoff.delay(afterAttempt: failures, unit: situation.unit())
        if let notBefore = trial.notBefore { delay = max(delay, notBefore - situation.instant) }
        guard fits(gateway, delay, situation), leavesTimeForOthers(after: gateway, delay, situation),
            !situation.refuses(gateway.name), situation.mayRetry(gateway.name)
        else { return nil }
        trial.isPaused = true
        trials[gateway.name] = trial
        return delay > .zero ? .pause(delay) : .send(gateway.name)
    }

    /// T1. Where an attempt may take longer than the deadline it would forbid them all: then the first one starts, and the caller
    /// gets 202 meanwhile.
    private func fits(_ gateway: Gateway, _ delay: Duration, _ situation: Situation) -> Bool {
        situation.instant + delay + gateway.endpoint.attemptTimeout <= situation.end
            || (!hasSent && gateway.endpoint.attemptTimeout >= situation.deadline)
    }

    /// When a stored attempt must leave at the latest: in time for itself, and for another gateway if it does not.
    func latestStart(at gateway: Gateway, before end: Duration, deadline: Duration) -> Duration {
        let attempt = gateway.endpoint.attemptTimeout
        if attempt >= deadline, !hasSent { return end }
        let others = candidates(after: gateway.name).filter { !isExhausted($0.name) }.map(\.endpoint.attemptTimeout)
        return end - max(attempt, others.max().map { $0 + Self.margin } ?? .zero)
    }

    /// For the step from one gateway to the next.
    private static let margin = Duration.milliseconds(100)

    /// A retry must not take the time in which another gateway could have taken the payment.
    private func leavesTimeForOthers(after gateway: Gateway, _ delay: Duration, _ situation: Situation) -> Bool {
        let others = candidates(after: gateway.name).filter { other in
            !isExhausted(other.name) && !situation.refuses(other.name)
                && situation.instant + other.endpoint.attemptTimeout <= situation.end
        }
        return others.allSatisfy { situation.instant + delay + $0.endpoint.attemptTimeout <= situation.end }
    }

    private func isExhausted(_ gateway: String) -> Bool { trials[gateway]?.isExhausted == true }

    private func candidates(after name: String) -> ArraySlice<Gateway> {
        guard let index = candidates.firstIndex(where: { $0.name == name }) else { return [] }
        return candidates[(index + 1)...]
    }
}

extension Gateway {
    /// Whether a payment must stay here once an attempt was `unknown`, even after a "not found": a success that comes late all the
    /// same could not be given back (O4, O9).
    fileprivate func binds(_ record: PaymentRecord) -> Bool {
        if case .provable = adapter.capabilities.failover { return false }
        return record.chargeAttempts(at: name).contains { $0.resolution == .notHeld }
    }
}
