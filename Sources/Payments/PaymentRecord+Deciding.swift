import AdapterKit

/// What came of one exchange that moves money.
struct Heard: Sendable, Equatable {
    var outcome: Outcome
    var httpStatus: Int?
    /// Milliseconds.
    var duration: Double
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
    var nextAttempt: Int { attempts.count + 1 }

    mutating func record(_ heard: Heard, forAttempt number: Int) {
        guard let index = attempts.firstIndex(where: { $0.number == number }) else { return }
        attempts[index].end = .init(heard)
    }

    mutating func append(_ attempt: AttemptRecord, heard: Heard) {
        guard attempts.count < Self.maximumAttempts else { return }
        // Numbered here: others may have been added since it was made.
        var added = AttemptRecord(
            number: nextAttempt, gateway: attempt.gateway, operation: attempt.operation, reference: attempt.reference,
            identity: attempt.identity, startedAt: attempt.startedAt)
        added.end = .init(heard)
        attempts.append(added)
    }

    /// Changes the payment by what an attempt to charge, an inquiry or a callback said.
    /// - Parameter decides: whether the caller holds the lease. A gateway's word is never fenced (R2), but only the owner decides
    ///   what follows when there is none.
    mutating func apply(_ outcome: Outcome, decides: Bool) {
        guard !isFinal else { return }
        switch outcome {
        case .approved(let approval): apply(approval)
        case .declined(let decline): fail(.init(decline))
        case .requiresAction(let action, let gatewayReference):
            guard status == .processing || status == .manualReview else { return }
            become(.requiresAction)
            nextAction = action
            learn(gatewayReference)
        case .pending(let gatewayReference):
            guard status == .processing else { return }
            processingReason = .awaitingGateway
            learn(gatewayReference)
        case .unknown:
            guard status == .processing else { return }
            processingReason = .outcomeUnknown
        case .notProcessed where decides && !hasUnresolvedAttempt: becomeUnavailable()
        case .rejected(let rejection) where decides && !hasUnresolvedAttempt: fail(.init(rejection))
        case .notProcessed, .rejected:
            guard status == .processing, hasUnresolvedAttempt else { return }
            processingReason = .outcomeUnknown
        }
    }

    /// It is proved that no gateway holds anything (O4): queued, or failed where the caller wants no queue.
    mutating func becomeUnavailable() {
        switch onUnavailable {
        case .queue: become(.queued)
        case .fail: fail(.gatewayUnavailable)
        }
        gateway = nil
        gatewayIdentity = nil
    }

    mutating func close(_ failure: Failure) {
        guard !isFinal else { return }
        fail(failure)
    }

    mutating func becomeCanceled() { become(.canceled) }

    /// On a final state a mismatch changes nothing (S).
    mutating func becomeManualReview() { if !isFinal { become(.manualReview) } }

    /// Once an attempt was `unknown` (O1), or while its end is not recorded (R3), a later "not processed" speaks only for itself.
    private var hasUnresolvedAttempt: Bool {
        attempts.contains { attempt in
            guard attempt.operation == .payment || attempt.operation == .authorize else { return false }
            return attempt.end.map { $0.outcome == .unknown } ?? true
        }
    }

    private mutating func apply(_ approval: Approval) {
        learn(approval.gatewayReference)
        guard approval.money == money, capturesWhatWasAsked(approval) else { return become(.manualReview) }  // O6
        switch approval.state {
        case .authorized: if status != .authorized { become(.authorized) }
        case .captured:
            become(.succeeded)
            amountCaptured = approval.captured ?? money.minorUnits
        case .voided: become(.canceled)
        case .refunded: become(.manualReview)  // a charge is never answered by a refund
        }
    }

    /// All of an automatic capture; of a manual one a part that the caller may have asked for since.
    private func capturesWhatWasAsked(_ approval: Approval) -> Bool {
        guard approval.state == .captured else { return true }
        let captured = approval.captured ?? money.minorUnits
        return capture == .automatic ? captured == money.minorUnits : (1...money.minorUnits).contains(captured)
    }

    private mutating func learn(_ reference: String?) {
        // Not masked: a later operation sends it back, and many references are long numbers.
        if let reference { gatewayReference = reference }
    }

    private mutating func become(_ next: Status) {
        status = next
        processingReason = nil
        if next != .requiresAction { nextAction = nil }
    }

    private mutating func fail(_ failure: Failure) {
        become(.failed)
        self.failure = failure
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
