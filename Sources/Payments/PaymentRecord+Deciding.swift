import AdapterKit

/// What came of one exchange that moves money.
struct Heard: Sendable, Equatable {
    var outcome: Outcome
    var httpStatus: Int?
    /// Milliseconds.
    var duration: Double
    /// Whether it never left: breaker, limits, lease or deadline held it back.
    var wasKeptBack = false
}

/// A gateway's word about a payment: its answer, a verified callback or an inquiry's find. Never fenced (R2).
struct Word: Sendable, Equatable {
    var outcome: Outcome
    let gateway: String
    let identity: String
    /// Declines that may move on to another gateway: those of the route, while somebody is at work who can move on.
    var softDeclines: Set<FailureCategory> = []
    /// Whether it names another amount, currency or reference than was asked for (O6).
    var contradicts = false
    let at: Timestamp
}

extension PaymentRecord {
    /// Attempts kept in full; a payment that was asked about more often keeps its oldest ones.
    static let maximumAttempts = 100

    var isFinal: Bool {
        switch status {
        case .succeeded, .failed, .canceled: true
        case .processing, .queued, .requiresAction, .authorized, .manualReview: false
        }
    }

    /// The number of the attempt that comes next.
    var nextAttempt: Int { (attempts.last?.number ?? 0) + 1 }

    // MARK: Attempts

    /// An attempt that is about to leave (O5).
    mutating func begin(_ operation: OperationName, reference: String, at gateway: Gateway, now: Timestamp) -> AttemptRecord {
        let attempt = AttemptRecord(
            number: nextAttempt, gateway: gateway.name, operation: operation, reference: reference, identity: gateway.identity,
            startedAt: now)
        // It is there already where a change is made again after a lost reply.
        if !attempts.contains(where: { $0.isSameSending(as: attempt) }) { attempts.append(attempt) }
        return attempt
    }

    /// When an attempt that leaves now starts: never at the very time of an earlier one like it, which it would be taken for.
    func start(of operation: OperationName, reference: String, at gateway: Gateway, now: Timestamp) -> Timestamp {
        let taken = Set(
            attempts.filter { $0.gateway == gateway.name && $0.operation == operation && $0.reference == reference }
                .map(\.startedAt.milliseconds))
        var start = now
        while taken.contains(start.milliseconds) { start = start + .milliseconds(1) }
        return start
    }

    /// Records how an attempt ended. A store that lost it gets it back.
    mutating func end(_ attempt: AttemptRecord, _ heard: Heard) {
        var ended = attempt
        ended.end = .init(heard)
        if let index = attempts.firstIndex(where: { $0.isSameSending(as: attempt) }) {
            attempts[index].end = attempts[index].end ?? ended.end
        } else {
            append(ended)
        }
    }

    /// Numbered here: others may have been added since it was made.
    mutating func append(_ attempt: AttemptRecord) {
        guard attempts.count < Self.maximumAttempts, !attempts.contains(where: { $0.isSameSending(as: attempt) }) else { return }
        var added = AttemptRecord(
            number: nextAttempt, gateway: attempt.gateway, operation: attempt.operation, reference: attempt.reference,
            identity: attempt.identity, startedAt: attempt.startedAt)
        added.end = attempt.end
        added.resolution = attempt.resolution
        attempts.append(added)
    }

    mutating func resolve(_ resolution: AttemptRecord.Resolution, at gateway: String) {
        for index in attempts.indices where attempts[index].isCharge && attempts[index].gateway == gateway {
            if attempts[index].mayHold { attempts[index].resolution = resolution }
        }
    }

    // MARK: A gateway's word

    /// Changes the payment by what a gateway said of the charge. What it says of an attempt's own non-processing (`notProcessed`,
    /// `rejected`, `unknown`) decides nothing here: that is for whoever holds the lease.
    mutating func hear(_ word: Word) {
        switch word.outcome {
        case .approved(let approval): hear(approval, word)
        case .declined, .requiresAction, .pending: word.contradicts ? contradict(word) : hearRest(word)
        case .notProcessed, .rejected, .unknown: break
        }
    }

    private mutating func hearRest(_ word: Word) {
        switch word.outcome {
        case .declined(let decline): hear(decline, word)
        case .requiresAction(let action, let reference):
            resolve(.pending, at: word.gateway)
            guard isBeingTried(at: word.gateway), !isContradicted, status != .requiresAction else { return }
            become(.requiresAction, at: word)
            nextAction = action
            learn(reference)
        case .pending(let reference):
            resolve(.pending, at: word.gateway)
            guard isBeingTried(at: word.gateway), !isContradicted, status != .requiresAction, processingReason != .awaitingGateway
            else { return }
            become(.processing, at: word)
            processingReason = .awaitingGateway
            learn(reference)
        case .approved, .notProcessed, .rejected, .unknown: break
        }
    }

    /// It speaks of something else than what was asked for: nothing of it is applied (O6).
    private mutating func contradict(_ word: Word) {
        guard isBeingTried(at: word.gateway) || holder == word.gateway, deadLetter == nil else { return }
        if isFinal { disagree(at: word.at) } else { review(.amountMismatch, at: word.at) }
    }

    /// The first success that is stored holds the payment (R6).
    private mutating func hear(_ approval: Approval, _ word: Word) {
        if let holder {
            guard holder == word.gateway else { return wantReversal(at: word.gateway, approval) }
            resolve(.answered, at: word.gateway)
            return advance(approval, word)
        }
        guard status != .failed, status != .canceled, takenBy.map({ $0 == word.gateway }) ?? true else {
            return wantReversal(at: word.gateway, approval)
        }
        // What it has said since is newer than that it was authorised.
        if isContradicted, takenBy != nil, approval.state == .authorized { return }
        if gateway != word.gateway { gatewayReference = nil }
        learn(approval.gatewayReference)
        gateway = word.gateway
        gatewayIdentity = word.identity
        guard !word.contradicts, approval.money == money, capturesWhatWasAsked(approval), approval.state != .refunded else {
            return review(.amountMismatch, at: word.at)  // O6
        }
        resolve(.answered, at: word.gateway)
        switch approval.state {
        case .authorized: become(.authorized, at: word)
        case .captured:
            become(.succeeded, at: word)
            amountCaptured = approval.captured ?? money.minorUnits
        case .voided, .refunded: become(.canceled, at: word)
        }
    }

    /// The holder itself says more.
    private mutating func advance(_ approval: Approval, _ word: Word) {
        guard !word.contradicts, approval.money == money, approval.state != .captured || capturesWhatWasAsked(approval) else {
            return isFinal ? disagree(at: word.at) : review(.amountMismatch, at: word.at)
        }
        switch (status, approval.state) {
        case (.authorized, .captured):
            become(.succeeded, at: word)
            amountCaptured = approval.captured ?? money.minorUnits
        case (.authorized, .voided): become(.canceled, at: word)
        // Gone without our doing. A void or refund of ours has its own record.
        case (.succeeded, .voided) where amountRefunded == 0: disagree(at: word.at)
        default: break
        }
    }

    private mutating func hear(_ decline: Decline, _ word: Word) {
        resolve(.declined, at: word.gateway)
        guard isBeingTried(at: word.gateway) || (status == .authorized && gateway == word.gateway) else { return }
        // A success that comes after all is matched by it (R6).
        if gateway == word.gateway, gatewayReference == nil { learn(decline.gatewayReference) }
        let failure = Failure(decline)
        if status == .processing, word.softDeclines.contains(decline.category) {
            softDecline = failure
            // Nothing is awaited from it any more: whoever is at work goes on.
            if processingReason == .awaitingGateway { processingReason = .inFlight }
        } else if status != .queued {
            fail(failure)
        }
    }

    /// The gateway that has taken it on its own word, also where an operator must look at it since: the first success holds (R6).
    private var takenBy: String? { attempts.first { $0.isCharge && $0.resolution == .answered }?.gateway }

    /// A gateway said something that does not fit; what is older must not hide that.
    private var isContradicted: Bool { deadLetter?.reason == .amountMismatch }

    /// On a final state a mismatch is a dead letter and the state stays (S).
    private mutating func disagree(at now: Timestamp) {
        if deadLetter == nil { deadLetter = DeadLetter(.finalMismatch, since: now) }
    }

    /// What a gateway holds that it should not is given back (R6): its attempt is marked, `reversalsDue` names it.
    private mutating func wantReversal(at gateway: String, _ approval: Approval) {
        guard approval.state == .authorized || approval.state == .captured else { return resolve(.reversed, at: gateway) }
        for index in attempts.indices where attempts[index].isCharge && attempts[index].gateway == gateway {
            attempts[index].resolution = nil
            attempts[index].holdsUnwanted = true
            // It is asked for and given back by it.
            attempts[index].gatewayReference = approval.gatewayReference ?? attempts[index].gatewayReference
        }
    }

    // MARK: The owner's decisions

    /// Our request or our credentials are wrong. That speaks for its attempt only (O1).
    mutating func refuse(_ outcome: Outcome) {
        guard case .rejected(let rejection) = outcome, status == .processing, unresolvedAttempts.isEmpty else { return }
        switch rejection.cause {
        case .request: fail(.init(rejection))
        case .credentials: softDecline = softDecline ?? .init(rejection)
        }
    }

    /// Nobody holds anything and nobody is left to try: queued, or failed where the caller wants no queue or a gateway declined.
    mutating func becomeUnavailable(at now: Timestamp, queue cadence: Cadence) {
        if let softDecline { return fail(softDecline) }
        gateway = nil
        gatewayIdentity = nil
        guard onUnavailable == .queue else { return fail(.gatewayUnavailable) }
        var waiting = queue ?? Schedule(since: now, tries: -1)
        waiting.tries += 1
        guard now - waiting.since < cadence.giveUpAfter else { return review(.queueGaveUp, at: now) }
        become(.queued)
        queue = waiting
    }

    /// Some attempt may have happened, and for now nobody says.
    mutating func becomeUnknown(at now: Timestamp) {
        // Also when it is queued already: what an owner sent that was thought dead is heard of late.
        guard status == .processing || status == .queued else { return }
        status = .processing
        processingReason = .outcomeUnknown
        if let attempt = unresolvedAttempts.first {
            gateway = attempt.gateway
            gatewayIdentity = attempt.identity
        }
        if schedule == nil { schedule = Schedule(since: now) }
    }

    /// One more time, nobody said what became of it.
    mutating func keepAsking(_ cadence: Cadence, at now: Timestamp) {
        guard let since = schedule?.since else {
            schedule = Schedule(since: now)
            return
        }
        schedule?.tries += 1
        if now - since >= cadence.giveUpAfter { review(.outcomeUnknown, at: now) }
    }

    mutating func close(_ failure: Failure) {
        guard !isFinal else { return }
        fail(failure)
    }

    mutating func becomeCanceled() { become(.canceled) }

    /// For an operator to look at.
    mutating func review(_ reason: DeadLetter.Reason, at now: Timestamp) {
        if !isFinal { become(.manualReview) }
        deadLetter = DeadLetter(reason, since: now)
    }

    /// It is being worked on again, at this gateway.
    mutating func become(processingAt gateway: Gateway) {
        if status != .processing { schedule = nil }
        status = .processing
        processingReason = .inFlight
        if self.gateway != gateway.name { gatewayReference = nil }
        self.gateway = gateway.name
        gatewayIdentity = gateway.identity
    }

    private mutating func become(_ next: Status, at word: Word) {
        become(next)
        gateway = word.gateway
        gatewayIdentity = word.identity
        if next == .requiresAction || next == .processing { schedule = Schedule(since: word.at) }
    }

    private mutating func become(_ next: Status) {
        status = next
        processingReason = nil
        if next != .manualReview, deadLetter?.reason != .finalMismatch { deadLetter = nil }
        schedule = nil
        if isFinal || next == .authorized { queue = nil }
        if next != .requiresAction { nextAction = nil }
        if next == .succeeded || next == .authorized || next == .canceled { failure = nil }
    }

    private mutating func learn(_ reference: String?) {
        // Not masked: a later operation sends it back, and many references are long numbers.
        if let reference { gatewayReference = reference }
    }

    private mutating func fail(_ failure: Failure) {
        become(.failed)
        self.failure = failure
    }

    /// All of an automatic capture; of a manual one a part that the caller may have asked for since.
    private func capturesWhatWasAsked(_ approval: Approval) -> Bool {
        guard approval.state == .captured else { return true }
        let captured = approval.captured ?? money.minorUnits
        return capture == .automatic ? captured == money.minorUnits : (1...money.minorUnits).contains(captured)
    }
}

extension AttemptRecord.End {
    init(_ heard: Heard) {
        self.init(
            outcome: heard.outcome.kind, code: heard.outcome.gatewayCode.map(CardNumberMask.mask), httpStatus: heard.httpStatus,
            duration: heard.duration)
    }
}

extension Outcome {
    /// The gateway's own code, or our word for why there is none.
    var gatewayCode: String? {
        switch self {
        case .approved(let approval): approval.code
        case .declined(let decline): decline.code
        case .rejected(let rejection): rejection.code
        case .unknown(let unknown): unknown.code ?? unknown.reason
        case .notProcessed(let notProcessed): notProcessed.reason
        case .pending, .requiresAction: nil
        }
    }
}

extension Failure {
    static let gatewayUnavailable = Failure(
        code: "gateway_unavailable", category: .gatewayUnavailable,
        message: "No gateway could take the payment, and none holds anything.")

    static let expired = Failure(
        code: "expired", category: .expired, message: "The payer did not act in time; the gateway holds nothing.")

    static let noLongerQueued = Failure(
        code: "invalid_state", category: .other, message: "The payment was queued no more when it was to be canceled.")

    init(_ decline: Decline) {
        self.init(
            code: decline.category.rawValue, category: decline.category, message: "The gateway declined it.",
            gatewayCode: decline.code.map(CardNumberMask.mask), gatewayMessage: decline.message.map(CardNumberMask.mask))
    }

    init(_ rejection: Rejection) {
        let isRequest = rejection.cause == .request
        self.init(
            code: isRequest ? "invalid_request" : "configuration", category: isRequest ? .invalidRequest : .configuration,
            message: isRequest ? "The gateway found the request wrong." : "The gateway did not accept our credentials.",
            gatewayCode: rejection.code.map(CardNumberMask.mask), gatewayMessage: rejection.message.map(CardNumberMask.mask))
    }
}
