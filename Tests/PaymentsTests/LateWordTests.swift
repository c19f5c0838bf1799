import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("Words that come after the payment has gone on (R6, O6, S)", .timeLimit(.minutes(1)))
struct LateWordTests {
    private static let (a, b) = ("bank-a", "bank-b")

    private func money(_ amount: Int64 = 1_000) throws -> Money {
        Money(minorUnits: amount, currency: try #require(Currency("EUR")))
    }

    private func approval(_ state: Approval.State, _ amount: Int64 = 1_000, reference: String? = nil) throws -> Outcome {
        .approved(Approval(state: state, gatewayReference: reference, money: try money(amount)))
    }

    private func word(_ outcome: Outcome, at gateway: String, soft: Set<FailureCategory> = []) -> Word {
        Word(outcome: outcome, gateway: gateway, identity: gateway, softDeclines: soft, at: Timestamp(seconds: 2))
    }

    /// Tried at both, in this order; nobody has ended.
    private func tried(_ gateways: String...) throws -> PaymentRecord {
        var record = PaymentRecord(
            id: try #require(PaymentID("pay_" + String(repeating: "0", count: 26))), tenant: "acme", money: try money(),
            reference: "r", capture: .manual, methodKind: .card, pinnedGateway: nil, onUnavailable: .queue,
            createdAt: Timestamp(seconds: 1), sealed: [])
        for (index, gateway) in gateways.enumerated() {
            record.append(
                AttemptRecord(
                    number: index + 1, gateway: gateway, operation: .authorize, reference: record.id.text, identity: gateway,
                    startedAt: Timestamp(seconds: Int64(index))))
            record.gateway = gateway
            record.gatewayIdentity = gateway
        }
        return record
    }

    @Test("a second gateway does not take over what the first one holds while an operator must look at it")
    func heldInReview() throws {
        var record = try tried(Self.b, Self.a)
        record.hear(word(try approval(.authorized), at: Self.a))
        record.hear(word(try approval(.captured, 999), at: Self.a))
        try #require(record.status == .manualReview)
        record.hear(word(try approval(.authorized), at: Self.b))
        #expect(record.status == .manualReview)
        #expect(record.gateway == Self.a)
        #expect(record.reversalsDue == [Self.b])
    }

    @Test("what is older does not hide a mismatch, in either order")
    func mismatchStays() throws {
        let old: [Outcome] = [
            .pending(gatewayReference: nil), .requiresAction(NextAction(kind: .approveInApp), gatewayReference: nil),
        ]
        for outcome in old {
            var record = try tried(Self.a)
            record.hear(word(try approval(.captured, 999), at: Self.a))
            record.hear(word(outcome, at: Self.a))
            #expect(record.status == .manualReview)
            #expect(record.deadLetter?.reason == .amountMismatch)
        }
        var authorized = try tried(Self.a)
        for outcome in [try approval(.authorized), try approval(.captured, 999), try approval(.authorized)] {
            authorized.hear(word(outcome, at: Self.a))
        }
        #expect(authorized.status == .manualReview)
        authorized.hear(word(try approval(.captured), at: Self.a))
        #expect(authorized.status == .succeeded)
    }

    @Test("a decline that may move on ends the waiting for its gateway")
    func softDeclineWhileAwaited() throws {
        var record = try tried(Self.a)
        record.hear(word(.pending(gatewayReference: "a1"), at: Self.a))
        try #require(record.processingReason == .awaitingGateway)
        record.hear(word(.declined(Decline(category: .other, code: nil, message: nil)), at: Self.a, soft: [.other]))
        #expect(record.softDecline != nil)
        #expect(record.maySend)
        #expect(record.unresolvedAttempts.isEmpty)
    }

    @Test("one gateway's reference does not stay with another's success")
    func reference() throws {
        var record = try tried(Self.a, Self.b)
        record.gatewayReference = "of a"
        record.gateway = Self.a
        record.hear(word(try approval(.authorized), at: Self.b))
        #expect(record.gateway == Self.b)
        #expect(record.gatewayReference == nil)
    }

    @Test("a refund that another amount is reported of is never stale once it counts as failed or done")
    func refund() throws {
        let record = try tried(Self.a)
        var refund = OperationRecord(
            id: try #require(OperationID("ref_" + String(repeating: "0", count: 26))), payment: record.id, tenant: "acme",
            kind: .refund, amount: 400, createdAt: Timestamp(seconds: 1), sealed: [])
        let now = Timestamp(seconds: 3)
        let other = try approval(.refunded, 401)
        var failed = refund
        failed.fail(.expired)
        failed.contradict(.declined(Decline(category: .other, code: nil, message: nil)), at: now)
        #expect(failed.status == .failed)
        failed.contradict(other, at: now)
        #expect(failed.status == .manualReview)
        refund.succeedWithoutGateway()
        refund.contradict(other, at: now)
        #expect(refund.status == .succeeded)
        #expect(refund.deadLetter?.reason == .finalMismatch)
    }
}
