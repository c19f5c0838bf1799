import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("What operators do with callbacks that match nothing or cannot be read", .serialized, .timeLimit(.minutes(2)))
struct CallbackOperatorTests {
    /// Of our form, and of no payment.
    private static let nobody = "pay_00000000000000000000000000"
    private static let unread = "cb_00000000000000000000000000"

    @Test("a callback for nothing known here is taken, told at once, and listed", arguments: StoreKind.allCases)
    func listed(store: StoreKind) async throws {
        try await World.callingBack(store) { world in
            #expect(try await world.command("callbacks", "list").output == "Nothing.")
            for _ in 0..<2 { #expect(try await world.post(World.event("evt_1", of: Self.nobody)) == .answered(status: 204)) }
            #expect(await world.gateway.logs("a gateway reports a success that matches no payment", Self.nobody))
            let listed = try await world.command("callbacks", "list")
            #expect(listed.code == 0)
            #expect(listed.output.hasPrefix("ID "))
            for word in ["bank-a", "evt_1", "approved", Self.nobody, "BNK-77"] { #expect(listed.output.contains(word)) }
            let items = try await world.json("callbacks", "list")["data"]?.elements ?? []
            #expect(items.count == 1)
            #expect(items.first?["waiting"]?.bool == true)
            #expect(items.first?["kind"]?.text == "unmatched")
            #expect(try await world.command("callbacks", "list", "--malformed").output == "Nothing.")
        }
    }

    @Test("a body that cannot be read is refused and kept whole for the operator", arguments: StoreKind.allCases)
    func malformed(store: StoreKind) async throws {
        try await World.callingBack(store) { world in
            try world.bank.script(.pending, for: .charge)
            let taken = try await world.acme.pay()
            #expect(try await world.post("evt_1", Array("{\"event_id\":\"evt_1\",\"hello\":".utf8)) == .answered(status: 400))
            let item = try #require(try await world.json("callbacks", "list", "--malformed")["data"]?.elements?.first)
            #expect(item["kind"]?.text == "malformed")
            #expect(item["outcome"] == .null)
            let id = try #require(item["id"]?.text)
            let without = try await world.command("callbacks", "apply", id, "--reason", "look")
            #expect(without.code == 1)
            #expect(without.errors.contains("/payment"))
            // What cannot be read makes us ask the bank.
            try world.bank.settle(taken.id, as: .approved)
            let applied = try await world.command("callbacks", "apply", id, "--payment", taken.id, "--reason", "look")
            #expect(applied.code == 0)
            #expect(applied.output == "\(id): applied (asked)")
            _ = try await world.acme.events(of: taken.id, until: "payment.succeeded")
            #expect(try await world.command("callbacks", "list", "--malformed").output == "Nothing.")
        }
    }

    @Test("one is applied to a payment that the operator names, with a reason, and that is kept", arguments: StoreKind.allCases)
    func apply(store: StoreKind) async throws {
        try await World.callingBack(store) { world in
            try world.bank.script(.pending, for: .charge)
            let taken = try await world.acme.pay()
            try await world.post(World.event("evt_1", of: Self.nobody))
            let id = try #require(try await world.json("callbacks", "list")["data"]?.elements?.first?["id"]?.text)
            let unmatched = try await world.command("callbacks", "apply", id, "--reason", "is ours")
            #expect(unmatched.code == 1)
            #expect(unmatched.errors.contains("/payment"))
            let absent = try await world.command("callbacks", "apply", id, "--payment", Self.nobody, "--reason", "is ours")
            #expect(absent.code == 1)
            #expect(absent.errors.contains("404"))
            let applied = try await world.json("callbacks", "apply", id, "--payment", taken.id, "--reason", "is ours")
            #expect(applied["verdict"]?.text == "applied")
            #expect(applied["result"]?.text == "applied")
            #expect(applied["actor"]?.text == "ann")
            let events = try await world.acme.events(of: taken.id, until: "payment.succeeded")
            #expect(events.last?["cause"]?.text == "callback")
            let audit = try await world.command("audit", taken.id)
            #expect(audit.output.contains("callback_applied") && audit.output.contains("is ours") && audit.output.contains("ann"))
            let decided = try await world.command("callbacks", "decided")
            #expect(decided.output.contains(id) && decided.output.contains(taken.id) && decided.output.contains("is ours"))
            #expect(try await world.command("callbacks", "list").output == "Nothing.")
            let again = try await world.command("callbacks", "apply", id, "--payment", taken.id, "--reason", "again")
            #expect(again.code == 1)
            #expect(again.errors.contains("404"))
        }
    }

    @Test("one is discarded with a reason, and is never applied", arguments: StoreKind.allCases)
    func discard(store: StoreKind) async throws {
        try await World.callingBack(store) { world in
            try await world.post(World.event("evt_1", of: Self.nobody))
            let id = try #require(try await world.json("callbacks", "list")["data"]?.elements?.first?["id"]?.text)
            let discarded = try await world.command("callbacks", "discard", id, "--reason", "a test of theirs")
            #expect(discarded.code == 0)
            #expect(discarded.output == "\(id): discarded")
            #expect(try await world.command("callbacks", "list").output == "Nothing.")
            let decision = try #require(try await world.json("callbacks", "decided")["data"]?.elements?.first)
            #expect(decision["id"]?.text == id)
            #expect(decision["verdict"]?.text == "discarded")
            #expect(decision["reason"]?.text == "a test of theirs")
            #expect(decision["event_id"]?.text == "evt_1")
            // The bank's repeat is no new case.
            #expect(try await world.post(World.event("evt_1", of: Self.nobody)) == .answered(status: 204))
            #expect(try await world.command("callbacks", "list").output == "Nothing.")
        }
    }

    @Test(
        "one that knows the bank's reference and another of ours is for a person to look at (O6)", arguments: StoreKind.allCases)
    func contradicting(store: StoreKind) async throws {
        try await World.callingBack(store) { world in
            try world.bank.script(.pending, for: .charge)
            let taken = try await world.acme.pay()
            let reference = try #require(world.bank.ledger[taken.id]?.bankReference)
            try await world.post(World.event("evt_1", of: Self.nobody, bankReference: reference))
            let events = try await world.acme.allEvents(of: taken.id)
            #expect(events.types == ["payment.processing", "payment.manual_review"])
            #expect(try await world.command("callbacks", "list").output == "Nothing.")
        }
    }

    @Test("the admin API refuses what cannot be meant")
    func refused() async throws {
        try await World.callingBack(.memory) { world in
            try await world.post(World.event("evt_1", of: Self.nobody))
            let listed = try await world.gateway.ask("/admin/callbacks/unmatched")
            let id = try #require(listed["data"]?.elements?.first?["id"]?.text)
            for verb in ["apply", "discard"] {
                let path = "/admin/callbacks/\(id)/\(verb)"
                for body in [
                    JSON.object([]), .members([("reason", .string(""))]), .members([("reason", .integer(1))]), .array([]),
                    .members([("reason", .string("r")), ("colour", .string("red"))]),
                    .members([("reason", .string("r")), ("payment", .string("pay_1"))]),
                ] {
                    let reply = try await world.gateway.tell(path, body)
                    #expect(reply.code == "validation_failed", "\(verb) \(reply.text)")
                    #expect(reply.isProblem)
                }
                let unknown = try await world.gateway.tell(
                    "/admin/callbacks/\(Self.unread)/\(verb)", .members([("reason", .string("r"))]))
                #expect(unknown.code == "not_found")
                #expect(try await world.gateway.ask(path).code == "method_not_allowed")
            }
            for path in ["unmatched", "malformed", "decided"] {
                #expect(try await world.gateway.tell("/admin/callbacks/\(path)", .object([])).code == "method_not_allowed")
                #expect(try await world.gateway.ask("/admin/callbacks/\(path)?limit=0").code == "validation_failed")
                #expect(try await world.gateway.ask("/admin/callbacks/\(path)?colour=red").code == "validation_failed")
            }
            for path in [
                "/admin/callbacks", "/admin/callbacks/cb_1/apply", "/admin/callbacks/\(id)", "/admin/callbacks/\(id)/eat",
            ] {
                #expect(try await world.gateway.ask(path).code == "not_found", "\(path)")
            }
            #expect(try await world.gateway.ask("/admin/callbacks/unmatched")["data"]?.elements?.count == 1)
        }
    }

    @Test("nobody learns or changes anything without the token")
    func token() async throws {
        let setup = try Setup { $0.adminToken = "4dmin-token" }
        try await World.callingBack(.memory, setup) { world in
            try await world.post(World.event("evt_1", of: Self.nobody))
            for path in ["/admin/callbacks/unmatched", "/admin/callbacks/decided", "/admin/webhooks"] {
                for wrong in [nil, "4dmin-tokem", ""] {
                    #expect(try await world.gateway.ask(path, token: wrong).code == "unauthenticated")
                }
                #expect(try await world.gateway.ask(path, token: "4dmin-token").status == 200)
            }
            let refused = try await world.command("callbacks", "list")
            #expect(refused.code == 1)
            #expect(refused.errors.contains("401"))
            let allowed = try await world.command(["callbacks", "list"], environment: ["DRAWBRIDGE_ADMIN_TOKEN": "4dmin-token"])
            #expect(allowed.code == 0)
            #expect(allowed.output.contains("evt_1"))
        }
    }

    @Test(
        "the command line says how it is used, and ends with 2",
        arguments: [
            ["callbacks", "apply"], ["callbacks", "apply", "cb_1", "--reason", "r"], ["callbacks", "apply", unread],
            ["callbacks", "discard", unread], ["callbacks", "discard", nobody, "--reason", "r"],
            ["callbacks", "list", "--limit", "0"], ["callbacks", "eat"], ["webhooks", "dead-letters"],
            ["webhooks", "redrive", "acme", "we_1"], ["webhooks", "redrive", "acme", "we_1", "--all", "--event", "evt_1-0"],
            ["webhooks", "enable", "acme"], ["events"], ["events", "--tenant", "acme", "--key-id", "acme-1"],
        ])
    func usage(arguments: [String]) async throws {
        let run = try await RunningProgram.run(arguments)
        #expect(run.code == 2, "\(run.errors)")
        #expect(!run.errors.isEmpty)
        #expect(run.output.isEmpty)
    }
}
