import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("A hint is believed in nothing and makes us ask (contract/callbacks.md, 2)", .timeLimit(.minutes(1)))
struct CallbackHintTests {
    private let world: World

    init() throws { world = try World(callback: CallbackPolicy(scheme: .unsigned, isHint: true)) }

    /// As anybody could post it: no signature, no time.
    private func hint(_ news: BankNews) async -> CallbackReply { await hint(news.body) }

    private func hint(_ body: String) async -> CallbackReply {
        let reply = await world.receiver.receive(SignedCallback(body: body).posted([]))
        await world.inFlight.idle()
        return reply
    }

    private var inquiries: [String] { world.sent.filter { $0.hasPrefix("GET") } }

    @Test("nothing in it is applied: the bank is asked, and what it says counts", arguments: ["APPROVED", "DECLINED", "VOIDED"])
    func asked(status: String) async throws {
        try await world.unknown()
        world.bank.script(.charge("PENDING"))
        #expect(try await hint(world.news(status)) == .received)
        #expect(inquiries.count == 2)
        #expect(try await world.record().processingReason == .awaitingGateway)
        #expect(try await world.told("payment.succeeded") == 0)
        world.time.advance(by: .seconds(60))
        world.bank.script(.charge("APPROVED"))
        #expect(try await hint(world.news("DECLINED")) == .received)
        #expect(try await world.record().status == .succeeded)
        #expect(try #require(try await world.store.history(of: world.id()).last).cause == .reconciliation)
    }

    @Test("a payment is asked about once a minute, however many hints come")
    func onceAMinute() async throws {
        try await world.unknown()
        world.bank.script(.silence)
        for number in 0..<5 { #expect(try await hint(world.news { $0.eventID = "evt_\(number)" }) == .received) }
        #expect(inquiries.count == 2)
        world.time.advance(by: .milliseconds(59_999))
        #expect(try await hint(world.news()) == .received)
        #expect(inquiries.count == 2)
        world.time.advance(by: .milliseconds(1))
        world.bank.script(.silence)
        #expect(try await hint(world.news()) == .received)
        #expect(inquiries.count == 3)
    }

    @Test("another payment is asked about all the same")
    func another() async throws {
        try await world.unknown()
        try await world.unknown("key-2")
        world.bank.script(.silence, .charge("APPROVED"))
        let other = try world.id("key-2").text
        #expect(try await hint(world.news()) == .received)
        #expect(try await hint(world.news { $0.charge = other }) == .received)
        #expect(try await world.record().status == .processing)
        #expect(try await world.record("key-2").status == .succeeded)
    }

    @Test("of a payment that is final it asks nothing")
    func final() async throws {
        _ = try await world.paid()
        #expect(try await hint(world.news("DECLINED")) == .received)
        #expect(inquiries.isEmpty)
        #expect(try await world.record().status == .succeeded)
    }

    @Test("about a refund it asks about that refund")
    func refund() async throws {
        let id = try await world.paid()
        world.bank.script(.lost, .silence)
        try #require(try await world.operate(.refund, on: id, amount: 400).status == 202)
        await world.inFlight.idle()
        let refund = try world.operation(.refund, of: id).text
        world.bank.script(.refund("APPROVED", amount: 400))
        let news = try world.news("DECLINED") { ($0.refund, $0.amount, $0.isRefund) = (refund, 400, true) }
        #expect(await hint(news) == .received)
        #expect(inquiries.last == "GET /v1/charges/\(id)/refunds/\(refund)")
        #expect(try await world.record().amountRefunded == 400)
    }

    @Test("one that matches nothing is acknowledged; nothing is kept, asked, or alerted")
    func unmatched() async throws {
        #expect(try await hint(world.news()) == .received)
        #expect(try await world.callbacks.tally().isEmpty)
        #expect(world.bank.sent.isEmpty)
        #expect(!world.log.lines.contains { $0.hasPrefix("critical") })
        world.bank.script(.charge("PENDING"))
        #expect(try await world.pay().status == 202)
    }

    @Test(
        "one that cannot be read is 400 and not kept", arguments: ["", "{", "[]", #"{"event_id":"evt_1","type":"x","data":{}}"#])
    func unreadable(body: String) async throws {
        #expect(await hint(body) == CallbackReply(status: 400))
        #expect(try await world.callbacks.tally().isEmpty)
    }

    @Test("while the store is away it is 503, and the repeat asks", arguments: [true, false])
    func storeAway(isPayments: Bool) async throws {
        try await world.unknown()
        if isPayments { world.store.fail([.read], .away) } else { world.callbacks.fail(.claim) }
        #expect(try await hint(world.news()) == CallbackReply(status: 503, retryAfter: 1))
        world.store.heal()
        world.callbacks.heal()
        world.bank.script(.charge("APPROVED"))
        #expect(try await hint(world.news()) == .received)
        #expect(try await world.record().status == .succeeded)
    }

    @Test("where the hint is signed, its signature and time must hold all the same", arguments: ["another key", "old"])
    func signed(fault: String) async throws {
        var policy = World.signed
        policy.isHint = true
        let world = try World(callback: policy)
        try await world.unknown()
        var callback = world.callback(try world.news())
        if fault == "old" { callback.time = (world.time.now() + .seconds(-301)).rfc3339WholeSeconds }
        let key = fault == "old" ? SignedCallback.secret : Secret(text: fault)
        #expect(await world.receiver.receive(try callback.posted(signedBy: key)) == CallbackReply(status: 401))
        await world.inFlight.idle()
        #expect(world.bank.sent.count == 2)
    }
}
