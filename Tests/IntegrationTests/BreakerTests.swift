import AdapterKit
import MockGateways
import ProcessKit
import Testing

@Suite("The circuit breaker of a bank", .serialized, .timeLimit(.minutes(2)))
struct BreakerTests {
    private static let opensFor1s = { @Sendable (setup: inout Setup) in
        setup.gatewayLines.append("breaker: { consecutive_failures: 5, open_for: 1s }")
    }

    /// One call fails four times, the next one once.
    private static func trip(_ banks: TwoBanks) async throws {
        await banks.way.close()
        for _ in 0..<2 { #expect(try await banks.acme.pay()["gateway"]?.text == "bank-b") }
    }

    @Test("opens after five failures in a row, and callers see it and go elsewhere at once", arguments: StoreKind.allCases)
    func opens(store: StoreKind) async throws {
        try await TwoBanks.with(store) { banks in
            #expect(try await banks.breaker() == "closed")
            try await Self.trip(banks)
            #expect(try await banks.breaker() == "open")
            #expect(try await banks.breaker("bank-b") == "closed")
            let reply = try await banks.acme.pay()
            #expect(TwoBanks.tries(reply) == ["bank-b payment approved"])
            let waiting = try await banks.acme.pay(TwoBanks.pinned)
            #expect(waiting.status == 202)
            #expect(waiting.state == "queued")
            #expect(waiting.attempts.isEmpty)
            #expect(banks.moneyMovements == 3)
        }
    }

    @Test("lets one call try after its time, and closes when that succeeds")
    func closes() async throws {
        try await TwoBanks.with(.memory, Self.opensFor1s) { banks in
            try await Self.trip(banks)
            let waiting = try await banks.acme.pay(TwoBanks.pinned)
            #expect(waiting.state == "queued")
            try await banks.way.open()
            // The queue's own try is the probe.
            #expect(await banks.gateway.decides(waiting.id))
            #expect(try await banks.breaker() == "closed")
            #expect(banks.first.ledger[waiting.id]?.captured == 1000)
            #expect(try await banks.acme.pay()["gateway"]?.text == "bank-a")
        }
    }

    @Test("is not opened by a bank that asks for time")
    func rateLimited() async throws {
        let change = { @Sendable (setup: inout Setup) in setup.gatewayLines[0] = "retry: { max_retries: 0 }" }
        try await TwoBanks.with(.memory, change) { banks in
            try banks.first.script(.rateLimited, for: .charge, times: 6)
            for _ in 0..<6 { #expect(try await banks.acme.pay()["gateway"]?.text == "bank-b") }
            #expect(try await banks.breaker() == "closed")
            #expect(try await banks.acme.pay()["gateway"]?.text == "bank-a")
        }
    }

    @Test("sends nothing while an operator holds it open, and all again after", arguments: StoreKind.allCases)
    func forced(store: StoreKind) async throws {
        try await TwoBanks.with(store) { banks in
            let held = try await banks.acme.authorize()
            let path = "/admin/gateways/bank-a/breaker"
            let forced = try await banks.gateway.tell(
                path, .members([("state", .string("forced_open")), ("reason", .string("maintenance"))]))
            #expect(forced.status == 200)
            #expect(try await banks.breaker() == "forced_open")
            let refused = Caller.order(("gateway", .string("bank-a")), ("on_unavailable", .string("fail")))
            let reply = try await banks.acme.pay(refused)
            #expect(reply.status == 503)
            #expect(reply.code == "gateways_unavailable")
            let waiting = try await banks.acme.pay(TwoBanks.pinned)
            #expect(waiting.state == "queued")
            #expect(banks.first.counters[.charge] == 1)
            // What ends a charge passes all the same.
            #expect(try await banks.acme.void(held.id).state == "canceled")
            let closed = try await banks.gateway.tell(
                path, .members([("state", .string("closed")), ("reason", .string("done"))]))
            #expect(closed["breaker"]?["state"]?.text == "closed")
            #expect(try await banks.breaker() == "closed")
            #expect(await banks.gateway.decides(waiting.id))
            #expect(try await banks.acme.pay()["gateway"]?.text == "bank-a")
            #expect(banks.first.ledger[waiting.id]?.captured == 1000)
        }
    }

    @Test("and everything around it is counted under the contract's names")
    func metrics() async throws {
        let change = { @Sendable (setup: inout Setup) in
            setup.gatewayLines[1] = "inquiry: { first_after: 1h, max: 1h }"
            setup.lines = ["queue: { retry: { first: 1h, max: 1h }, give_up_after: 2h }"]
        }
        try await TwoBanks.with(.memory, change) { banks in
            // Unknown at bank-b: it says nothing until its breaker opens, and nothing when it is asked once more.
            try banks.second.script(.cutAfter, for: .charge, times: 3)
            try banks.second.script(.cutAfter, for: .inquiry, times: 3)
            let lost = try await banks.acme.pay(Caller.order(("gateway", .string("bank-b"))))
            #expect(lost.reason == "outcome_unknown")
            await banks.way.close()
            let reset = try await banks.command("breaker", "bank-b", "reset", "--reason", "it is well")
            #expect(reset.code == 0)
            try await Self.trip(banks)
            #expect(try await banks.acme.pay(TwoBanks.pinned).state == "queued")
            let lines = try await banks.metrics
            for line in [
                "# TYPE drawbridge_retries_total counter", "# TYPE drawbridge_failovers_total counter",
                "# TYPE drawbridge_breaker_state gauge", "# TYPE drawbridge_breaker_transitions_total counter",
                "# TYPE drawbridge_queue_depth gauge", "# TYPE drawbridge_dead_letters gauge",
                "# TYPE drawbridge_unknown_outcomes gauge", "# TYPE drawbridge_attempts_total counter",
                #"drawbridge_retries_total{gateway="bank-a"} 3"#,
                #"drawbridge_failovers_total{from="bank-a",to="bank-b"} 2"#,
                #"drawbridge_attempts_total{gateway="bank-a",operation="payment",outcome="not_processed"} 5"#,
                #"drawbridge_attempts_total{gateway="bank-b",operation="payment",outcome="approved"} 2"#,
                #"drawbridge_breaker_state{gateway="bank-a"} 2.0"#, #"drawbridge_breaker_state{gateway="bank-b"} 0.0"#,
                #"drawbridge_breaker_transitions_total{gateway="bank-a",to="open"} 1"#,
                #"drawbridge_queue_depth{gateway="bank-a"} 0.0"#, "drawbridge_queue_depth 1.0",
                #"drawbridge_unknown_outcomes{gateway="bank-b"} 1.0"#, #"drawbridge_unknown_outcomes{gateway="bank-a"} 0.0"#,
                #"drawbridge_dead_letters{gateway="bank-a"} 0.0"#,
            ] { #expect(lines.contains(line), "\(line)") }
            #expect(!lines.contains { $0.contains("pay_") })
        }
    }
}
