import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("What is posted to payment services", .serialized, .timeLimit(.minutes(2)))
struct WebhookTests {
    @Test("is each event of the tenant, signed, and the same as in the feed", arguments: StoreKind.allCases)
    func delivered(store: StoreKind) async throws {
        try await World.telling(store) { world, receiver in
            try world.bank.script(.callback(.onTime), for: .charge)
            #expect(try await world.other.pay().status == 202)
            let paid = try await world.acme.pay()
            let first = try #require(await receiver.next())
            #expect(first.requestLine == "POST /hooks HTTP/1.1")
            #expect(first.headers.single("content-type") == "application/json")
            #expect(first.isSigned(with: Setup.webhookSecret))
            #expect(!first.isSigned(with: Secret(text: "whsec_d2ViaDAway1zZWNyZXQtb2YtYWNtZS0y")))
            #expect(first.type == "payment.succeeded")
            #expect(first.json?["data"] == paid.json)
            let feed = try await world.acme.events()["data"]?.elements
            #expect(feed?.count == 1)
            #expect(first.json == feed?.first)
            #expect(first.id == "\(feed?.first?["data"]?["id"]?.text ?? "?")_v\(feed?.first?["version"]?.integer ?? 0)")
            #expect(receiver.received.count == 1, "other's event is nobody else's")
            let endpoint = try await world.endpointReaches { $0["pending"]?.integer == 0 }
            #expect(endpoint["state"]?.text == "ok")
            #expect(endpoint["tenant"]?.text == "acme")
            #expect(endpoint["last_error"] == .null)
            #expect(endpoint["last_status"]?.integer == 200)
            #expect(endpoint["url"]?.text == "http://127.0.0.1:\(receiver.port)/hooks")
        }
    }

    @Test("waits for a receiver that is away, and comes some seconds later", arguments: StoreKind.allCases)
    func away(store: StoreKind) async throws {
        try await World.telling(store) { world, receiver in
            await receiver.close()
            let paid = try await world.acme.pay()
            let failing = try await world.endpointReaches { $0["last_error"] != .null }
            #expect(failing["state"]?.text == "failing")
            #expect(failing["last_error"]?.text == "connect_refused")
            #expect(failing["last_success_at"] == .null)
            #expect(failing["pending"]?.integer == 1)
            try await receiver.open()
            let post = try #require(await receiver.next())
            #expect(post.json?["data"] == paid.json)
            let endpoint = try await world.endpointReaches { $0["pending"]?.integer == 0 }
            #expect(endpoint["state"]?.text == "ok")
            #expect(endpoint["dead_letters"]?.integer == 0)
            #expect(receiver.received.count == 1)
        }
    }

    /// What a receiver may say instead of 2xx, and how operators are told.
    static let refusals = [(500, "server_error"), (404, "refused"), (302, "redirect_not_followed"), (503, "overloaded")]

    @Test("is tried again when it was not taken, under the same id and with a new signature", arguments: refusals)
    func refused(status: Int, error: String) async throws {
        try await World.telling(.memory, answering: status) { world, receiver in
            _ = try await world.acme.pay()
            let first = try #require(await receiver.next())
            let failing = try await world.endpointReaches { $0["last_error"] != .null }
            #expect(failing["last_error"]?.text == error)
            #expect(failing["last_status"]?.integer == Int64(status))
            receiver.answer(204)
            let again = try #require(await receiver.next())
            #expect(again.id == first.id)
            #expect(again.body == first.body)
            #expect(again.requestLine == first.requestLine)
            #expect(again.isSigned(with: Setup.webhookSecret))
            let timestamps = [first, again].compactMap { $0.headers.single("webhook-timestamp").flatMap { Int($0) } }
            #expect(timestamps.count == 2 && timestamps[1] - timestamps[0] >= 4)
            #expect(try await world.endpointReaches { $0["pending"]?.integer == 0 }["state"]?.text == "ok")
        }
    }

    @Test("ends where the receiver says that it is gone, until an operator enables it", arguments: StoreKind.allCases)
    func gone(store: StoreKind) async throws {
        try await World.telling(store, answering: 410) { world, receiver in
            _ = try await world.acme.pay()
            _ = await receiver.next()
            let endpoint = try await world.endpointReaches { $0["state"]?.text == "disabled" }
            #expect(endpoint["disabled"]?.text == "gone")
            #expect(endpoint["last_status"]?.integer == 410)
            let missed = try await world.acme.pay()
            _ = try await world.acme.events(of: missed.id, until: "payment.succeeded")
            #expect(receiver.received.count == 1)
            receiver.answer(200)
            let id = try #require(endpoint["id"]?.text)
            #expect(try await world.gateway.tell("/admin/webhooks/acme/\(id)/enable", .object([])).status == 200)
            let next = try await world.acme.pay()
            let post = try #require(await receiver.next())
            #expect(post.json?["data"]?["id"]?.text == next.id, "what happened meanwhile is in the feed only")
        }
    }

    @Test("is delivered by another replica when the one that had begun is killed")
    func killed() async throws {
        try await World.telling(.redis, answering: nil) { world, receiver in
            let paid = try await world.acme.pay()
            let begun = try #require(await receiver.next())
            await world.gateway.kill()
            receiver.answer(200)
            try await RunningGateway.with(world.replica) { other in
                let delivered = try #require(await receiver.next())
                #expect(delivered.id == begun.id)
                #expect(delivered.body == begun.body)
                #expect(delivered.json?["data"] == paid.json)
                #expect(delivered.isSigned(with: Setup.webhookSecret))
                #expect(try await other.acme.events()["data"]?.elements?.count == 1)
            }
        }
    }

    @Test("loses nothing when a replica is killed before it has relayed what it settled")
    func killedBeforeRelay() async throws {
        let payments = 12
        try await World.telling(.redis) { world, receiver in
            let key = Caller.freshKey()
            // Killed as soon as the bank has acted on the last: wherever each of them is just then.
            let callers = (0..<payments).map { number in
                Task { try await world.acme.pay(key: "\(key)-\(number)") }
            }
            await world.bank.reaches { ledger, _ in ledger.moneyMovements == payments }
            await world.gateway.kill()
            for caller in callers { _ = await caller.result }
            try await RunningGateway.with(world.replica) { other in
                for id in world.bank.ledger.charges.keys { _ = try await other.acme.events(of: id, until: "payment.succeeded") }
                let feed = try await other.acme.events(limit: 500)["data"]?.elements ?? []
                let ended = feed.filter { $0["type"]?.text == "payment.succeeded" }
                #expect(ended.count == payments)
                #expect(Set(ended.compactMap { $0["data"]?["id"]?.text }) == Set(world.bank.ledger.charges.keys))
                var posted = Set(receiver.received.filter { $0.type == "payment.succeeded" }.map(\.id))
                while posted.count < payments {
                    guard let post = await receiver.next() else { break }
                    if post.type == "payment.succeeded" { posted.insert(post.id) }
                }
                #expect(posted == Set(ended.map { "\($0["data"]?["id"]?.text ?? "?")_v\($0["version"]?.integer ?? 0)" }))
            }
        }
    }
}
