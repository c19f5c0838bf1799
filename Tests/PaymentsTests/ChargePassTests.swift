import AdapterKit
import Synchronization
import TestKit
import Testing

@testable import Payments

/// A gateway of which only the promises matter.
private struct Promises: GatewayAdapter {
    static let name = "promises"
    static let summary = ""
    static let settings: [SettingDescription] = []
    static let loggableMembers: Set<String> = []

    var capabilities = Capabilities(
        operations: [.payment, .inquiry, .refund], methods: [.card], idempotency: .forever, inquiryByReference: true,
        notFoundFinalAfter: .seconds(2), acceptsSignedRequestFor: .seconds(300), reversal: true,
        lateSuccess: .within(.seconds(300)))
    var account = ["acme"]
    let authentication = Authentication.none

    init() {}
    init(settings: AdapterSettings) {}

    func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest {
        GatewayRequest(method: .post, target: "/", body: [0])
    }
    func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome { .unknown(Unknown(reason: "r")) }
    func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer { .unanswered(reason: "r") }
}

/// One pass, driven by hand: the record and the clock move as the test says.
private struct Drive {
    typealias Step = ChargePass.Step

    static let start = Timestamp(seconds: 1_767_225_600)
    static let attempt = Duration.seconds(3)

    var record: PaymentRecord
    var pass: ChargePass
    let gateways: [Gateway]
    /// Since the request arrived.
    var elapsed: Duration = .zero
    var deadline: Duration = .seconds(10)
    var content = PaymentDetails.Content.whole
    var isTooOldToSend = false
    var refused: Set<String> = []
    var budget = Int.max
    var unit = 0.999_999

    static func gateway(
        _ name: String, retries: Int = 3, attempt: Duration = attempt, change: (inout Promises) -> Void = { _ in }
    ) -> Gateway {
        var adapter = Promises()
        change(&adapter)
        return Gateway(
            name: name, adapter: adapter, endpoint: Endpoint(scheme: .https, host: name, port: 443, attemptTimeout: attempt),
            policy: .init(maximumRetries: retries))
    }

    init(_ gateways: [Gateway], candidates: [Gateway]? = nil, purpose: ChargePass.Purpose = .call) throws {
        self.gateways = gateways
        pass = ChargePass(candidates: candidates ?? gateways, purpose: purpose)
        record = PaymentRecord(
            id: try #require(PaymentID("pay_" + String(repeating: "0", count: 26))), tenant: "acme",
            money: Money(minorUnits: 1_000, currency: try #require(Currency("EUR"))), reference: "r", capture: .automatic,
            methodKind: .card, pinnedGateway: nil, onUnavailable: .queue, createdAt: Self.start, sealed: [])
    }

    var now: Timestamp { Self.start + elapsed }

    func gateway(_ name: String) throws -> Gateway { try #require(gateways.first { $0.name == name }) }

    mutating func next() -> Step {
        let (refused, budget, unit) = (refused, budget, unit)
        let configured = gateways
        let left = Mutex(budget)
        let situation = ChargePass.Situation(
            now: now, instant: elapsed, end: deadline, deadline: deadline, content: content, isTooOldToSend: isTooOldToSend,
            refuses: { refused.contains($0) },
            mayRetry: { _ in
                left.withLock { left in
                    guard left > 0 else { return false }
                    left -= 1
                    return true
                }
            }, unit: { unit })
        let step = pass.next(for: record, configured: { name in configured.first { $0.name == name } }, situation)
        self.budget = left.withLock { $0 }
        return step
    }

    /// An attempt there ended like this, after so long.
    mutating func sent(_ name: String, _ outcome: Outcome, taking: Duration = .milliseconds(100)) throws {
        let gateway = try gateway(name)
        record.become(processingAt: gateway)
        let attempt = record.begin(
            .payment, reference: record.id.text, at: gateway,
            now: record.start(of: .payment, reference: record.id.text, at: gateway, now: now))
        elapsed += taking
        let duration = Double(taking.components.seconds * 1_000 + taking.components.attoseconds / 1_000_000_000_000_000)
        record.end(attempt, Heard(outcome: outcome, duration: duration))
        pass.sent(to: gateway, outcome, at: elapsed)
        record.hear(
            Word(outcome: outcome, gateway: name, identity: gateway.identity, softDeclines: [.insufficientFunds], at: now))
        record.refuse(outcome)
    }

    /// An attempt of an earlier owner, who did not record its end.
    mutating func left(at name: String, ago age: Duration = .seconds(8)) throws {
        let gateway = try gateway(name)
        record.become(processingAt: gateway)
        _ = record.begin(.payment, reference: record.id.text, at: gateway, now: now)
        elapsed = .zero
        deadline = .seconds(10)
        record = record.shifted(by: age)
    }

    mutating func proved(_ name: String) {
        pass.proved(name)
        record.resolve(.notHeld, at: name)
    }
}

extension PaymentRecord {
    /// The same, with its attempts so much earlier.
    fileprivate func shifted(by age: Duration) -> PaymentRecord {
        var shifted = self
        shifted.attempts = attempts.map { attempt in
            AttemptRecord(
                number: attempt.number, gateway: attempt.gateway, operation: attempt.operation, reference: attempt.reference,
                identity: attempt.identity,
                startedAt: Timestamp(milliseconds: 0) + (attempt.startedAt - (Timestamp(milliseconds: 0) + age)))
        }
        return shifted
    }
}

extension Outcome {
    fileprivate static let lost = Outcome.unknown(Unknown(reason: "attempt_timed_out"))
    fileprivate static let pendingThere = Outcome.pending(gatewayReference: nil)
    fileprivate static let action = Outcome.requiresAction(NextAction(kind: .approveInApp), gatewayReference: nil)
    fileprivate static let wrongRequest = Outcome.rejected(Rejection(cause: .request, code: nil, message: nil))
    fileprivate static let wrongCredentials = Outcome.rejected(Rejection(cause: .credentials, code: nil, message: nil))

    fileprivate static func notTaken(after wait: Duration? = nil) -> Outcome {
        .notProcessed(NotProcessed(reason: "rate_limited", retryAfter: wait))
    }
    fileprivate static func declined(_ category: FailureCategory) -> Outcome {
        .declined(Decline(category: category, code: nil, message: nil))
    }
    fileprivate static func approved() throws -> Outcome {
        .approved(
            Approval(
                state: .captured, gatewayReference: nil, money: Money(minorUnits: 1_000, currency: try #require(Currency("EUR"))))
        )
    }
}

@Suite("What comes next for a charge")
struct ChargePassTests {
    private let a = Drive.gateway("bank-a")
    private let b = Drive.gateway("bank-b")
    private let c = Drive.gateway("bank-c")

    // MARK: The table of outcomes

    @Test("first the primary gateway is sent to, and nobody where there is none")
    func first() throws {
        var drive = try Drive([a, b])
        #expect(drive.next() == .send("bank-a"))
        var none = try Drive([a], candidates: [])
        #expect(none.next() == .rest)
    }

    @Test("approved, pending, requires_action, a final decline and a wrong request end it: nothing is sent anywhere")
    func ended() throws {
        for outcome in [
            try Outcome.approved(), .pendingThere, .action, .declined(.suspectedFraud), .wrongRequest,
        ] {
            var drive = try Drive([a, b])
            try drive.sent("bank-a", outcome)
            #expect(drive.next() == .rest)
        }
    }

    @Test("a decline of the route's categories goes on to the next gateway at once, and never to the same one")
    func softDecline() throws {
        var drive = try Drive([a, b])
        try drive.sent("bank-a", .declined(.insufficientFunds))
        #expect(drive.next() == .send("bank-b"))
        try drive.sent("bank-b", .declined(.insufficientFunds))
        #expect(drive.next() == .rest)
        var alone = try Drive([a])
        try alone.sent("bank-a", .declined(.insufficientFunds))
        #expect(alone.next() == .rest)
    }

    @Test("wrong credentials go on to the next gateway, and never to the same one")
    func credentials() throws {
        var drive = try Drive([a, b])
        try drive.sent("bank-a", .wrongCredentials)
        #expect(drive.next() == .send("bank-b"))
        try drive.sent("bank-b", .wrongCredentials)
        #expect(drive.next() == .rest)
    }

    @Test("not processed: the same gateway after its backoff, while time is left for the next one; then that one")
    func notProcessed() throws {
        var drive = try Drive([a, b])
        drive.unit = 0.5
        try drive.sent("bank-a", .notTaken())
        #expect(drive.next() == .pause(.milliseconds(500)))
        drive.elapsed += .milliseconds(500)
        #expect(drive.next() == .send("bank-a"))
        try drive.sent("bank-a", .notTaken(), taking: .seconds(3))
        #expect(drive.next() == .pause(.seconds(1)))
        drive.elapsed += .seconds(1)
        #expect(drive.next() == .send("bank-a"))
        try drive.sent("bank-a", .notTaken(), taking: .seconds(2))
        // 6.6 s are gone: a pause of 2 s would leave bank-b too little.
        #expect(drive.next() == .send("bank-b"))
    }

    @Test("unknown: the same gateway is asked, and nothing is sent anywhere before it has answered")
    func unknown() throws {
        var drive = try Drive([a, b])
        try drive.sent("bank-a", .lost)
        #expect(drive.next() == .ask("bank-a"))
        #expect(drive.next() == .ask("bank-a"))
    }

    // MARK: Out of unknown (O4)

    @Test("\"not found\" too early: it waits for the proof, asks again, and only then goes elsewhere")
    func proof() throws {
        var drive = try Drive([a, b])
        try drive.sent("bank-a", .lost)
        drive.pass.asked("bank-a", .notFoundYet)
        #expect(drive.next() == .pause(.seconds(2)))
        drive.elapsed += .seconds(2)
        #expect(drive.next() == .ask("bank-a"))
        drive.proved("bank-a")
        #expect(drive.next() == .send("bank-b"))
    }

    @Test("where nobody else could take it in time, the same reference goes to the same gateway again (O3)")
    func again() throws {
        var alone = try Drive([a])
        try alone.sent("bank-a", .lost)
        alone.pass.asked("bank-a", .notFoundYet)
        #expect(alone.next() == .pause(.seconds(1) * 0.999_999))
        alone.elapsed += .seconds(1)
        #expect(alone.next() == .send("bank-a"))
        let reasons: [(Duration, (inout Drive) -> Void)] = [
            (.milliseconds(100), { $0.refused = ["bank-b"] }), (.milliseconds(100), { $0.pass.exhaust("bank-b") }),
            (.milliseconds(5_500), { _ in }),
        ]
        for (taking, change) in reasons {
            var drive = try Drive([a, b])
            try drive.sent("bank-a", .lost, taking: taking)
            drive.pass.asked("bank-a", .notFoundYet)
            change(&drive)
            #expect(drive.next() == .pause(.seconds(1) * 0.999_999))
        }
    }

    @Test("a question that was not answered proves nothing: never another gateway (O4)")
    func unanswered() throws {
        var drive = try Drive([a, b])
        try drive.sent("bank-a", .lost)
        drive.pass.asked("bank-a", .unanswered)
        #expect(drive.next() == .pause(.seconds(1) * 0.999_999))
        drive.elapsed += .seconds(1)
        #expect(drive.next() == .send("bank-a"))
        try drive.sent("bank-a", .lost)
        drive.elapsed = .seconds(9)
        #expect(drive.next() == .ask("bank-a"))
        drive.pass.asked("bank-a", .unanswered)
        #expect(drive.next() == .rest)
    }

    @Test("after each attempt that is lost it is asked anew")
    func askedAnew() throws {
        var drive = try Drive([a])
        for _ in 0..<2 {
            try drive.sent("bank-a", .lost, taking: .milliseconds(1))
            #expect(drive.next() == .ask("bank-a"))
            drive.pass.asked("bank-a", .notFoundYet)
            guard case .pause = drive.next() else { continue }
            #expect(drive.next() == .send("bank-a"))
        }
    }

    @Test("an earlier unknown stays, whatever a later attempt says of itself (O1)")
    func earlierUnknown() throws {
        for later in [Outcome.notTaken(), .wrongCredentials, .wrongRequest] {
            var drive = try Drive([a, b])
            try drive.sent("bank-a", .lost)
            drive.pass.asked("bank-a", .notFoundYet)
            try drive.sent("bank-a", later)
            #expect(drive.record.status == .processing)
            #expect(drive.next() == .ask("bank-a"))
            drive.pass.asked("bank-a", .unanswered)
            #expect(drive.next() != .send("bank-b"))
        }
    }

    @Test("a gateway that can neither be asked nor takes a reference twice leaves it unknown (O3)")
    func nothingPromised() throws {
        let mute = Drive.gateway("bank-a") {
            $0.capabilities.inquiryByReference = false
            $0.capabilities.idempotency = .none
            $0.capabilities.notFoundFinalAfter = nil
        }
        var drive = try Drive([mute, b])
        try drive.sent("bank-a", .lost)
        #expect(drive.next() == .rest)
    }

    @Test("what cannot be asked, but takes a reference twice, is sent again and never elsewhere (O3)")
    func cannotBeAsked() throws {
        let mute = Drive.gateway("bank-a") { $0.capabilities.inquiryByReference = false }
        var drive = try Drive([mute, b])
        try drive.sent("bank-a", .lost)
        #expect(drive.next() == .pause(.seconds(1) * 0.999_999))
        #expect(drive.next() == .send("bank-a"))
    }

    @Test("where \"not found\" is never final, or a late success could not be given back, it goes nowhere else")
    func neverProvable() throws {
        for change in [
            { (promises: inout Promises) in promises.capabilities.notFoundFinalAfter = nil },
            { (promises: inout Promises) in promises.capabilities.reversal = false },
        ] {
            var drive = try Drive([Drive.gateway("bank-a", change: change), b])
            try drive.sent("bank-a", .lost)
            drive.pass.asked("bank-a", .notFoundYet)
            #expect(drive.next() == .pause(.seconds(1) * 0.999_999))
            #expect(drive.next() == .send("bank-a"))
        }
    }

    @Test(
        "nor does it once \"not found\" came, while a late success there could not be given back (O9)", arguments: [true, false])
    func boundBySuccessToCome(canReverse: Bool) throws {
        let first = Drive.gateway("bank-a") { $0.capabilities.reversal = canReverse }
        var drive = try Drive([first, b])
        try drive.sent("bank-a", .lost)
        drive.elapsed += .seconds(2)
        drive.proved("bank-a")
        #expect(drive.next() == (canReverse ? .send("bank-b") : .rest))
        drive.pass = ChargePass(candidates: [first, b], purpose: .queue)
        #expect(drive.next() == .send("bank-a"))
        drive.refused = ["bank-a"]
        drive.pass = ChargePass(candidates: [first, b], purpose: .queue)
        #expect(drive.next() == (canReverse ? .send("bank-b") : .rest))
    }

    @Test("nothing is sent again from three quarters of the reference's life on; it is only asked (O3)")
    func referenceLife() throws {
        let brief = Drive.gateway("bank-a") { $0.capabilities.idempotency = .limited(.seconds(40)) }
        for (age, expected) in [(Duration.seconds(29), Drive.Step.send("bank-a")), (.seconds(30), .rest)] {
            var drive = try Drive([brief])
            try drive.left(at: "bank-a", ago: age)
            #expect(drive.next() == .ask("bank-a"))
            drive.pass.asked("bank-a", .notFoundYet)
            #expect(drive.next() == expected)
        }
    }

    @Test("an attempt without an end is asked about, and sent again at that gateway, never at another (R3)")
    func withoutEnd() throws {
        var drive = try Drive([a, b])
        try drive.left(at: "bank-a")
        #expect(drive.next() == .ask("bank-a"))
        drive.pass.asked("bank-a", .notFoundYet)
        #expect(drive.next() == .send("bank-a"))
    }

    @Test("under another identity, or where it is not configured any more, it is neither asked nor sent (O5, R9)")
    func anotherIdentity() throws {
        let other = Drive.gateway("bank-a") { $0.account = ["other"] }
        for configured in [[other, b], [b]] {
            var drive = try Drive([a, b])
            try drive.left(at: "bank-a")
            let gateways = configured
            var pass = ChargePass(candidates: gateways, purpose: .call)
            let situation = ChargePass.Situation(
                now: drive.now, instant: .zero, end: .seconds(10), deadline: .seconds(10), content: .whole,
                isTooOldToSend: false, refuses: { _ in false }, mayRetry: { _ in true }, unit: { 0 })
            let step = pass.next(for: drive.record, configured: { name in gateways.first { $0.name == name } }, situation)
            #expect(step == .rest)
        }
    }

    // MARK: Retries, jitter, budget

    @Test("the backoff is 1, 2, 4 s with full jitter, at most three retries", arguments: [0, 0.5, 0.999_999])
    func backoff(unit: Double) throws {
        var drive = try Drive([a])
        drive.deadline = .seconds(60)
        drive.unit = unit
        for ceiling in [1, 2, 4] {
            try drive.sent("bank-a", .notTaken())
            let pause = Duration.seconds(ceiling) * unit
            if pause > .zero { #expect(drive.next() == .pause(pause)) }
            #expect(drive.next() == .send("bank-a"))
        }
        try drive.sent("bank-a", .notTaken())
        #expect(drive.next() == .rest)
    }

    @Test("a gateway without retries is sent to once")
    func noRetries() throws {
        var drive = try Drive([Drive.gateway("bank-a", retries: 0), Drive.gateway("bank-b", retries: 0)])
        try drive.sent("bank-a", .notTaken())
        #expect(drive.next() == .send("bank-b"))
        try drive.sent("bank-b", .notTaken())
        #expect(drive.next() == .rest)
    }

    @Test("Retry-After is waited for, even where the jitter is short; where it does not fit, the next gateway is taken")
    func retryAfter() throws {
        var drive = try Drive([a])
        drive.unit = 0
        try drive.sent("bank-a", .notTaken(after: .seconds(3)))
        #expect(drive.next() == .pause(.seconds(3)))
        drive.elapsed += .seconds(3)
        #expect(drive.next() == .send("bank-a"))
        for wait in [Duration.seconds(7), .seconds(86_400)] {
            var alone = try Drive([a])
            try alone.sent("bank-a", .notTaken(after: wait))
            #expect(alone.next() == .rest)
            var pair = try Drive([a, b])
            try pair.sent("bank-a", .notTaken(after: wait))
            #expect(pair.next() == .send("bank-b"))
        }
    }

    @Test("no retry without the budget for it; the next gateway needs none (O10)")
    func budget() throws {
        var drive = try Drive([a, b])
        drive.budget = 1
        try drive.sent("bank-a", .notTaken())
        guard case .pause = drive.next() else {
            Issue.record("no retry")
            return
        }
        #expect(drive.budget == 0)
        #expect(drive.next() == .send("bank-a"))
        try drive.sent("bank-a", .notTaken())
        #expect(drive.next() == .send("bank-b"))
        try drive.sent("bank-b", .notTaken())
        #expect(drive.next() == .rest)
    }

    @Test("nor is a lost attempt repeated without the budget for it (O10)")
    func budgetUnknown() throws {
        var drive = try Drive([a])
        drive.budget = 0
        try drive.sent("bank-a", .lost)
        drive.pass.asked("bank-a", .notFoundYet)
        #expect(drive.next() == .rest)
    }

    // MARK: Time (T1)

    @Test("no attempt starts with less time left than it may take (T1)")
    func deadline() throws {
        for (elapsed, expected) in [(Duration.seconds(7), Drive.Step.send("bank-a")), (.seconds(7.001), .rest)] {
            var drive = try Drive([a, b])
            drive.elapsed = elapsed
            #expect(drive.next() == expected)
        }
    }

    @Test("a gateway whose attempt is too long now is passed over for one that fits")
    func tooLong() throws {
        var drive = try Drive([Drive.gateway("bank-a", attempt: .seconds(9)), b])
        drive.elapsed = .seconds(2)
        #expect(drive.next() == .send("bank-b"))
    }

    @Test("where an attempt may take as long as the deadline, the first one starts, and no other")
    func asLongAsTheDeadline() throws {
        var drive = try Drive([Drive.gateway("bank-a", attempt: .seconds(10)), Drive.gateway("bank-b", attempt: .seconds(10))])
        drive.elapsed = .seconds(1)
        #expect(drive.next() == .send("bank-a"))
        try drive.sent("bank-a", .notTaken())
        #expect(drive.next() == .rest)
    }

    @Test("a retry never takes the time in which the next gateway could have been tried (T1)")
    func reserve() throws {
        var drive = try Drive([a, Drive.gateway("bank-b", attempt: .seconds(9))])
        try drive.sent("bank-a", .notTaken())
        #expect(drive.next() == .send("bank-b"))
        var waiting = try Drive([a, b])
        waiting.elapsed = .seconds(5.9)
        try waiting.sent("bank-a", .notTaken(), taking: .milliseconds(500))
        #expect(waiting.next() == .send("bank-b"))
    }

    @Test("a stored attempt leaves in time for itself, and for another gateway after it")
    func latestStart() throws {
        let pair = ChargePass(candidates: [a, Drive.gateway("bank-b", attempt: .seconds(4))], purpose: .call)
        #expect(pair.latestStart(at: a, before: .seconds(10), deadline: .seconds(10)) == .milliseconds(5_900))
        let alone = ChargePass(candidates: [a], purpose: .call)
        #expect(alone.latestStart(at: a, before: .seconds(10), deadline: .seconds(10)) == .seconds(7))
        #expect(alone.latestStart(at: a, before: .seconds(3), deadline: .seconds(3)) == .seconds(3))
    }

    // MARK: Breakers, pins, three gateways

    @Test("a gateway whose breaker is open is passed over, and where all are nothing is sent")
    func breakers() throws {
        var drive = try Drive([a, b])
        drive.refused = ["bank-a"]
        #expect(drive.next() == .send("bank-b"))
        var all = try Drive([a, b])
        all.refused = ["bank-a", "bank-b"]
        #expect(all.next() == .rest)
    }

    @Test("an open breaker holds back a repeat, never the question (architecture, State)")
    func breakerUnknown() throws {
        var drive = try Drive([a])
        try drive.sent("bank-a", .lost)
        drive.refused = ["bank-a"]
        #expect(drive.next() == .ask("bank-a"))
        drive.pass.asked("bank-a", .notFoundYet)
        #expect(drive.next() == .rest)
    }

    @Test("a pinned payment, with one candidate, never fails over (O7)")
    func pinned() throws {
        for outcome in [Outcome.notTaken(), .wrongCredentials, .declined(.insufficientFunds)] {
            var drive = try Drive([Drive.gateway("bank-a", retries: 0), b], candidates: [Drive.gateway("bank-a", retries: 0)])
            try drive.sent("bank-a", outcome)
            #expect(drive.next() == .rest)
        }
        var lost = try Drive([a, b], candidates: [a])
        try lost.sent("bank-a", .lost)
        lost.proved("bank-a")
        #expect(lost.next() == .pause(.seconds(1) * 0.999_999))
        #expect(lost.next() == .send("bank-a"))
    }

    @Test("one after the other, each once, in the order of the route")
    func three() throws {
        var drive = try Drive(["bank-a", "bank-b", "bank-c"].map { Drive.gateway($0, retries: 0, attempt: .seconds(1)) })
        for name in ["bank-a", "bank-b", "bank-c"] {
            #expect(drive.next() == .send(name))
            try drive.sent(name, .notTaken())
        }
        #expect(drive.next() == .rest)
    }

    @Test("an unknown at the second gateway goes nowhere else either, though the first is free (O4)")
    func secondUnknown() throws {
        var drive = try Drive([Drive.gateway("bank-a", retries: 0), b, c])
        try drive.sent("bank-a", .notTaken())
        #expect(drive.next() == .send("bank-b"))
        try drive.sent("bank-b", .lost)
        #expect(drive.next() == .ask("bank-b"))
        drive.pass.asked("bank-b", .unanswered)
        #expect(drive.next() != .send("bank-c"))
    }

    // MARK: What is at hand

    @Test("without what a gateway is sent, it is only asked (O3)")
    func nothingAtHand() throws {
        var drive = try Drive([a, b])
        drive.content = .none
        #expect(drive.next() == .rest)
        var lost = try Drive([a, b])
        lost.content = .none
        try lost.left(at: "bank-a")
        #expect(lost.next() == .ask("bank-a"))
        lost.pass.asked("bank-a", .notFoundYet)
        #expect(lost.next() == .rest)
    }

    @Test("without the CVC nothing is repeated where it was sent, but a gateway that was sent nothing takes it (O3)")
    func withoutCVC() throws {
        var lost = try Drive([a, b])
        lost.content = .withoutCVC
        try lost.left(at: "bank-a")
        lost.pass.asked("bank-a", .notFoundYet)
        #expect(lost.next() == .rest)
        var fresh = try Drive([a, b], purpose: .queue)
        fresh.content = .withoutCVC
        fresh.record.status = .queued
        #expect(fresh.next() == .send("bank-a"))
    }

    @Test("after five minutes that nobody was told of, nothing is sent; it is only asked (K6)")
    func tooOld() throws {
        var drive = try Drive([a, b])
        drive.isTooOldToSend = true
        #expect(drive.next() == .rest)
        var lost = try Drive([a, b])
        lost.isTooOldToSend = true
        try lost.left(at: "bank-a")
        #expect(lost.next() == .ask("bank-a"))
        lost.pass.asked("bank-a", .notFoundYet)
        #expect(lost.next() == .rest)
    }

    // MARK: Recovery and the queue

    @Test("recovery asks, and sends again only where the gateway answered that it has nothing (R3)")
    func recovery() throws {
        for (reply, expected) in [(ChargePass.Reply.notFoundYet, Drive.Step.send("bank-a")), (.unanswered, .rest)] {
            var drive = try Drive([a, b], purpose: .recovery)
            try drive.left(at: "bank-a")
            #expect(drive.next() == .ask("bank-a"))
            drive.pass.asked("bank-a", reply)
            #expect(drive.next() == expected)
        }
    }

    @Test("recovery never goes to another gateway: once it is proved that nobody holds anything, the queue does")
    func recoveryProved() throws {
        var drive = try Drive([a, b], purpose: .recovery)
        try drive.left(at: "bank-a")
        #expect(drive.next() == .ask("bank-a"))
        drive.proved("bank-a")
        #expect(drive.next() == .rest)
    }

    @Test("recovery asks once about what a gateway has taken; a caller's pass does not", arguments: [true, false])
    func taken(isRecovery: Bool) throws {
        for outcome in [Outcome.pendingThere, .action] {
            var drive = try Drive([a, b], purpose: isRecovery ? .recovery : .call)
            try drive.sent("bank-a", outcome)
            guard isRecovery else {
                #expect(drive.next() == .rest)
                continue
            }
            #expect(drive.next() == .ask("bank-a"))
            drive.pass.asked("bank-a", .notFoundYet)
            #expect(drive.next() == .rest)
        }
    }

    @Test("the queue tries the route from its first gateway on")
    func queue() throws {
        var drive = try Drive([Drive.gateway("bank-a", retries: 0), b], purpose: .queue)
        drive.record.status = .queued
        #expect(drive.next() == .send("bank-a"))
        try drive.sent("bank-a", .notTaken())
        #expect(drive.next() == .send("bank-b"))
    }

    @Test("a queued payment with an attempt that is not resolved is asked about first (R7)")
    func queuedUnresolved() throws {
        var drive = try Drive([a, b], purpose: .queue)
        try drive.left(at: "bank-b")
        drive.record.status = .queued
        #expect(drive.next() == .ask("bank-b"))
        drive.pass.asked("bank-b", .unanswered)
        #expect(drive.next() == .rest)
    }

    @Test(
        "nothing more comes for a payment that is settled, or that an operator has",
        arguments: [PaymentRecord.Status.authorized, .succeeded, .failed, .canceled, .manualReview],
        [ChargePass.Purpose.call, .recovery, .queue])
    func settled(_ status: PaymentRecord.Status, _ purpose: ChargePass.Purpose) throws {
        var drive = try Drive([a, b], purpose: purpose)
        try drive.left(at: "bank-a")
        drive.record.status = status
        #expect(drive.next() == .rest)
    }
}
