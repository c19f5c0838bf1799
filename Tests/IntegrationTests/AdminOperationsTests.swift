import AdapterKit
import ProcessKit
import Testing

@Suite("What operators do on the admin listener", .serialized, .timeLimit(.minutes(2)))
struct AdminOperationsTests {
    @Test("a payment that no gateway takes is a dead letter with its history, and a discard ends it")
    func discard() async throws {
        try await AdminDeadLetters.with { world in
            let item = try #require(try await world.all.first)
            #expect(item["id"]?.text == world.id)
            #expect(item["reason"]?.text == "queue_gave_up")
            #expect(item["attempts"]?.elements?.isEmpty == false)
            #expect(item["history"]?.elements?.last?["to"]?.text == "manual_review")
            let path = "/admin/dead-letters/\(world.id)/discard"
            for body in ["", "{}", #"{"reason":""}"#, #"{"reason":"r","outcome":"lost"}"#, #"{"reason":"r","reason":"r"}"#, "{"] {
                #expect(try await world.post(path, body).isProblem)
            }
            #expect(try await world.post(path, String(repeating: " ", count: 16_385)).code == "payload_too_large")
            for actor in ["", "a b", "ann;", String(repeating: "a", count: 65)] {
                #expect(try await world.post(path, #"{"reason":"r"}"#, headers: [("X-Actor", actor)]).code == "malformed_request")
            }
            #expect(try await world.all.count == 1)
            let ended = try await world.post(path, #"{"reason":"the order is canceled"}"#, headers: [("X-Actor", "ann@ops")])
            #expect(ended.status == 200)
            #expect(ended["status"]?.text == "failed")
            #expect(try await world.all.isEmpty)
            #expect(try await world.gateway.acme.get("/v1/payments/\(world.id)").state == "failed")
            #expect(try await world.post(path, #"{"reason":"again"}"#).code == "invalid_state")
            let audit = try await world.gateway.ask("/admin/audit?payment=\(world.id)")
            let entry = try #require(audit["data"]?.elements?.last { $0["event"]?.text == "discarded" })
            #expect(entry["actor"]?.text == "ann@ops")
            #expect(entry["reason"]?.text == "the order is canceled")
            #expect(entry["cause"]?.text == "operator")
        }
    }

    @Test("a redrive has it tried again; what is nowhere is refused")
    func redrive() async throws {
        try await AdminDeadLetters.with { world in
            let redriven = try await world.post("/admin/dead-letters/\(world.id)/redrive", "")
            #expect(redriven.status == 200)
            #expect(redriven["status"]?.text == "queued")
            let nobody = "pay_00000000000000000000000000"
            #expect(try await world.post("/admin/dead-letters/\(nobody)/redrive", "").code == "not_found")
            #expect(
                try await world.post("/admin/dead-letters/\(world.id)%2Fref_00000000000000000000000000/redrive", "").status == 404
            )
            #expect(try await world.gateway.ask("/admin/dead-letters/\(world.id)/redrive").status == 405)
            #expect(try await world.post("/admin/queue", "").status == 405)
        }
    }

    @Test("a breaker is forced and let go, and what cannot be meant is refused")
    func breaker() async throws {
        try await AdminDeadLetters.with { world in
            let path = "/admin/gateways/bank-a/breaker"
            let forced = try await world.post(path, #"{"state":"forced_open","reason":"bank asked for it","for":"10m"}"#)
            #expect(forced.status == 200)
            let state = try await world.gateway.ask("/admin/gateways")["data"]?.elements?.first?["breaker"]
            #expect(state?["state"]?.text == "forced_open")
            #expect(state?["reason"]?.text == "bank asked for it")
            #expect(state?["actor"]?.text == "admin")
            #expect(state?["until"]?.text != nil)
            #expect(await world.gateway.logs("breaker set by an operator", "bank-a", "bank asked for it"))
            for body in [
                "", #"{"state":"open","reason":"r"}"#, #"{"state":"closed"}"#, #"{"state":"closed","reason":"r","for":"1m"}"#,
            ] {
                #expect(try await world.post(path, body).code == "validation_failed")
            }
            #expect(try await world.post("/admin/gateways/bank-z/breaker", #"{"state":"closed","reason":"r"}"#).status == 404)
            #expect(try await world.post(path, #"{"state":"closed","reason":"r"}"#)["breaker"]?["state"]?.text == "closed")
        }
    }

    @Test("dead letters are counted by the metrics, and the empty shelves too")
    func metrics() async throws {
        try await AdminDeadLetters.with { world in
            let lines = Set(try await world.gateway.ask("/metrics").text.split(separator: "\n").map(String.init))
            #expect(lines.contains("drawbridge_dead_letters 1.0"), "it has no gateway any more")
            for name in ["drawbridge_dead_letters", "drawbridge_queue_depth", "drawbridge_unknown_outcomes"] {
                #expect(lines.contains("\(name){gateway=\"bank-a\"} 0.0"))
            }
        }
    }

    @Test(
        "a wrong query is refused",
        arguments: [
            "/admin/queue?limit=0", "/admin/queue?limit=101", "/admin/dead-letters?after=", "/admin/dead-letters?colour=red",
            "/admin/audit", "/admin/audit?payment=pay_1", "/admin/gateways?limit=1",
        ])
    func query(target: String) async throws {
        try await World.with { world in
            let reply = try await world.gateway.ask(target)
            #expect(reply.code == "validation_failed")
        }
    }
}
