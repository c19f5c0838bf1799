import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("A gateway's word that nobody asked for (R2, P4)", .timeLimit(.minutes(1)))
struct HearingTests {
    private let world: World

    init() throws { world = try World(route: ["bank-a", "bank-b"]) }

    private func approval(_ amount: Int64 = 1_000, _ currency: String = "EUR", _ state: Approval.State = .captured) throws
        -> Outcome
    {
        .approved(
            Approval(
                state: state, gatewayReference: "said",
                money: Money(minorUnits: amount, currency: try #require(Currency(currency)))))
    }

    private static let declined = Outcome.declined(Decline(category: .other, code: nil, message: nil))

    private func hear(_ outcome: Outcome, at gateway: String = "bank-a", of charge: String? = nil, refund: String? = nil)
        async throws -> Reception
    {
        try await world.hear(outcome, at: gateway, of: charge, refund: refund)
    }

    private func unknown(key: String = "key-1") async throws {
        world.bank.script(.lost, .silence)
        try #require(try await world.pay(key: key).status == 202)
    }

    @Test("it settles what is unknown, and its history names the callback")
    func applied() async throws {
        try await unknown()
        #expect(try await hear(approval()) == .applied)
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.gatewayReference == "said")
        #expect(record.unresolvedAttempts.isEmpty)
        let entry = try #require(try await world.store.history(of: record.id).last)
        #expect(entry.event == "payment.succeeded")
        #expect(entry.cause == .callback)
        #expect(try await world.pay().state == "succeeded")
        #expect(world.bank.sent.count == 2)
    }

    @Test("said again, or said after something later, it is stale, and only that is noted")
    func stale() async throws {
        try await unknown()
        _ = try await hear(approval())
        let before = try await world.record()
        for outcome in [try approval(), Self.declined, .pending(gatewayReference: "other"), .unknown(Unknown(reason: "r"))] {
            #expect(try await hear(outcome) == .stale)
        }
        #expect(try await world.record() == before)
        let noted = try await world.store.history(of: before.id).filter { $0.event == "callback_stale" }
        #expect(noted.map(\.reason) == ["approved", "declined", "pending", "unknown"])
        #expect(noted.allSatisfy { $0.cause == .callback && $0.gateway == "bank-a" })
    }

    @Test("about nothing we know it is unmatched")
    func unmatched() async throws {
        try await unknown()
        let id = try world.id().text
        #expect(try await hear(approval(), at: "bank-b") == .unmatched)
        #expect(try await hear(approval(), at: "bank-z") == .unmatched)
        #expect(try await hear(approval(), of: "pay_" + String(repeating: "0", count: 26)) == .unmatched)
        #expect(try await hear(approval(), of: "order-1") == .unmatched)
        #expect(try await hear(approval(), of: "") == .unmatched)
        #expect(try await hear(approval(), of: id, refund: "ref_" + String(repeating: "0", count: 26)) == .unmatched)
        #expect(try await hear(approval(), of: id, refund: "nonsense") == .unmatched)
        #expect(try await world.record().status == .processing)
    }

    @Test("another gateway's refusal does not decide over the one that is asked (O1)")
    func otherGateway() async throws {
        world.bank.script(.notTaken, .lost, .silence)
        _ = try await world.pay()
        _ = try await hear(Self.declined)
        let record = try await world.record()
        #expect(record.status == .processing)
        #expect(record.gateway == "bank-b")
        #expect(record.unresolvedAttempts.map(\.gateway) == ["bank-b"])
    }

    @Test(
        "an approval of another amount or currency is never success (O6)",
        arguments: [(999, "EUR"), (1_001, "EUR"), (1_000, "USD")])
    func wrongAmount(amount: Int64, currency: String) async throws {
        try await unknown()
        #expect(try await hear(approval(amount, currency)) == .applied)
        let record = try await world.record()
        #expect(record.status == .manualReview)
        #expect(record.deadLetter?.reason == .amountMismatch)
        #expect(record.amountCaptured == 0)
    }

    @Test("a wrong amount about a payment that is final leaves it final, with a dead letter (S)")
    func wrongAmountLater() async throws {
        _ = try await world.paid()
        #expect(try await hear(approval(999)) == .applied)
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.deadLetter?.reason == .finalMismatch)
        #expect(record.amountCaptured == 1_000)
    }

    @Test("it is not fenced by an owner at work, who answers with the payment as it then stands (R2)")
    func whileAtWork() async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .lost)
        #expect(try await hear(approval()) == .applied)
        #expect(try await world.record().status == .succeeded)
        world.bank.script(.charge("APPROVED"))
        gate.open()
        let told = try await answer.value
        #expect(told.status == 201)
        #expect(told.state == "succeeded")
        await world.inFlight.idle()
        #expect(try await world.record().amountCaptured == 1_000)
        #expect(world.charges.count == 1)
    }

    @Test("a refusal that comes while the owner hears an approval is not what counts", arguments: [true, false])
    func contradiction(wordComesFirst: Bool) async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        if wordComesFirst { #expect(try await hear(Self.declined) == .applied) }
        gate.open()
        _ = try await answer.value
        await world.inFlight.idle()
        if !wordComesFirst { #expect(try await hear(Self.declined) == .stale) }
        let record = try await world.record()
        // A failed payment stays failed, and what the gateway holds is given back (R6).
        #expect(record.status == (wordComesFirst ? .failed : .succeeded))
        #expect(record.reversedAt == (wordComesFirst ? ["bank-a"] : []))
    }

    @Test("a decline that the route lets move on is left to the owner at work; where nobody is, it ends the payment")
    func softDecline() async throws {
        let world = try World(route: ["bank-a", "bank-b"], softDeclines: [.other])
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .lost)
        #expect(try await world.hear(Self.declined) == .applied)
        #expect(try await world.record().status == .processing)
        world.bank.script(.charge("DECLINED"), .charge("APPROVED"))
        gate.open()
        #expect(try await answer.value.json["gateway"] == .string("bank-b"))
        let idle = try World(route: ["bank-a", "bank-b"], softDeclines: [.other])
        idle.bank.script(.lost, .silence)
        _ = try await idle.pay()
        #expect(try await idle.hear(Self.declined) == .applied)
        #expect(try await idle.record().status == .failed)
    }

    @Test(
        "while the store is away it throws: then it must not be acknowledged (P4)", arguments: [FaultyStore.Step.read, .settle])
    func storeAway(_ step: FaultyStore.Step) async throws {
        try await unknown()
        world.store.fail([step], .away)
        await #expect(throws: StoreFailure.self) { try await hear(approval()) }
        world.store.heal()
        #expect(try await world.record().status == .processing)
        #expect(try await hear(approval()) == .applied)
    }

    @Test("where the store's reply was lost it throws, and said again it is stale: it was stored once (P4)")
    func replyLost() async throws {
        try await unknown()
        world.store.fail([.settle], .replyLost, times: 1)
        await #expect(throws: StoreFailure.self) { try await hear(approval()) }
        #expect(try await hear(approval()) == .stale)
        #expect(try await world.record().status == .succeeded)
    }

    // MARK: Refunds

    private func openRefund() async throws -> (PaymentID, String) {
        let id = try await world.paid()
        world.bank.script(.lost, .silence)
        try #require(try await world.operate(.refund, on: id, amount: 400).status == 202)
        return (id, try world.operation(.refund, of: id).text)
    }

    @Test("about a refund it settles that refund, once, and gives its reservation up")
    func refund() async throws {
        let (_, refund) = try await openRefund()
        #expect(try await hear(approval(400, "EUR", .refunded), refund: refund) == .applied)
        #expect(try await hear(approval(400, "EUR", .refunded), refund: refund) == .stale)
        let stored = try await world.stored()
        #expect(stored.record.amountRefunded == 400)
        #expect(stored.reservations.refundsOpen == 0)
    }

    @Test(
        "about a refund of another amount it is never success, and the reservation stays (O6, O8)", arguments: [399, 401, 1_000])
    func refundOtherwise(amount: Int64) async throws {
        let (id, refund) = try await openRefund()
        #expect(try await hear(approval(amount, "EUR", .refunded), refund: refund) == .applied)
        #expect(try await world.record().amountRefunded == 0)
        #expect(try await world.stored().reservations.refundsOpen == 400)
        #expect(try await world.store.openOperations(of: id).map(\.status) == [.manualReview])
    }

    @Test("a callback that names no amount is about what was asked for, of a refund too")
    func unsaid() async throws {
        let (_, refund) = try await openRefund()
        let state =
            { Outcome.approved(Approval(state: $0, gatewayReference: nil, money: .unsaid)) } as (Approval.State) -> Outcome
        #expect(try await hear(state(.refunded), refund: refund) == .applied)
        #expect(try await world.record().amountRefunded == 400)
        try await unknown(key: "key-2")
        #expect(try await hear(state(.captured), of: try world.id("key-2").text) == .applied)
        #expect(try await world.record("key-2").status == .succeeded)
    }

    @Test(
        "nothing but a callback without any amount is about what was asked for (O6)",
        arguments: [(1, "XXX", false), (999, "XXX", false), (0, "XXX", true), (0, "EUR", false), (0, "INR", false)])
    func notUnsaid(amount: Int64, currency: String, isNamed: Bool) async throws {
        try await unknown()
        let money = Money(minorUnits: amount, currency: try #require(Currency(currency)))
        let event = CallbackEvent(
            id: "evt-unsaid", subject: CallbackSubject(charge: try world.id().text, gatewayReference: nil),
            outcome: .approved(Approval(state: .captured, gatewayReference: nil, money: money)), money: isNamed ? money : nil)
        #expect(try await world.service.hear(event, at: "bank-a") == .applied)
        #expect(try await world.record().status == .manualReview)
    }

    @Test("another gateway's word about a refund is nothing to us")
    func refundElsewhere() async throws {
        let (_, refund) = try await openRefund()
        #expect(try await hear(approval(400, "EUR", .refunded), at: "bank-b", refund: refund) == .unmatched)
        #expect(try await world.record().amountRefunded == 0)
    }
}
