import AdapterKit
import Synchronization
import TestKit
import Testing

@testable import Payments

@Suite("What a callback speaks of (contract/callbacks.md, O6)", .timeLimit(.minutes(1)))
struct CallbackMatchingTests {
    private let world: World

    init() throws { world = try World(route: ["bank-a", "bank-b"]) }

    /// A charge that the bank has taken as `bank-1`, and will decide later.
    private func pending(_ key: String = "key-1") async throws {
        world.bank.script(.charge("PENDING"))
        try #require(try await world.pay(key: key).json["processing_reason"] == .string("awaiting_gateway"))
    }

    // MARK: Another amount or currency

    private static let statuses = ["APPROVED", "AUTHORIZED", "PENDING", "DECLINED", "ACTION_REQUIRED", "VOIDED"]
    private static let others: [(Int64, String)] = [(999, "EUR"), (1_001, "EUR"), (1_000, "USD")]

    @Test("of another amount or currency it is applied in nothing: manual_review", arguments: statuses, others)
    func otherMoney(status: String, money: (amount: Int64, currency: String)) async throws {
        try await world.unknown()
        #expect(try await world.post(world.news(status) { ($0.amount, $0.currency) = money }) == .received)
        let record = try await world.record()
        #expect(record.status == .manualReview)
        #expect(record.deadLetter?.reason == .amountMismatch)
        #expect(record.amountCaptured == 0)
        #expect(record.failure == nil)
        #expect(record.nextAction == nil)
    }

    @Test("of another amount about a payment that is final: a dead letter, and its state stays", arguments: statuses, others)
    func otherMoneyLater(status: String, money: (amount: Int64, currency: String)) async throws {
        _ = try await world.paid()
        #expect(try await world.post(world.news(status) { ($0.amount, $0.currency) = money }) == .received)
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.amountCaptured == 1_000)
        #expect(record.deadLetter?.reason == .finalMismatch)
    }

    @Test("a success of another amount after a decline: the payment stays failed, and what the bank holds is given back (R6)")
    func otherMoneyAfterDecline() async throws {
        world.bank.script(.charge("DECLINED"))
        _ = try await world.pay()
        #expect(try await world.post(world.news { $0.amount = 999 }) == .received)
        let record = try await world.record()
        #expect(record.status == .failed)
        #expect(record.reversedAt == ["bank-a"])
    }

    @Test("the true word after one of another amount settles it")
    func review() async throws {
        try await world.unknown()
        _ = try await world.post(world.news { $0.amount = 999 })
        #expect(try await world.post(world.news { $0.eventID = "evt_2" }) == .received)
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.deadLetter == nil)
    }

    // MARK: The gateway's own reference

    @Test("without a reference of ours it is matched by the bank's", arguments: [nil, "order-1"])
    func bankReferenceOnly(charge: String?) async throws {
        try await pending()
        #expect(try await world.post(world.news { $0.charge = charge }) == .received)
        // A name that is not ours contradicts what was asked (O6).
        #expect(try await world.record().status == (charge == nil ? .succeeded : .manualReview))
        #expect(try await world.kept().isEmpty)
    }

    @Test(
        "the bank's reference counts for that bank alone, and to the letter",
        arguments: [("bank-b", "bank-1"), ("bank-a", "BANK-1")])
    func otherBankReference(gateway: String, reference: String) async throws {
        try await pending()
        let news = try world.news { ($0.charge, $0.bankReference) = (nil, reference) }
        #expect(try await world.post(news, at: gateway) == .received)
        #expect(try await world.record().processingReason == .awaitingGateway)
        #expect(try await world.kept().count == 1)
    }

    @Test("the bank's reference of one payment with our reference of another is no success", arguments: Self.statuses)
    func crossed(status: String) async throws {
        try await pending()
        // At bank-b only: nothing at bank-a can speak of it by our reference.
        let other = JSON.payment(("gateway", .string("bank-b")))
        world.bank.script(.charge("PENDING"))
        _ = try await world.pay(other, key: "key-2")
        let before = try await world.record("key-2")
        let crossed = try world.id("key-2").text
        #expect(try await world.post(world.news(status) { $0.charge = crossed }) == .received)
        let record = try await world.record()
        #expect(record.status == .manualReview)
        #expect(record.deadLetter?.reason == .amountMismatch)
        #expect(record.amountCaptured == 0)
        #expect(try await world.record("key-2") == before)
    }

    // MARK: Refunds

    /// A refund of 4.00 of which nobody knows what became, or that the bank has taken as `bank-2`.
    private func openRefund(_ step: FakeTransport.Step = .lost) async throws -> BankNews {
        let id = try await world.paid()
        world.bank.script(step, .silence)
        try #require(try await world.operate(.refund, on: id, amount: 400).status == 202)
        await world.inFlight.idle()
        return try world.news {
            $0.refund = try? world.operation(.refund, of: id).text
            ($0.bankReference, $0.amount, $0.isRefund) = ("bank-2", 400, true)
        }
    }

    @Test("it settles a refund, once")
    func refund() async throws {
        let news = try await openRefund()
        #expect(try await world.post(news) == .received)
        #expect(try await world.post(news) == .received)
        #expect(try await world.record().amountRefunded == 400)
        #expect(try await world.stored().reservations.refundsOpen == 0)
        #expect(try await world.told("refund.succeeded") == 1)
    }

    @Test("it refuses a refund, and its reservation is given up")
    func refundDeclined() async throws {
        var news = try await openRefund()
        news.status = "DECLINED"
        #expect(try await world.post(news) == .received)
        #expect(try await world.record().amountRefunded == 0)
        #expect(try await world.stored().reservations.refundsOpen == 0)
    }

    @Test("of another amount it leaves a refund to an operator", arguments: ["APPROVED", "PENDING", "DECLINED"], [399, 401])
    func refundOtherwise(status: String, amount: Int64) async throws {
        var news = try await openRefund()
        (news.status, news.amount) = (status, amount)
        #expect(try await world.post(news) == .received)
        #expect(try await world.record().amountRefunded == 0)
        #expect(try await world.stored().reservations.refundsOpen == 400)
        #expect(try await world.store.openOperations(of: world.id()).map(\.status) == [.manualReview])
    }

    @Test("a refund is matched by the bank's reference of it, and a charge is not")
    func refundByBankReference() async throws {
        var news = try await openRefund(.refund("PENDING", amount: 400))
        news.refund = nil
        var charge = try world.news("PENDING")
        (charge.charge, charge.bankReference, charge.eventID) = (nil, "bank-2", "evt_2")
        #expect(try await world.post(charge) == .received)
        #expect(try await world.kept().map(\.eventID) == ["evt_2"])
        #expect(try await world.post(news) == .received)
        #expect(try await world.record().amountRefunded == 400)
    }

    @Test("a refund of another payment, or none of ours, waits", arguments: [true, false])
    func refundElsewhere(isOfAnother: Bool) async throws {
        var news = try await openRefund()
        news.bankReference = nil
        if isOfAnother { news.charge = World.nobodys } else { news.refund = "ref_" + String(repeating: "0", count: 26) }
        #expect(try await world.post(news) == .received)
        #expect(try await world.record().amountRefunded == 0)
        #expect(try await world.kept().count == 1)
    }

    // MARK: It came before what it speaks of

    @Test("what matches nothing is acknowledged, kept once, and waits")
    func unmatched() async throws {
        for _ in 0..<2 { #expect(try await world.post(world.news()) == .received) }
        let kept = try await world.kept()
        #expect(kept.map(\.eventID) == ["evt_1"])
        #expect(kept.first?.outcome == .approved)
        #expect(try await world.store.waiting(for: world.id()) == kept.map(\.id))
        #expect(world.results == ["unmatched", "duplicate"])
    }

    @Test(
        "one that came before its payment is applied by the claim, and nothing is sent",
        arguments: [("APPROVED", "succeeded", 201), ("DECLINED", "failed", 201), ("PENDING", "processing", 202)])
    func beforeTheClaim(status: String, state: String, code: Int) async throws {
        #expect(try await world.post(world.news(status)) == .received)
        // What the bank has taken but not decided is asked about.
        if status == "PENDING" { world.bank.script(.charge("PENDING")) }
        let answer = try await world.pay()
        #expect(answer.status == code)
        #expect(answer.state == state)
        #expect(world.charges.isEmpty)
        if status != "PENDING" { #expect(world.bank.sent.isEmpty) }
        #expect(try await world.kept().isEmpty)
        #expect(try await world.pay().body == answer.body)
    }

    @Test("one whose payment appears while it is filed is applied at once, and not kept")
    func whileFiled() async throws {
        let world = world
        let reads = Mutex(0)
        world.bank.script(.charge("PENDING"))
        // It is looked for once, then filed in the step that looks again.
        world.store.before(.read) {
            let count = reads.withLock { reads in
                reads += 1
                return reads
            }
            if count == 2 { _ = try? await world.pay() }
        }
        #expect(try await world.post(world.news()) == .received)
        #expect(try await world.record().status == .succeeded)
        #expect(try await world.kept().isEmpty)
        #expect(world.results == ["applied"])
    }

    @Test("several that came before their payment are all applied")
    func severalBeforeTheClaim() async throws {
        for (number, status) in ["PENDING", "ACTION_REQUIRED", "AUTHORIZED"].enumerated() {
            #expect(try await world.post(world.news(status) { $0.eventID = "evt_\(number)" }) == .received)
        }
        let answer = try await world.pay(.authorization)
        #expect(answer.state == "authorized")
        #expect(world.bank.sent.isEmpty)
        #expect(try await world.kept().isEmpty)
    }

    @Test("the claim of another payment does not take it in")
    func anothersClaim() async throws {
        #expect(try await world.post(world.news()) == .received)
        world.bank.script(.charge("PENDING"))
        #expect(try await world.pay(key: "key-2").status == 202)
        #expect(try await world.kept().count == 1)
    }

    @Test("while the store of callbacks is away at the claim, nothing is sent and nobody is told that it was taken")
    func awayAtTheClaim() async throws {
        #expect(try await world.post(world.news()) == .received)
        world.callbacks.fail(.read)
        #expect(try await world.pay().code == "state_store_unavailable")
        #expect(world.bank.sent.isEmpty)
        world.callbacks.heal()
        world.time.advance(by: World.lease)
        world.bank.script(.charge("APPROVED"))
        #expect(try await world.pay().state == "succeeded")
    }

    @Test("of a gateway without an attempt here it waits, and is applied when the payment fails over to it")
    func failover() async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .notTaken)
        #expect(try await world.post(world.news(), at: "bank-b") == .received)
        #expect(try await world.kept().map(\.gateway) == ["bank-b"])
        #expect(try await world.record().status == .processing)
        world.bank.script(.lost, .silence)
        gate.open()
        _ = try await answer.value
        await world.inFlight.idle()
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.gateway == "bank-b")
        #expect(try await world.kept().isEmpty)
    }

    @Test("of a gateway that is never tried it decides nothing")
    func neverTried() async throws {
        #expect(try await world.post(world.news("DECLINED"), at: "bank-b") == .received)
        world.bank.script(.charge("APPROVED"))
        #expect(try await world.pay().state == "succeeded")
        #expect(try await world.kept().map(\.gateway) == ["bank-b"])
    }

    @Test("one that names the bank's reference only is applied when an answer teaches it")
    func beforeTheAnswer() async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .charge("PENDING"))
        #expect(try await world.post(world.news { $0.charge = nil }) == .received)
        #expect(try await world.kept().count == 1)
        gate.open()
        _ = try await answer.value
        await world.inFlight.idle()
        #expect(try await world.record().status == .succeeded)
        #expect(try await world.kept().isEmpty)
        #expect(try await world.told("payment.succeeded") == 1)
    }

    @Test("it waits 24 h for an answer that teaches the bank's reference, and no longer", arguments: [true, false])
    func patienceForAnswer(isInTime: Bool) async throws {
        #expect(try await world.post(world.news { $0.charge = nil }) == .received)
        world.time.advance(by: KeptCallback.patience - (isInTime ? .milliseconds(1) : .zero))
        world.bank.script(.charge("PENDING"))
        _ = try await world.pay()
        await world.inFlight.idle()
        #expect(try await world.record().status == (isInTime ? .succeeded : .processing))
        #expect(try await world.kept().count == (isInTime ? 0 : 1))
    }

    @Test("it waits 24 h for its payment, and no longer", arguments: [true, false])
    func patienceForPayment(isInTime: Bool) async throws {
        #expect(try await world.post(world.news()) == .received)
        world.time.advance(by: KeptCallback.patience - (isInTime ? .milliseconds(1) : .zero))
        world.bank.script(.charge("PENDING"))
        _ = try await world.pay()
        #expect(world.bank.sent.isEmpty == isInTime)
        #expect(try await world.record().status == (isInTime ? .succeeded : .processing))
        #expect(try await world.kept().count == (isInTime ? 0 : 1))
    }
}
