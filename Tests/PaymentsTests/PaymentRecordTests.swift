import AdapterKit
import Testing

@testable import Payments

@Suite("What one word of a gateway changes")
struct PaymentRecordTests {
    private let record: PaymentRecord
    private let money: Money

    init() throws {
        money = Money(minorUnits: 1_000, currency: try #require(Currency("EUR")))
        record = PaymentRecord(
            id: try #require(PaymentID("pay_" + String(repeating: "0", count: 26))), tenant: "acme", money: money, reference: "r",
            capture: .manual, methodKind: .card, pinnedGateway: nil, onUnavailable: .fail, createdAt: Timestamp(seconds: 0),
            sealed: [])
    }

    private static let words: [Outcome] = [
        .declined(Decline(category: .other, code: nil, message: nil)),
        .requiresAction(NextAction(kind: .approveInApp), gatewayReference: nil),
        .pending(gatewayReference: nil), .notProcessed(NotProcessed(reason: "r")),
        .rejected(Rejection(cause: .request, code: nil, message: nil)), .unknown(Unknown(reason: "r")),
    ]

    private func after(_ status: PaymentRecord.Status, _ outcome: Outcome, decides: Bool) -> PaymentRecord {
        var changed = record
        changed.status = status
        changed.processingReason = nil
        changed.apply(outcome, decides: decides)
        return changed
    }

    private func attempt(_ number: Int, _ operation: OperationName, _ outcome: Outcome.Kind?) -> AttemptRecord {
        var attempt = AttemptRecord(
            number: number, gateway: "bank-a", operation: operation, reference: record.id.text, identity: "i",
            startedAt: Timestamp(seconds: 0))
        attempt.end = outcome.map { .init(outcome: $0, code: nil, httpStatus: nil, duration: 1) }
        return attempt
    }

    @Test("a final state stays, whatever is said (S)", arguments: [PaymentRecord.Status.succeeded, .failed, .canceled])
    func final(_ status: PaymentRecord.Status) {
        let approval = Outcome.approved(Approval(state: .captured, gatewayReference: "x", money: money))
        for word in Self.words + [approval] {
            for decides in [true, false] {
                var before = record
                before.status = status
                before.processingReason = nil
                #expect(after(status, word, decides: decides) == before)
            }
        }
    }

    @Test("whoever does not decide queues, fails or rejects nothing for want of a word (R2)")
    func undecided() {
        for word in [Self.words[3], Self.words[4]] {
            for status in [PaymentRecord.Status.processing, .queued, .requiresAction, .authorized, .manualReview] {
                #expect(after(status, word, decides: false).status == status)
            }
        }
    }

    @Test("an authorised payment does not go back to waiting (S)")
    func authorized() {
        for word in [Self.words[1], Self.words[2], Self.words[5]] {
            #expect(after(.authorized, word, decides: true).status == .authorized)
        }
    }

    @Test("an approval settles what is processing, queued, awaiting the payer or under review (R6)")
    func approvals() {
        for status in [PaymentRecord.Status.processing, .queued, .requiresAction, .authorized, .manualReview] {
            let approval = Outcome.approved(Approval(state: .captured, gatewayReference: "x", money: money))
            let changed = after(status, approval, decides: false)
            #expect(changed.status == .succeeded)
            #expect(changed.amountCaptured == 1_000)
        }
    }

    @Test(
        "once an attempt is unknown or not ended, \"not processed\" and \"rejected\" leave it unknown (O1, R3)",
        arguments: [Outcome.Kind.unknown, nil])
    func stays(_ first: Outcome.Kind?) {
        for word in [Self.words[3], Self.words[4]] {
            var changed = record
            changed.attempts = [attempt(1, .payment, first), attempt(2, .payment, .notProcessed)]
            changed.apply(word, decides: true)
            #expect(changed.status == .processing)
            #expect(changed.processingReason == .outcomeUnknown)
        }
    }

    @Test("an inquiry that was not answered leaves nothing unknown that was not")
    func inquiry() {
        var changed = record
        changed.attempts = [attempt(1, .payment, .notProcessed), attempt(2, .inquiry, .unknown)]
        changed.apply(Self.words[3], decides: true)
        #expect(changed.status == .failed)
    }

    @Test("an attempt that joins late gets a number of its own, and leaves the ends of the others alone")
    func numbers() {
        var changed = record
        changed.attempts = [attempt(1, .payment, .approved), attempt(2, .capture, .approved)]
        changed.append(attempt(2, .inquiry, nil), heard: Heard(outcome: Self.words[2], httpStatus: 200, duration: 1))
        #expect(changed.attempts.map(\.number) == [1, 2, 3])
        #expect(changed.attempts.map(\.end?.outcome) == [.approved, .approved, .pending])
    }

    @Test("no more than a hundred attempts are kept, the oldest")
    func bounded() {
        var changed = record
        for number in 1...150 {
            changed.append(attempt(number, .inquiry, nil), heard: Heard(outcome: Self.words[2], httpStatus: 200, duration: 1))
        }
        #expect(changed.attempts.count == 100)
        #expect(changed.attempts.first?.number == 1)
    }

    @Test("a charge answered by a refund is for a person to look at")
    func refunded() {
        let word = Outcome.approved(Approval(state: .refunded, gatewayReference: nil, money: money))
        #expect(after(.processing, word, decides: true).status == .manualReview)
    }
}
