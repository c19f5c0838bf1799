import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("To another tenant", .serialized, .timeLimit(.minutes(2)))
struct TenantIsolationTests {
    /// Everything that can be asked about a payment.
    private static let questions: [@Sendable (Caller, String) async throws -> Reply] = [
        { try await $0.payment($1) }, { try await $0.sync($1) }, { try await $0.capture($1) },
        { try await $0.capture($1, 1) }, { try await $0.void($1) }, { try await $0.refund($1) }, { try await $0.refund($1, 1) },
    ]

    /// A reply without what is its own: the id that was asked for, the request's id and the time.
    private static func shape(_ reply: Reply, of id: String) -> String {
        let request = reply.headers.single("x-request-id") ?? "none"
        let headers = reply.headers.fields.filter { $0.name.lowercased() != "date" }.map { "\($0.name): \($0.value)" }
        return "\(reply.status)\n\(headers.joined(separator: "\n"))\n\(reply.text)".replacing(id, with: "ID")
            .replacing(request, with: "REQUEST")
    }

    @Test("a payment is answered to the letter as one that does not exist", arguments: StoreKind.allCases)
    func alike(store: StoreKind) async throws {
        try await World.with(store) { world in
            let (held, paid) = (try await world.acme.authorize(), try await world.acme.pay())
            let requests = world.requestsAtBank
            let nobodys = "pay_00000000000000000000000000"
            for stranger in [world.other, world.open] {
                for ask in Self.questions {
                    let absent = try await ask(stranger, nobodys)
                    #expect(absent.status == 404)
                    #expect(absent.code == "not_found")
                    for id in [held.id, paid.id] {
                        #expect(Self.shape(try await ask(stranger, id), of: id) == Self.shape(absent, of: nobodys))
                    }
                }
            }
            #expect(world.requestsAtBank == requests)
            #expect(try await world.acme.payment(held.id).json == held.json)
            #expect(try await world.acme.payment(paid.id).json == paid.json)
            // Whose they are may ask all of that.
            #expect(try await world.acme.void(held.id).status == 200)
            #expect(try await world.acme.refund(paid.id).status == 201)
        }
    }

    @Test("a reference finds nothing, and a key pays anew: no replay, no clash", arguments: StoreKind.allCases)
    func references(store: StoreKind) async throws {
        try await World.with(store) { world in
            let mine = try await world.acme.pay(key: "same")
            #expect(try await world.other.get("/v1/payments?reference=order-1").text == #"{"data":[]}"#)
            let theirs = try await world.other.pay(Caller.order(("amount", .integer(7))), key: "same")
            #expect(theirs.status == 201 && !theirs.isReplayed)
            #expect(theirs.id != mine.id)
            #expect(theirs["tenant"]?.text == "other")
            #expect(theirs["amount"]?.integer == 7)
            let listed = try await world.other.get("/v1/payments?reference=order-1")["data"]?.elements
            #expect(listed?.map { $0["id"]?.text } == [theirs.id])
            #expect(try await world.acme.pay(key: "same").body == mine.body)
        }
    }

    @Test("events are not told, nor by a cursor that is not its own", arguments: StoreKind.allCases)
    func events(store: StoreKind) async throws {
        try await World.with(store) { world in
            let mine = try await world.acme.pay()
            let told = try await world.acme.events(of: mine.id, until: "payment.succeeded")
            let cursor = try #require(told.last?["id"]?.text)
            let theirs = try await world.other.pay()
            _ = try await world.other.events(of: theirs.id, until: "payment.succeeded")
            for after in [nil, cursor] {
                let page = try await world.other.events(after: after)
                #expect(page.status == 200 || page.code == "not_found")
                let ids = (page["data"]?.elements ?? []).map { $0["data"]?["id"]?.text }
                #expect(ids.allSatisfy { $0 == theirs.id })
                #expect(!page.text.contains(mine.id))
                if after == nil { #expect(ids.count == 1) }
            }
            #expect(try await world.open.events()["data"] == .array([]))
        }
    }

    @Test(
        "webhooks are not posted: each endpoint hears of its own tenant, from answers and from callbacks",
        arguments: StoreKind.allCases)
    func webhooks(store: StoreKind) async throws {
        try await WebhookReceiver.with { mine in
            try await WebhookReceiver.with { theirs in
                let setup = try Setup {
                    $0.gatewayLines = [World.asksLater]
                    $0.webhooks = [Setup.webhook(port: mine.port)]
                    $0.tenantLines["other"] = ["webhooks: [\(Setup.webhook(port: theirs.port))]"]
                }
                try await World.callingBack(store, setup) { world in
                    try world.bank.script(.callback(.onTime), for: .charge)
                    let first = try await world.acme.pay()
                    // 201 where the callback was there before the answer.
                    #expect([201, 202].contains(first.status))
                    let second = try await world.other.pay()
                    // Later events of each, so that none is still on its way that should not be.
                    for (caller, receiver, id) in [(world.acme, mine, first.id), (world.other, theirs, second.id)] {
                        _ = try await caller.events(of: id, until: "payment.succeeded")
                        let last = try await caller.pay()
                        while let post = await receiver.next(), post.json?["data"]?["id"]?.text != last.id {}
                    }
                    let heard = mine.received.map { $0.json?["data"]?["tenant"]?.text }
                    #expect(heard.contains("acme") && Set(heard) == ["acme"])
                    #expect(
                        mine.received.contains { $0.json?["data"]?["id"]?.text == first.id && $0.type == "payment.succeeded" })
                    #expect(Set(theirs.received.map { $0.json?["data"]?["tenant"]?.text }) == ["other"])
                }
            }
        }
    }

    @Test("a gateway that it may not use is not listed, not pinned and not routed to", arguments: StoreKind.allCases)
    func gateways(store: StoreKind) async throws {
        let limit = { (setup: inout Setup) in setup.tenantLines["other"] = ["gateways: [bank-b]"] }
        try await TwoBanks.with(store, limit) { world in
            let other = world.gateway.other
            let names = try await other.get("/v1/gateways")["data"]?.elements?.map { $0["name"]?.text }
            #expect(names == ["bank-b"])
            #expect(try await world.acme.get("/v1/gateways")["data"]?.elements?.count == 2)
            let denied = try await other.pay(TwoBanks.pinned, key: "order-7")
            #expect(denied.status == 422)
            #expect(denied.code == "no_gateway")
            let absent = try await other.pay(Caller.order(("gateway", .string("bank-z"))))
            #expect(Self.shape(denied, of: "order-7") == Self.shape(absent, of: "order-7"))
            // The route's first is not for this tenant; the key that was refused is as good as new.
            let paid = try await other.pay(key: "order-7")
            #expect(paid.status == 201)
            #expect(TwoBanks.tries(paid) == ["bank-b payment approved"])
            // And nothing fails over to it.
            try world.second.script(.decline(code: "91"), for: .charge)
            #expect(try await other.pay().state == "failed")
            #expect(world.first.counters.requests.isEmpty)
        }
    }
}
