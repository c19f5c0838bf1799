import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("Where the gateway's name leads", .serialized, .timeLimit(.minutes(2)))
struct EgressTests {
    /// Four attempts, with little time between them.
    private static let quickly = "retry: { max_retries: 3, base: 5ms, max: 20ms, budget: { min_per_second: 10 } }"

    private static func setup(_ privateAddresses: String) throws -> Setup {
        try Setup {
            $0.gatewayLines = [quickly]
            $0.privateAddresses = privateAddresses
        }
    }

    private static func denials(_ world: World) async throws -> [String] {
        try await world.gateway.ask("/metrics").text.split(separator: "\n")
            .filter { $0.hasPrefix("drawbridge_egress_denied_total{") }.map(String.init)
    }

    @Test("to an address that is not public, the payment is queued or fails, and the bank sees no connection")
    func denied() async throws {
        try await World.with(.memory, try Self.setup("false")) { world in
            let queued = try await world.acme.pay()
            #expect(queued.status == 202 && queued.state == "queued")
            #expect(queued.attempts.map { $0["outcome"]?.text } == Array(repeating: "not_processed", count: 4))
            #expect(queued.attempts.map { $0["code"]?.text } == Array(repeating: "address_loopback", count: 4))
            let failed = try await world.acme.pay(Caller.order(("on_unavailable", .string("fail"))))
            #expect(failed.status == 503 && failed.code == "gateways_unavailable")
            #expect(world.bank.counters.connections == 0)
            let counted = #"drawbridge_egress_denied_total{gateway="bank-a",reason="address_loopback",mode="enforced"} "#
            let denials = try await Self.denials(world)
            #expect(denials.count == 1 && denials.allSatisfy { $0.hasPrefix(counted) }, "\(denials)")
            #expect(Int(denials.first?.dropFirst(counted.count) ?? "").map { $0 >= 5 } == true)
            #expect(await world.gateway.logs("egress denied", "bank-a", "127.0.0.1", "address_loopback", "enforced"))
        }
    }

    @Test("to an address that a new rule would deny, the payment passes and it is told")
    func reported() async throws {
        try await World.with(.memory, try Self.setup("report")) { world in
            let reply = try await world.acme.pay()
            #expect(reply.status == 201 && reply.state == "succeeded")
            #expect(world.bank.ledger[reply.id]?.captured == 1000)
            let denials = try await Self.denials(world)
            #expect(
                denials == [#"drawbridge_egress_denied_total{gateway="bank-a",reason="address_loopback",mode="report"} 1"#])
            #expect(await world.gateway.logs("egress denied", "bank-a", "127.0.0.1", "address_loopback", "report"))
        }
    }

    @Test("to an address that is allowed, nothing is told")
    func allowed() async throws {
        try await World.with(.memory, try Self.setup("true")) { world in
            let reply = try await world.acme.pay()
            #expect(reply.status == 201)
            #expect(try await Self.denials(world) == [])
        }
    }

    @Test("a payment service's webhook goes to no address that is not public")
    func webhook() async throws {
        try await WebhookReceiver.with { receiver in
            let setup = try Setup {
                let hook = Setup.webhook(port: receiver.port)
                $0.webhooks = [hook.replacing(" }", with: ", allow_private_addresses: false }")]
            }
            try await World.with(.memory, setup) { world in
                #expect(try await world.acme.pay().status == 201)
                let endpoint = try await world.endpointReaches { $0["last_error"] != .null }
                #expect(endpoint["last_error"]?.text == "address_loopback")
                #expect(await world.gateway.logs("egress denied", "webhook", "address_loopback"))
                #expect(receiver.received.isEmpty)
            }
        }
    }
}
