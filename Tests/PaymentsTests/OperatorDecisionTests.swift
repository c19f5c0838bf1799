import AdapterKit
import Testing

@testable import Payments

@Suite("What an operator's redrive changes")
struct OperatorRedriveTests {
    struct Case: Sendable {
        let reason: DeadLetter.Reason
        let attempts: [AttemptRecord]
        let status: PaymentRecord.Status
        let processing: PaymentRecord.ProcessingReason?
    }

    static let cases = [
        Case(
            reason: .outcomeUnknown, attempts: [OperatorSample.attempt(1, .unknown)], status: .processing,
            processing: .outcomeUnknown),
        Case(
            reason: .outcomeUnknown, attempts: [OperatorSample.attempt(1, nil)], status: .processing, processing: .outcomeUnknown),
        Case(
            reason: .queueGaveUp, attempts: [OperatorSample.attempt(1, .unknown), OperatorSample.attempt(2, .notProcessed)],
            status: .processing, processing: .outcomeUnknown),
        Case(
            reason: .outcomeUnknown, attempts: [OperatorSample.attempt(1, .pending)], status: .processing,
            processing: .awaitingGateway),
        Case(
            reason: .amountMismatch, attempts: [OperatorSample.attempt(1, .approved)], status: .processing,
            processing: .awaitingGateway),
        Case(
            reason: .amountMismatch, attempts: [OperatorSample.attempt(1, .unknown, resolution: .answered)], status: .processing,
            processing: .awaitingGateway),
        Case(reason: .queueGaveUp, attempts: [OperatorSample.attempt(1, .notProcessed)], status: .queued, processing: nil),
        Case(
            reason: .queueGaveUp, attempts: [OperatorSample.attempt(1, .unknown, resolution: .notHeld)], status: .queued,
            processing: nil),
        Case(reason: .incomplete, attempts: [], status: .queued, processing: nil),
    ]

    @Test("puts the payment where its gateways are asked, and into the queue only where none holds anything", arguments: cases)
    func payment(sample: Case) throws {
        var record = try OperatorSample.payment(.manualReview, sample.reason, attempts: sample.attempts)
        try record.redrive()
        #expect(record.status == sample.status)
        #expect(record.processingReason == sample.processing)
        #expect(record.deadLetter == nil)
        #expect(record.schedule == nil)
        #expect(record.attempts == sample.attempts)
    }

    @Test(
        "leaves a payment in its state where that is not manual review",
        arguments: [
            PaymentRecord.Status.succeeded, .failed, .canceled, .authorized, .processing, .queued,
        ])
    func otherStates(status: PaymentRecord.Status) throws {
        var record = try OperatorSample.payment(status, .finalMismatch, attempts: [OperatorSample.attempt(1, .unknown)])
        try record.redrive()
        #expect(record.status == status)
        #expect(record.deadLetter == nil)
    }

    @Test("refuses what is no dead letter", arguments: PaymentRecord.Status.allCases)
    func noDeadLetter(status: PaymentRecord.Status) throws {
        var record = try OperatorSample.payment(status, nil)
        let before = record
        #expect(throws: Problem.noDeadLetter) { try record.redrive() }
        #expect(record == before)
    }

    @Test("puts an operation back to work, whatever it is", arguments: OperationRecord.Kind.allCases)
    func operation(kind: OperationRecord.Kind) throws {
        var record = try OperatorSample.operation(kind)
        try record.redrive()
        #expect(record.status == .processing)
        #expect(record.deadLetter == nil)
        #expect(throws: Problem.noDeadLetter) { try record.redrive() }
    }
}

@Suite("What an operator's discard changes")
struct OperatorDiscardTests {
    private static let unresolved = [
        OperatorSample.attempt(1, at: "bank-a", .unknown), OperatorSample.attempt(2, at: "bank-b", nil),
    ]

    @Test(
        "needs the outcome while a gateway may hold the payment",
        arguments: [
            OperatorSample.attempt(1, nil), OperatorSample.attempt(1, .unknown), OperatorSample.attempt(1, .approved),
            OperatorSample.attempt(1, .pending), OperatorSample.attempt(1, .requiresAction),
            OperatorSample.attempt(1, .unknown, resolution: .answered), OperatorSample.attempt(1, .unknown, resolution: .pending),
        ])
    func needsOutcome(attempt: AttemptRecord) throws {
        var record = try OperatorSample.payment(attempts: [attempt])
        let before = record
        let order = try OperatorSample.discard()
        #expect { try record.discard(order) } throws: { ($0 as? Problem)?.errors.map(\.pointer) == ["/outcome"] }
        #expect(record == before)
    }

    @Test(
        "fails the payment where no gateway can hold it",
        arguments: [
            OperatorSample.attempt(1, .notProcessed), OperatorSample.attempt(1, .declined), OperatorSample.attempt(1, .rejected),
            OperatorSample.attempt(1, .unknown, resolution: .notHeld), OperatorSample.attempt(1, nil, resolution: .reversed),
            OperatorSample.attempt(1, .unknown, resolution: .declined),
        ])
    func fails(attempt: AttemptRecord) throws {
        var record = try OperatorSample.payment(.manualReview, .queueGaveUp, attempts: [attempt])
        try record.discard(try OperatorSample.discard())
        #expect(record.status == .failed)
        #expect(record.failure?.code == "discarded")
        #expect(record.failure?.category == .other)
        #expect(record.attempts == [attempt])
        #expect(record.deadLetter == nil)
        #expect(record.schedule == nil)
    }

    @Test("takes the word that nothing is held for every gateway that was not heard")
    func nothingHeld() throws {
        var record = try OperatorSample.payment(attempts: Self.unresolved)
        try record.discard(try OperatorSample.discard(.failed))
        #expect(record.status == .failed)
        #expect(record.attempts.map(\.resolution) == [.notHeld, .notHeld])
        #expect(record.amountCaptured == 0)
    }

    @Test("takes the word that one gateway holds it", arguments: [PaymentRecord.CaptureMode.automatic, .manual])
    func held(capture: PaymentRecord.CaptureMode) throws {
        var record = try OperatorSample.payment(capture: capture, attempts: Self.unresolved)
        record.gatewayReference = "b-1"
        try record.discard(try OperatorSample.discard(.succeeded, at: "bank-a"))
        #expect(record.status == (capture == .automatic ? .succeeded : .authorized))
        #expect(record.amountCaptured == (capture == .automatic ? 1_000 : 0))
        #expect(record.gateway == "bank-a")
        #expect(record.gatewayIdentity == "identity of bank-a")
        #expect(record.gatewayReference == nil, "the other gateway's")
        #expect(record.attempts.map(\.resolution) == [.answered, .notHeld])
        #expect(record.failure == nil)
    }

    @Test("needs no gateway where one alone was tried")
    func oneGateway() throws {
        var record = try OperatorSample.payment(attempts: [OperatorSample.attempt(1, .unknown)])
        record.gatewayReference = "a-1"
        try record.discard(try OperatorSample.discard(.succeeded))
        #expect(record.status == .succeeded)
        #expect(record.gatewayReference == "a-1")
    }

    @Test(
        "refuses a gateway that cannot be meant",
        arguments: [
            (VouchedOutcome.succeeded, nil), (.succeeded, "bank-c"), (.failed, "bank-a"),
        ] as [(VouchedOutcome, String?)])
    func wrongGateway(outcome: VouchedOutcome, gateway: String?) throws {
        var record = try OperatorSample.payment(attempts: Self.unresolved)
        let before = record
        let order = try OperatorSample.discard(outcome, at: gateway)
        #expect { try record.discard(order) } throws: { ($0 as? Problem)?.errors.map(\.pointer) == ["/gateway"] }
        #expect(record == before)
    }

    @Test("refuses success where no gateway was tried")
    func neverTried() throws {
        var record = try OperatorSample.payment(.manualReview, .incomplete)
        let order = try OperatorSample.discard(.succeeded)
        #expect(throws: Problem.self) { try record.discard(order) }
    }

    @Test(
        "takes only the dead letter from a payment that is final",
        arguments: [PaymentRecord.Status.succeeded, .failed, .canceled])
    func final(status: PaymentRecord.Status) throws {
        var record = try OperatorSample.payment(status, .finalMismatch, attempts: Self.unresolved)
        let vouched = try OperatorSample.discard(.failed)
        #expect(throws: Problem.self) { try record.discard(vouched) }
        var expected = record
        expected.deadLetter = nil
        expected.schedule = nil
        try record.discard(try OperatorSample.discard())
        #expect(record == expected)
        let order = try OperatorSample.discard()
        #expect(throws: Problem.noDeadLetter) { try record.discard(order) }
    }

    // MARK: Captures, voids, refunds, reversals

    @Test("of an operation needs the outcome, whatever was stored of it", arguments: OperationRecord.Kind.allCases)
    func operationOutcome(kind: OperationRecord.Kind) throws {
        var payment = try OperatorSample.payment(.succeeded, nil)
        var record = try OperatorSample.operation(kind)
        let (before, order) = (payment, try OperatorSample.discard())
        #expect(throws: Problem.self) { try record.discard(order, from: &payment) }
        #expect(payment == before)
        #expect(record.deadLetter != nil)
    }

    @Test(
        "counts a refund that the gateway made, within what there is to refund",
        arguments: [(Int64(400), true), (600, true), (601, false)])
    func refund(amount: Int64, fits: Bool) throws {
        var payment = try OperatorSample.payment(.succeeded, nil)
        payment.amountCaptured = 1_000
        payment.amountRefunded = 400
        var record = try OperatorSample.operation(.refund, amount: amount)
        let order = try OperatorSample.discard(.succeeded)
        guard fits else {
            #expect { try record.discard(order, from: &payment) } throws: { ($0 as? Problem)?.code == .invalidState }
            #expect(payment.amountRefunded == 400)
            return
        }
        try record.discard(order, from: &payment)
        #expect(record.status == .succeeded)
        #expect(payment.amountRefunded == 400 + amount)
    }

    @Test("captures and voids as the gateway's word would", arguments: [OperationRecord.Kind.capture, .void])
    func captureAndVoid(kind: OperationRecord.Kind) throws {
        var payment = try OperatorSample.payment(.authorized, nil, capture: .manual)
        var record = try OperatorSample.operation(kind)
        try record.discard(try OperatorSample.discard(.succeeded), from: &payment)
        #expect(payment.status == (kind == .capture ? .succeeded : .canceled))
        #expect(payment.amountCaptured == (kind == .capture ? 400 : 0))
        #expect(record.status == .succeeded)
        var other = try OperatorSample.operation(kind == .capture ? .void : .capture)
        let order = try OperatorSample.discard(.succeeded)
        #expect { try other.discard(order, from: &payment) } throws: { ($0 as? Problem)?.code == .invalidState }
    }

    @Test("leaves the payment as it was where the operation was not done", arguments: [OperationRecord.Kind.capture, .void])
    func notDone(kind: OperationRecord.Kind) throws {
        var payment = try OperatorSample.payment(.authorized, nil, capture: .manual)
        let before = payment
        var record = try OperatorSample.operation(kind)
        try record.discard(try OperatorSample.discard(.failed), from: &payment)
        #expect(record.status == .failed)
        #expect(record.failure?.code == "discarded")
        #expect(payment == before)
    }

    @Test("of a reversal that was made clears up its gateway's attempts and no other's")
    func reversal() throws {
        var payment = try OperatorSample.payment(.succeeded, nil, attempts: Self.unresolved)
        var record = try OperatorSample.operation(.reversal, .manualReview, .reversalRefused)
        record.watchedUntil = OperatorSample.start + .seconds(300)
        try record.discard(try OperatorSample.discard(.succeeded), from: &payment)
        #expect(payment.attempts.map(\.resolution) == [.reversed, nil])
        #expect(payment.status == .succeeded)
        #expect(record.watchedUntil == nil)
    }

    @Test("of an operation takes no gateway, and no outcome where it is final")
    func wrongOperationOrder() throws {
        var payment = try OperatorSample.payment(.succeeded, nil)
        var record = try OperatorSample.operation(.refund)
        let (named, vouched) = (try OperatorSample.discard(.failed, at: "bank-a"), try OperatorSample.discard(.failed))
        #expect(throws: Problem.self) { try record.discard(named, from: &payment) }
        record.status = .failed
        #expect(throws: Problem.self) { try record.discard(vouched, from: &payment) }
        try record.discard(try OperatorSample.discard(), from: &payment)
        #expect(record.status == .failed)
        #expect(record.failure == nil)
        #expect(record.deadLetter == nil)
    }
}
