import AdapterKit
import ProcessKit
import TestKit
import Testing

@Suite("What operators see and do of webhooks", .serialized, .timeLimit(.minutes(2)))
struct WebhookOperatorTests {
    @Test(
        "an endpoint that is gone keeps what it refused as a dead letter, is enabled and redriven", arguments: StoreKind.allCases)
    func redrive(store: StoreKind) async throws {
        try await World.telling(store, answering: 410) { world, receiver in
            let paid = try await world.acme.pay()
            let refused = try #require(await receiver.next())
            let event = try #require(refused.json?["id"]?.text)
            let endpoint = try await world.endpointReaches { $0["dead_letters"]?.integer == 1 && $0["disabled"] != .null }
            let id = try #require(endpoint["id"]?.text)
            let listed = try await world.command("webhooks", "list")
            #expect(listed.code == 0)
            #expect(listed.output.hasPrefix("TENANT "))
            for word in ["acme", id, "disabled", "gone", "410", "/hooks"] { #expect(listed.output.contains(word), "\(word)") }
            let dead = try await world.command("webhooks", "dead-letters", "acme", id)
            #expect(dead.output.contains(event) && dead.output.contains("gone") && dead.output.contains(paid.id))
            let item = try #require(try await world.json("webhooks", "dead-letters", "acme", id)["data"]?.elements?.first)
            #expect(item["event"]?.text == event)
            #expect(item["type"]?.text == "payment.succeeded")

            receiver.answer(200)
            let enabled = try await world.command("webhooks", "enable", "acme", id)
            #expect(enabled.code == 0)
            #expect(enabled.output.hasPrefix("\(id): "))
            let unknown = try await world.command("webhooks", "redrive", "acme", id, "--event", "evt_1-0")
            #expect(unknown.code == 1)
            #expect(unknown.errors.contains("404"))
            let redriven = try await world.command("webhooks", "redrive", "acme", id, "--event", event)
            #expect(redriven.output == "1 redriven")
            let again = try #require(await receiver.next())
            #expect(again.id == refused.id)
            #expect(again.body == refused.body)
            #expect(again.isSigned(with: Setup.webhookSecret))
            #expect(try await world.endpointReaches { $0["pending"]?.integer == 0 }["state"]?.text == "ok")
            #expect(try await world.command("webhooks", "redrive", "acme", id, "--all").output == "0 redriven")
            #expect(try await world.command("webhooks", "dead-letters", "acme", id).output == "Nothing.")
        }
    }

    @Test("where there are no endpoints it says so; what is nowhere, or meant for another method, is refused")
    func refused() async throws {
        try await World.with { world in
            #expect(try await world.command("webhooks", "list").output == "No tenant has a webhook endpoint.")
            for words in [["dead-letters"], ["enable"], ["redrive", "--all"]] {
                let run = try await world.command(["webhooks"] + words.prefix(1) + ["acme", "we_1"] + words.dropFirst())
                #expect(run.code == 1)
                #expect(run.errors.contains("404"))
            }
            #expect(try await world.gateway.tell("/admin/webhooks", .object([])).code == "method_not_allowed")
            #expect(
                try await world.gateway.tell("/admin/webhooks/acme/we_1/dead-letters", .object([])).code == "method_not_allowed")
            for verb in ["redrive", "enable"] {
                #expect(try await world.gateway.ask("/admin/webhooks/acme/we_1/\(verb)").code == "method_not_allowed")
            }
            for path in ["/admin/webhooks/acme", "/admin/webhooks/acme/we_1", "/admin/webhooks//we_1/enable"] {
                #expect(try await world.gateway.ask(path).code == "not_found")
            }
        }
    }

    @Test("wrong orders for an endpoint change nothing")
    func orders() async throws {
        try await World.telling(.memory, answering: 410) { world, receiver in
            _ = try await world.acme.pay()
            let endpoint = try await world.endpointReaches { $0["dead_letters"]?.integer == 1 }
            let path = "/admin/webhooks/acme/\(endpoint["id"]?.text ?? "")"
            for body in [
                JSON.members([("event", .string("evt_1"))]), .members([("event", .integer(1))]), .members([("all", .bool(true))]),
                .array([]),
            ] {
                #expect(try await world.gateway.tell("\(path)/redrive", body).code == "validation_failed")
            }
            for query in ["limit=0", "limit=101", "after=x", "colour=red"] {
                #expect(try await world.gateway.ask("\(path)/dead-letters?\(query)").code == "validation_failed")
            }
            #expect(try await world.endpoint["dead_letters"]?.integer == 1)
            #expect(receiver.received.count == 1)
        }
    }

    @Test("the feed is read from the command line as a payment service reads it")
    func events() async throws {
        try await World.with { world in
            let (first, second) = (try await world.open.pay(), try await world.open.pay())
            _ = try await world.open.events(of: second.id, until: "payment.succeeded")
            let address = ["events", "--url", "http://127.0.0.1:\(world.gateway.api)", "--tenant", "open"]
            let run = try await RunningProgram.run(address)
            #expect(run.code == 0)
            #expect(run.errors.contains("HTTP 200"))
            let page = try JSON(parsing: Array(run.output.utf8))
            #expect(page["data"]?.elements?.map { $0["data"]?["id"]?.text } == [first.id, second.id])
            let cursor = try #require(page["data"]?.elements?.first?["id"]?.text)
            let rest = try await RunningProgram.run(address + ["--after", cursor, "--limit", "1", "--json"])
            #expect(rest.errors.isEmpty)
            #expect(try JSON(parsing: Array(rest.output.utf8))["data"]?.elements?.map { $0["data"]?["id"]?.text } == [second.id])
            for wrong in [["--after", "evt_1-0"], ["--after", "x"], ["--limit", "501"], ["--limit", "0"], ["--wait", "31"]] {
                let refused = try await RunningProgram.run(address + wrong)
                #expect(refused.code == 1, "\(wrong)")
                let code = wrong[0] == "--after" ? "not_found" : "validation_failed"
                #expect(refused.output.contains(code), "\(wrong) \(refused.output)")
            }
            let unsigned = try await RunningProgram.run(["events", "--url", address[2], "--tenant", "acme"])
            #expect(unsigned.code == 1)
        }
    }
}
