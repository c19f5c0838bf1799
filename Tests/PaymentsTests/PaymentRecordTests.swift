import AdapterKit
import TestKit
import Testing

@testable import Payments

/// What gateways say of one payment, without a service around it.
@Suite("What one word of a gateway changes")
struct PaymentRecordTests {
    private static let statuses: [PaymentRecord.Status] = [
        .processing, .queued, .requiresAction, .authorized, .succeeded, .failed, .canceled, .manualReview,
    ]
    private static let open: [PaymentRecord.Status] = [.processing, .queued, .requiresAction, .manualReview]

    private let a: Gateway
    private let b: Gateway
    private let money: Money
    private let record: PaymentRecord

    init() throws {
        a = try World.gateway("bank-a")
        b = try World.gateway("bank-b")
        money = Money(minorUnits: 1_000, currency: try #require(Currency("EUR")))
        record = PaymentRecord(
            id: try #require(PaymentID("pay_" + String(repeating: "0", count: 26))), tenant: "acme", money: money, reference: "r",
            capture: .manual, methodKind: .card, pinnedGateway: nil, onUnavailable: .fail, createdAt: Timestamp(seconds: 0),
            sealed: [])
    }

    // MARK: What is said

    private var captured: Outcome { .approved(Approval(state: .captured, gatewayReference: "x", money: money)) }
    private var authorized: Outcome { .approved(Approval(state: .authorized, gatewayReference: "x", money: money)) }
    private var voided: Outcome { .approved(Approval(state: .voided, gatewayReference: "x", money: money)) }
    private var tooMuch: Outcome {
        .approved(
            Approval(state: .captured, gatewayReference: "x", money: Money(minorUnits: 1_001, currency: money.currency)))
    }

    private static let declined = Outcome.declined(Decline(category: .doNotHonor, code: nil, message: nil))
    private static let action = Outcome.requiresAction(NextAction(kind: .approveInApp), gatewayReference: nil)
    private static let pending = Outcome.pending(gatewayReference: nil)
    private static let notProcessed = Outcome.notProcessed(NotProcessed(reason: "r"))
    private static let rejected = Outcome.rejected(Rejection(cause: .request, code: nil, message: nil))
    private static let unknown = Outcome.unknown(Unknown(reason: "r"))

    private func word(_ outcome: Outcome, _ gateway: Gateway, soft: Set<FailureCategory> = []) -> Word {
        Word(
            outcome: outcome, gateway: gateway.name, identity: gateway.identity, softDeclines: soft, at: Timestamp(seconds: 9))
    }

    private func hearing(_ words: (Outcome, Gateway)..., by record: PaymentRecord) -> PaymentRecord {
        words.reduce(into: record) { $0.hear(word($1.0, $1.1)) }
    }

    // MARK: Where it stands

    /// A charge at each gateway, as they ended; the payment is at the last one.
    private func tried(_ attempts: (Gateway, Outcome.Kind?)...) -> PaymentRecord {
        var tried = record
        for (index, (gateway, outcome)) in attempts.enumerated() {
            tried.become(processingAt: gateway)
            let attempt = tried.begin(
                .authorize, reference: tried.id.text, at: gateway, now: Timestamp(seconds: Int64(index)))
            guard let outcome else { continue }
            tried.attempts[index].end = .init(outcome: outcome, code: nil, httpStatus: nil, duration: 1)
            #expect(attempt.number == index + 1)
        }
        return tried
    }

    /// In that status at the first bank, whose attempt is not resolved.
    private func standing(_ status: PaymentRecord.Status) -> PaymentRecord {
        var standing = tried((a, .unknown))
        standing.status = status
        standing.processingReason = status == .processing ? .outcomeUnknown : nil
        if status == .queued {
            standing.gateway = nil
            standing.gatewayIdentity = nil
        }
        return standing
    }

    // MARK: S

    @Test(
        "a refusal, an action or a waiting never changes a final state (S)",
        arguments: [PaymentRecord.Status.succeeded, .failed, .canceled])
    func final(_ status: PaymentRecord.Status) {
        for said in [Self.declined, Self.action, Self.pending, Self.notProcessed, Self.rejected, Self.unknown] {
            for gateway in [a, b] {
                let after = hearing((said, gateway), by: standing(status))
                #expect(after.status == status)
                #expect(after.gateway == "bank-a")
                #expect(after.deadLetter == nil)
                #expect(after.nextAction == nil)
            }
        }
    }

    @Test("what an attempt says of its own non-processing changes nothing by itself (R2)", arguments: statuses)
    func undecided(_ status: PaymentRecord.Status) {
        for said in [Self.notProcessed, Self.rejected, Self.unknown] {
            for gateway in [a, b] { #expect(hearing((said, gateway), by: standing(status)) == standing(status)) }
        }
    }

    @Test("an authorised payment does not go back to waiting (S)")
    func authorizedStays() {
        for said in [Self.action, Self.pending, Self.unknown, authorized] {
            let after = hearing((said, a), by: standing(.authorized))
            #expect(after.status == .authorized)
            #expect(after.nextAction == nil)
        }
    }

    @Test("an authorisation ends when its gateway says so, and at the word of no other (S, R6)")
    func authorizedEnds() {
        #expect(hearing((Self.declined, a), by: standing(.authorized)).status == .failed)
        #expect(hearing((voided, a), by: standing(.authorized)).status == .canceled)
        #expect(hearing((captured, a), by: standing(.authorized)).status == .succeeded)
        for said in [Self.declined, voided, captured, authorized] {
            #expect(hearing((said, b), by: standing(.authorized)).status == .authorized)
        }
    }

    @Test("a success of the holder that is gone is a dead letter, and the final state stays (S)")
    func goneWithoutUs() {
        let after = hearing((voided, a), by: standing(.succeeded))
        #expect(after.status == .succeeded)
        #expect(after.deadLetter?.reason == .finalMismatch)
        let other = hearing((tooMuch, a), by: standing(.succeeded))
        #expect(other.status == .succeeded)
        #expect(other.deadLetter?.reason == .finalMismatch)
    }

    @Test("a waiting that comes after the payer was asked to act does not take the action back (S)")
    func actionStays() {
        let after = hearing((Self.action, a), (Self.pending, a), by: standing(.processing))
        #expect(after.status == .requiresAction)
        #expect(after.nextAction != nil)
        let later = hearing((Self.pending, a), (Self.action, a), by: standing(.processing))
        #expect(later.status == .requiresAction)
    }

    // MARK: Success

    @Test("an approval settles whatever nobody holds, also what is queued or under review (R6)", arguments: open)
    func approvals(_ status: PaymentRecord.Status) {
        let after = hearing((captured, a), by: standing(status))
        #expect(after.status == .succeeded)
        #expect(after.amountCaptured == 1_000)
        #expect(after.gateway == "bank-a")
        #expect(after.gatewayReference == "x")
        #expect(after.unresolvedAttempts.isEmpty)
        #expect(after.reversalsDue.isEmpty)
    }

    @Test("the first success that is stored holds the payment; the other gateway's is given back (R6)")
    func firstHolds() {
        let after = hearing((authorized, b), (captured, a), by: tried((a, .notProcessed), (b, nil)))
        #expect(after.status == .authorized)
        #expect(after.gateway == "bank-b")
        #expect(after.amountCaptured == 0)
        #expect(after.reversalsDue == ["bank-a"])
        let other = hearing((captured, a), (authorized, b), by: tried((a, .notProcessed), (b, nil)))
        #expect(other.status == .succeeded)
        #expect(other.gateway == "bank-a")
        #expect(other.reversalsDue == ["bank-b"])
    }

    @Test(
        "a success after failed or canceled is never stale: it is given back, and the state stays (R6)",
        arguments: [PaymentRecord.Status.failed, .canceled])
    func afterTheEnd(_ status: PaymentRecord.Status) {
        for gateway in [a, b] {
            var ended = tried((a, .declined), (b, .declined))
            ended.status = status
            ended.processingReason = nil
            #expect(hearing((Self.declined, gateway), by: ended).reversalsDue.isEmpty)
            for said in [captured, authorized, tooMuch] {
                let after = hearing((said, gateway), by: ended)
                #expect(after.status == status)
                #expect(after.amountCaptured == 0)
                #expect(after.reversalsDue == [gateway.name])
            }
            #expect(hearing((voided, gateway), by: ended).reversalsDue.isEmpty)
        }
    }

    @Test("a reversal is due once, however often the gateway says that it holds something (R6)")
    func onceDue() {
        var ended = tried((a, .declined))
        ended.status = .failed
        ended = hearing((captured, a), (captured, a), by: ended)
        #expect(ended.reversalsDue == ["bank-a"])
        ended.reversedAt.append("bank-a")
        #expect(hearing((captured, a), by: ended).reversalsDue.isEmpty)
    }

    @Test("an approval of another amount, or one that is a refund, is never success (O6)", arguments: open)
    func wrongAmount(_ status: PaymentRecord.Status) {
        let refunded = Outcome.approved(Approval(state: .refunded, gatewayReference: nil, money: money))
        for said in [tooMuch, refunded] {
            let after = hearing((said, a), by: standing(status))
            #expect(after.status == .manualReview)
            #expect(after.deadLetter?.reason == .amountMismatch)
            #expect(after.amountCaptured == 0)
            #expect(after.gateway == "bank-a")
        }
    }

    @Test("a capture of nothing, or of more than was asked, is never success (O6)", arguments: [0, -1, 1_001, Int64.max])
    func wrongCapture(_ captured: Int64) {
        let said = Outcome.approved(
            Approval(state: .captured, gatewayReference: "x", money: money, captured: captured))
        #expect(hearing((said, a), by: standing(.processing)).status == .manualReview)
        #expect(hearing((said, a), by: standing(.authorized)).status == .manualReview)
    }

    // MARK: Declines

    @Test("a decline fails what is tried there, and nothing that is tried elsewhere (O1)")
    func declines() {
        #expect(hearing((Self.declined, b), by: tried((a, .notProcessed), (b, nil))).status == .failed)
        let after = hearing((Self.declined, a), by: tried((a, .unknown), (b, nil)))
        #expect(after.status == .processing)
        #expect(after.failure == nil)
        #expect(after.unresolvedAttempts.map(\.gateway) == ["bank-b"])
    }

    @Test("a decline of the last unresolved gateway leaves a queued payment queued")
    func declinedQueued() {
        let after = hearing((Self.declined, a), by: standing(.queued))
        #expect(after.status == .queued)
        #expect(after.unresolvedAttempts.isEmpty)
    }

    @Test("only a decline of the route's categories, while it is processing, may move on")
    func softDeclines() {
        var soft = tried((a, nil))
        soft.hear(word(Self.declined, a, soft: [.doNotHonor]))
        #expect(soft.status == .processing)
        #expect(soft.softDecline?.category == .doNotHonor)
        #expect(soft.unresolvedAttempts.isEmpty)
        soft.becomeUnavailable(at: Timestamp(seconds: 1), queue: .queue)
        #expect(soft.status == .failed)
        #expect(soft.failure?.category == .doNotHonor)
        for (status, categories) in [
            (PaymentRecord.Status.processing, Set([FailureCategory.insufficientFunds])), (.requiresAction, [.doNotHonor]),
            (.authorized, [.doNotHonor]), (.manualReview, [.doNotHonor]),
        ] {
            var hard = standing(status)
            hard.hear(word(Self.declined, a, soft: categories))
            #expect(hard.status == .failed)
        }
    }

    // MARK: O1

    @Test("once an attempt is unknown or not ended, what a later one says of itself leaves it unresolved (O1, R3)")
    func stays() {
        for first in [Outcome.Kind.unknown, nil] {
            for later in [Outcome.Kind.notProcessed, .rejected] {
                var after = tried((a, first), (a, later))
                after.refuse(Self.rejected)
                #expect(after.status == .processing)
                #expect(after.unresolvedAttempts.count == 1)
            }
        }
    }

    @Test("the same reference answered there resolves every attempt at that gateway, and at no other (O1)")
    func resolved() {
        for said in [captured, Self.declined, Self.pending, Self.action] {
            let after = hearing((said, b), by: tried((a, .unknown), (b, .unknown), (b, .unknown)))
            #expect(after.unresolvedAttempts.map(\.gateway) == ["bank-a"])
        }
    }

    @Test("our own mistake fails a payment only while nothing is unresolved; wrong credentials do not (O1)")
    func refusals() {
        var request = tried((a, .rejected))
        request.refuse(Self.rejected)
        #expect(request.status == .failed)
        #expect(request.failure?.category == .invalidRequest)
        var credentials = tried((a, .rejected))
        credentials.refuse(.rejected(Rejection(cause: .credentials, code: nil, message: nil)))
        #expect(credentials.status == .processing)
        credentials.becomeUnavailable(at: Timestamp(seconds: 1), queue: .queue)
        #expect(credentials.failure?.category == .configuration)
    }

    // MARK: Order

    @Test("in whatever order the words of two gateways come, one holds the payment and the other gives back (P1, R6)")
    func orders() {
        let start = tried((a, .unknown), (b, .unknown))
        let words: [(Outcome, Gateway)] = [(captured, a), (authorized, b), (Self.pending, a), (Self.action, b)]
        for order in words.orders {
            let after = order.reduce(into: start) { $0.hear(word($1.0, $1.1)) }
            let isFirst = after.gateway == "bank-a"
            #expect(after.status == (isFirst ? .succeeded : .authorized))
            #expect(after.amountCaptured == (isFirst ? 1_000 : 0))
            #expect(after.nextAction == nil)
            #expect(after.reversalsDue == [isFirst ? "bank-b" : "bank-a"])
        }
    }

    @Test("in whatever order one gateway's words come, they end in its last state (S)")
    func ordersOfOne() {
        let words: [(Outcome, Gateway)] = [
            (Self.pending, a), (Self.action, a), (authorized, a), (captured, a), (Self.unknown, a), (Self.notProcessed, a),
        ]
        for order in words.orders {
            let after = order.reduce(into: tried((a, nil))) { $0.hear(word($1.0, $1.1)) }
            #expect(after.status == .succeeded)
            #expect(after.amountCaptured == 1_000)
            #expect(after.nextAction == nil)
            #expect(after.schedule == nil)
        }
    }

    // MARK: Attempts

    @Test("an attempt that joins late gets a number of its own, and leaves the ends of the others alone")
    func numbers() {
        var changed = tried((a, .approved), (a, .approved))
        var asked = AttemptRecord(
            number: 2, gateway: "bank-a", operation: .inquiry, reference: changed.id.text, identity: "i",
            startedAt: Timestamp(seconds: 5))
        asked.end = .init(outcome: .pending, code: nil, httpStatus: 200, duration: 1)
        changed.append(asked)
        changed.append(asked)
        #expect(changed.attempts.map(\.number) == [1, 2, 3])
        #expect(changed.attempts.map(\.end?.outcome) == [.approved, .approved, .pending])
    }

    @Test("no more than a hundred attempts are kept, the oldest")
    func bounded() {
        var changed = record
        for number in 1...150 {
            changed.append(
                AttemptRecord(
                    number: number, gateway: "bank-a", operation: .inquiry, reference: "r", identity: "i",
                    startedAt: Timestamp(seconds: Int64(number))))
        }
        #expect(changed.attempts.count == 100)
        #expect(changed.attempts.first?.number == 1)
    }

    @Test("an attempt is stored once, and its end is not written over")
    func once() {
        var changed = record
        let attempt = changed.begin(.authorize, reference: changed.id.text, at: a, now: Timestamp(seconds: 1))
        _ = changed.begin(.authorize, reference: changed.id.text, at: a, now: Timestamp(seconds: 1))
        #expect(changed.attempts.count == 1)
        changed.end(attempt, Heard(outcome: Self.unknown, duration: 1))
        changed.end(attempt, Heard(outcome: Self.notProcessed, duration: 1))
        #expect(changed.attempts.map(\.end?.outcome) == [.unknown])
    }

    @Test("two attempts in one millisecond are two: the second starts later, so that its end is its own (O1)")
    func sameMillisecond() {
        var changed = record
        let now = Timestamp(seconds: 1)
        for outcome in [Self.notProcessed, Self.unknown] {
            let start = changed.start(of: .authorize, reference: changed.id.text, at: a, now: now)
            let attempt = changed.begin(.authorize, reference: changed.id.text, at: a, now: start)
            changed.end(attempt, Heard(outcome: outcome, duration: 1))
        }
        #expect(changed.attempts.map(\.end?.outcome) == [.notProcessed, .unknown])
        #expect(changed.start(of: .authorize, reference: changed.id.text, at: b, now: now) == now)
        #expect(changed.unresolvedAttempts.count == 1)
    }

    // MARK: Proof

    @Test(
        "\"not found\" proves nothing before the declared time after the last end, under another identity, or without one (O4, R3)"
    )
    func proof() throws {
        let delay = Duration.seconds(2)
        #expect(tried((a, .unknown)).proof(ofNothingHeldBy: a) == Timestamp(seconds: 0) + .milliseconds(1) + delay)
        #expect(tried((a, .unknown), (a, .unknown)).proof(ofNothingHeldBy: a) == Timestamp(seconds: 3) + .milliseconds(1))
        #expect(tried((a, nil)).proof(ofNothingHeldBy: a) == Timestamp(seconds: 302))
        #expect(tried((a, nil), (b, .unknown)).proof(ofNothingHeldBy: b) == Timestamp(seconds: 3) + .milliseconds(1))
        #expect(tried((a, .unknown)).proof(ofNothingHeldBy: try World.gateway("bank-a", account: "acme-456")) == nil)
    }
}

extension Array {
    /// Every order of the elements.
    fileprivate var orders: [[Element]] {
        guard let first else { return [[]] }
        return Array(dropFirst()).orders.flatMap { rest in
            (0...rest.count).map { Array(rest[..<$0]) + [first] + Array(rest[$0...]) }
        }
    }
}
