import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("Late success (R6)", .timeLimit(.minutes(1)))
struct ReversalTests {
    private let world: World

    init() throws { world = try World(route: ["bank-a", "bank-b"]) }

    private var euros: Money { get throws { Money(minorUnits: 1_000, currency: try #require(Currency("EUR"))) } }

    private func reversal(at gateway: String = "bank-a") async throws -> OperationRecord? {
        let id = try world.id()
        let reversal = try #require(world.derivation.reversal(of: id, tenant: "acme", at: gateway))
        return try await world.store.work(WorkID(id, reversal))?.operation?.record
    }

    /// Failed over out of `unknown`: the second bank holds the payment, the first one is watched.
    private func failedOver(_ body: JSON = .payment()) async throws {
        let status = body["capture"]?.text == "manual" ? "AUTHORIZED" : "APPROVED"
        world.bank.script(.lost, .notFound, .notFound, .charge(status))
        let world = world
        let answer = Task { try await world.pay(body) }
        await world.pause(of: .seconds(2))
        try #require(try await answer.value.json["gateway"] == .string("bank-b"))
    }

    /// Declined there, and nobody holds anything.
    private func failed() async throws {
        world.bank.script(.charge("DECLINED", code: "05"))
        try #require(try await world.pay().state == "failed")
    }

    private func hear(_ state: Approval.State, at gateway: String = "bank-a") async throws -> Reception {
        try await world.hear(.approved(Approval(state: state, gatewayReference: "late", money: try euros)), at: gateway)
    }

    /// Recovery passes, until nothing is due now.
    private func recover(_ steps: FakeTransport.Step...) async {
        for step in steps { world.bank.script(step) }
        await world.recover()
    }

    private var sentToA: [String] {
        zip(world.hosts, world.sent).filter { $0.0 == "bank-a.test" }.map(\.1)
    }

    // MARK: After a failover

    @Test("after a failover out of unknown the first gateway is watched until its late-success time has passed")
    func watched() async throws {
        try await failedOver()
        let watched = try #require(try await reversal())
        #expect(watched.status == .processing)
        #expect(watched.gateway == "bank-a")
        #expect(watched.watchedUntil == (try await world.record().attempts[0].startedAt + .seconds(300)))
        let asked = sentToA.count
        await recover(.notFound)
        #expect(sentToA.count == asked + 1)
        #expect(try await reversal()?.status == .processing)
        world.time.advance(by: .seconds(300))
        await recover(.notFound)
        #expect(try await reversal()?.status == .succeeded)
        world.time.advance(by: .seconds(3_600))
        await recover()
        #expect(sentToA.count == asked + 2)
        #expect(try await world.record().gateway == "bank-b")
    }

    @Test("it is asked at growing intervals, not before")
    func intervals() async throws {
        try await failedOver()
        await recover(.notFound)
        for wait in [2, 4, 8] {
            let sent = world.bank.sent.count
            world.time.advance(by: .seconds(wait) - .milliseconds(1))
            await recover()
            #expect(world.bank.sent.count == sent)
            world.time.advance(by: .milliseconds(1))
            await recover(.notFound)
            #expect(world.bank.sent.count == sent + 1)
        }
    }

    @Test(
        "what it holds after all is given back once: voided or refunded under one reference, and the payment stays (P1)",
        arguments: [true, false])
    func givenBack(isCaptured: Bool) async throws {
        try await failedOver(isCaptured ? .payment() : .authorization)
        await recover(
            .charge(isCaptured ? "APPROVED" : "AUTHORIZED"), isCaptured ? .refund("APPROVED", amount: 1_000) : .charge("VOIDED"))
        let id = try world.id()
        let reversal = try #require(try await reversal())
        #expect(reversal.status == .succeeded)
        #expect(world.sent.last == "POST /v1/charges/\(id)/\(isCaptured ? "refunds" : "voids")")
        #expect(world.hosts.last == "bank-a.test")
        #expect(try JSON(parsing: try #require(world.bank.sent.last).request.body)["reference"] == .string(reversal.id.text))
        let record = try await world.record()
        #expect(record.status == (isCaptured ? .succeeded : .authorized))
        #expect(record.gateway == "bank-b")
        #expect(record.amountRefunded == 0)
        #expect(record.reversalsDue.isEmpty)
        // However often it is looked at again.
        let sent = world.bank.sent.count
        world.time.advance(by: .seconds(600))
        await recover()
        #expect(world.bank.sent.count == sent)
    }

    @Test("a late word makes it asked at once, and its history says so")
    func lateWord() async throws {
        try await failedOver()
        await recover(.notFound)
        #expect(try await hear(.captured) == .applied)
        #expect(try await world.record().status == .succeeded)
        #expect(try await world.record().gateway == "bank-b")
        world.time.advance(by: .seconds(2))
        await recover(.charge("APPROVED"), .refund("APPROVED", amount: 1_000))
        #expect(try await reversal()?.status == .succeeded)
        let events = try await world.store.history(of: try world.id()).map(\.event)
        #expect(events.contains("reversal.succeeded"))
    }

    @Test("a success that comes after the watch has ended is asked about and given back all the same")
    func afterTheWatch() async throws {
        try await failedOver()
        world.time.advance(by: .seconds(300))
        await recover(.notFound)
        try #require(try await reversal()?.status == .succeeded)
        #expect(try await hear(.captured) == .applied)
        #expect(try await reversal()?.status == .processing)
        world.time.advance(by: .seconds(2))
        await recover(.charge("APPROVED"), .refund("APPROVED", amount: 1_000))
        #expect(try await reversal()?.status == .succeeded)
        #expect(world.sent.last == "POST /v1/charges/\(try world.id())/refunds")
        #expect(try await world.record().gateway == "bank-b")
    }

    @Test("whoever asks about the payment is told by the gateway that holds it, not by the one that was left behind")
    func synced() async throws {
        try await failedOver(.authorization)
        #expect(try await hear(.authorized) == .applied)
        world.bank.script(.charge("AUTHORIZED"))
        let answer = await world.service.sync(try world.id(), call: world.call("sync"))
        #expect(answer.state == "authorized")
        #expect(world.hosts.last == "bank-b.test")
    }

    @Test("a refused reversal is a dead letter of its own, and the payment stays as it is")
    func refused() async throws {
        try await failedOver()
        await recover(.charge("APPROVED"), .refund("DECLINED", amount: 1_000, code: "05"))
        let reversal = try #require(try await reversal())
        #expect(reversal.status == .manualReview)
        #expect(reversal.deadLetter?.reason == .reversalRefused)
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.deadLetter == nil)
        let dead = try await world.store.listed(on: .dead, after: nil, limit: 10)
        #expect(dead.items.map(\.id) == [WorkID(record.id, reversal.id)])
    }

    @Test(
        "a reversal whose answer was lost is asked about, and sent again under its reference (O4)",
        arguments: [FakeTransport.Step.lost, .problem(404, "NOT_FOUND"), .notTaken])
    func lost(_ step: FakeTransport.Step) async throws {
        try await failedOver()
        await recover(.charge("APPROVED"), step)
        #expect(try await reversal()?.status == .processing)
        world.time.advance(by: .seconds(2))
        await recover(.charge("APPROVED"), .refund("APPROVED", amount: 1_000))
        #expect(try await reversal()?.status == .succeeded)
        let refunds = world.bank.sent.filter { $0.request.target.hasSuffix("/refunds") }
        #expect(refunds.count == 2)
        #expect(refunds[0].request.body == refunds[1].request.body)
    }

    // MARK: After failed or canceled

    @Test("a success after failed is never stale: it is asked about and given back, and the payment stays failed")
    func afterFailed() async throws {
        try await failed()
        #expect(try await hear(.captured) == .applied)
        await recover(.charge("APPROVED"), .refund("APPROVED", amount: 1_000))
        #expect(try await reversal()?.status == .succeeded)
        let record = try await world.record()
        #expect(record.status == .failed)
        #expect(record.amountCaptured == 0)
        let events = try await world.store.history(of: record.id).map(\.event)
        #expect(events.contains("late_success"))
    }

    @Test("a void of the other bank, or one that holds nothing any more, needs no reversal")
    func nothingHeld() async throws {
        try await failed()
        #expect(try await hear(.voided) != .unmatched)
        #expect(try await reversal() == nil)
        await recover()
        #expect(world.bank.sent.count == 1)
    }

    @Test("a decline after failed is stale, and so is any word of a bank that was never tried")
    func notLate() async throws {
        try await failed()
        let declined = Outcome.declined(Decline(category: .other, code: nil, message: nil))
        #expect(try await world.hear(declined) == .stale)
        #expect(try await hear(.captured, at: "bank-b") == .unmatched)
        #expect(try await reversal() == nil)
    }

    // MARK: With no holder

    @Test("a success for a queued payment settles it: there is nothing to give back")
    func queued() async throws {
        world.bank.script(.notTaken, .notTaken)
        #expect(try await world.pay().state == "queued")
        #expect(try await hear(.captured) == .applied)
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.gateway == "bank-a")
        #expect(try await reversal() == nil)
        world.time.advance(by: .seconds(3_600))
        await recover()
        #expect(world.bank.sent.count == 2)
    }

    @Test("a success of the first gateway while the second is being tried holds the payment; the second's is given back")
    func firstStoredHolds() async throws {
        let gate = Gate()
        world.bank.script(.lost, .notFound, .notFound, .held(by: gate, then: .charge("APPROVED")))
        let world = world
        let answer = Task { try await world.pay() }
        await world.pause(of: .seconds(2))
        await world.bank.sent(atLeast: 4)
        #expect(try await hear(.captured) == .applied)
        // The watch of the first ends, for what is held there is the payment; what the second holds is given back.
        let replica = try World(route: ["bank-a", "bank-b"], beside: world)
        world.bank.script(Self.holding, Self.holding, Self.holding)
        await replica.recover()
        #expect(try await reversal()?.status == .succeeded)
        #expect(try await reversal(at: "bank-b")?.status == .succeeded)
        #expect(world.sent.count { $0.hasSuffix("/refunds") } == 1)
        #expect(zip(world.hosts, world.sent).first { $0.1.hasSuffix("/refunds") }?.0 == "bank-b.test")
        gate.open()
        #expect(try await answer.value.state == "succeeded")
        await world.inFlight.idle()
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.gateway == "bank-a")
        #expect(record.amountCaptured == 1_000)
        let sent = world.bank.sent.count
        world.time.advance(by: .seconds(600))
        await recover()
        #expect(world.bank.sent.count == sent)
    }

    /// A bank that has captured the charge, and refunds it, in whatever order it is asked.
    private static let holding = FakeTransport.Step.bank { request in
        let isRefund = request.target.hasSuffix("/refunds")
        let sent = (try? JSON(parsing: request.body)) ?? .null
        let reference = sent["reference"]?.text ?? request.target.split(separator: "/").last.map(String.init)
        return JSON.members(
            [
                ("bank_reference", .string("bank-1")), ("reference", .optional(reference)), ("status", .string("APPROVED")),
                ("amount", .integer(1_000)),
            ]
                + (isRefund
                    ? []
                    : [
                        ("currency", .string("EUR")), ("captured_amount", .integer(1_000)), ("refunded_amount", .integer(0)),
                        ("action", .null),
                    ]) + [("code", .null), ("message", .null)]
        ).encoded()
    }
}
