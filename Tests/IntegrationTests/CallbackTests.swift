import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("What the bank tells by callback", .serialized, .timeLimit(.minutes(2)))
struct CallbackTests {
    @Test("settles a pending payment while the caller waits for events", arguments: StoreKind.allCases)
    func longPoll(store: StoreKind) async throws {
        try await World.callingBack(store) { world in
            try world.bank.script(.callback(.late(milliseconds: 1500)), for: .charge)
            let taken = try await world.acme.pay(key: "order-7")
            #expect(taken.status == 202)
            #expect(taken.reason == "awaiting_gateway")
            let first = try #require(try await world.acme.events(wait: 30)["data"]?.elements?.first)
            #expect(first.isEvent("payment.processing", of: taken.id))
            #expect(first["cause"]?.text == "response")
            #expect(first["data"] == taken.json)
            let clock = ContinuousClock()
            let started = clock.now
            let page = try await world.acme.events(after: first["id"]?.text, wait: 30)
            #expect(clock.now - started < .seconds(20))
            #expect(page["has_more"]?.bool == false)
            let second = try #require(page["data"]?.elements?.first)
            #expect(second.isEvent("payment.succeeded", of: taken.id))
            #expect(second["cause"]?.text == "callback")
            let read = try await world.acme.payment(taken.id)
            #expect(read.state == "succeeded")
            #expect(second["data"] == read.json)
            let versions = [first, second].compactMap { $0["version"]?.integer }
            #expect(versions.count == 2 && versions[0] < versions[1])
            #expect(try await world.acme.pay(key: "order-7").status == 201)
            #expect(try await world.acme.allEvents(of: taken.id).count == 2)
            #expect(await world.answersToCallbacks() == [.answered(status: 204)])
            #expect(world.bank.counters[.inquiry] == 0)
            #expect(try await world.other.events()["data"] == .array([]))
        }
    }

    @Test("may overtake the bank's own answer: settled once, and answered right", arguments: StoreKind.allCases)
    func beforeAnswer(store: StoreKind) async throws {
        try await World.callingBack(store) { world in
            try world.bank.script(.callback(.beforeAnswer), for: .charge)
            let reply = try await world.acme.pay(key: "order-7")
            #expect(reply.status == 201)
            #expect(reply.state == "succeeded")
            #expect(reply["amount_captured"]?.integer == 1000)
            #expect(world.bank.callbacks.attempts.map(\.result) == [.answered(status: 204)])
            #expect(try await world.acme.pay(key: "order-7").body == reply.body)
            // Told when the callback came: of the attempt the bank's own answer tells more, which the payment then shows.
            let read = try await world.acme.payment(reply.id)
            #expect(read.state == "succeeded")
            #expect(read.attempts.map { $0["outcome"]?.text } == ["approved"])
            let events = try await world.acme.allEvents(of: reply.id)
            #expect(events.first?["data"] == reply.json)
            #expect(events.types == ["payment.succeeded"])
            #expect(events.first?["cause"]?.text == "callback")
            #expect(world.bank.ledger[reply.id]?.moneyMovements == 1)
            #expect(world.bank.counters[.inquiry] == 0)
        }
    }

    /// A way of calling back, what the bank is answered, and what becomes of the payment.
    struct Situation: Sendable, CustomTestStringConvertible {
        let mode: CallbackMode
        let answers: [Int]
        let events: [String]
        let result: String

        var testDescription: String { "\(mode)" }

        init(_ mode: CallbackMode, _ answers: [Int], _ events: [String], _ result: String) {
            self.mode = mode
            self.answers = answers
            self.events = events
            self.result = result
        }
    }

    /// Three times, then the bank gives up.
    private static let refused = [401, 401, 401]

    static let situations = [
        Situation(.onTime, [204], ["processing", "succeeded"], "applied"),
        Situation(.late(milliseconds: 300), [204], ["processing", "succeeded"], "applied"),
        Situation(.twice, [204, 204], ["processing", "succeeded"], "duplicate"),
        Situation(.outOfOrder, [204, 204], ["processing", "succeeded"], "stale"),
        Situation(.forged, refused, ["processing"], "bad_signature"),
        Situation(.stale, refused, ["processing"], "outside_window"),
        Situation(.fromFuture, refused, ["processing"], "outside_window"),
        Situation(.replayed, [204, 409], ["processing", "succeeded"], "replayed"),
        Situation(.wrongAmount, [204], ["processing", "manual_review"], "applied"),
        Situation(.declined, [204], ["processing", "failed"], "applied"),
        Situation(.afterAction, [204], ["requires_action", "succeeded"], "applied"),
    ]

    @Test("is taken for what it proves and no more", arguments: StoreKind.allCases, situations)
    func modes(store: StoreKind, situation: Situation) async throws {
        let twoRepeats = [Duration.milliseconds(50), .milliseconds(50)]
        try await World.callingBackAfterAnswer(store, waits: twoRepeats) { world, way in
            try world.bank.script(.callback(situation.mode), for: .charge)
            let taken = try await world.acme.pay(key: "order-7")
            #expect(taken.status == (situation.mode == .afterAction ? 201 : 202))
            way.thaw()
            #expect(await world.answersToCallbacks() == situation.answers.map { .answered(status: $0) })
            #expect(world.bank.callbacks.abandoned == (situation.answers.contains(401) ? 1 : 0))
            let read = try await world.acme.payment(taken.id)
            #expect("payment.\(read.state ?? "")" == "payment.\(situation.events.last ?? "")", "\(read.text)")
            let events = try await world.acme.allEvents(of: taken.id)
            #expect(events.types == situation.events.map { "payment.\($0)" })
            #expect(events.last?["cause"]?.text == (situation.events.count > 1 ? "callback" : "response"))
            #expect(events.last?["data"] == read.json)
            let metrics = try await world.gateway.ask("/metrics").text
            #expect(metrics.contains("drawbridge_callbacks_total{gateway=\"bank-a\",result=\"\(situation.result)\"}"))
            #expect(world.bank.counters[.charge] == 2)
            #expect(world.bank.counters[.inquiry] == 0)
        }
    }

    @Test("is not missed where it is lost: the bank is asked", arguments: StoreKind.allCases)
    func lost(store: StoreKind) async throws {
        let setup = try Setup { $0.gatewayLines = ["inquiry: { first_after: 200ms, max: 1s }"] }
        try await World.callingBack(store, setup) { world in
            try world.bank.script(.callback(.lost), for: .charge)
            let taken = try await world.acme.pay()
            #expect(taken.status == 202)
            let events = try await world.acme.events(of: taken.id, until: "payment.succeeded")
            #expect(events.types == ["payment.processing", "payment.succeeded"])
            #expect(events.last?["cause"]?.text == "reconciliation")
            #expect(world.bank.callbacks.attempts.isEmpty)
            #expect(world.bank.counters[.inquiry] > 0)
        }
    }

    @Test("settles a refund that the bank took its time for", arguments: StoreKind.allCases)
    func refund(store: StoreKind) async throws {
        try await World.callingBackAfterAnswer(store, waits: []) { world, way in
            try world.bank.script(.callback(.forRefund), for: .charge)
            let id = try await world.acme.pay().id
            let taken = try await world.acme.refund(id, 400, key: "refund-1")
            #expect(taken.status == 202)
            #expect(taken.state == "processing")
            way.thaw()
            let events = try await world.acme.events(of: taken.id, until: "refund.succeeded")
            #expect(events.types == ["refund.processing", "refund.succeeded"])
            #expect(events.map { $0["cause"]?.text } == ["response", "callback"])
            #expect(events.last?["data"]?["amount"]?.integer == 400)
            #expect(events.last?["data"]?["payment"]?.text == id)
            #expect(try await world.acme.payment(id)["amount_refunded"]?.integer == 400)
            let repeated = try await world.acme.refund(id, 400, key: "refund-1")
            #expect(repeated.status == 201)
            #expect(repeated.json == events.last?["data"])
            #expect(world.bank.ledger[id]?.refunded == 400)
            #expect(world.bank.counters[.refundInquiry] == 0)
        }
    }
}
