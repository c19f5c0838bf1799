import AdapterKit
import MockGateways
import ProcessKit
import Testing

@Suite("From one bank to the next", .serialized, .timeLimit(.minutes(2)))
struct FailoverTests {
    @Test("a payment goes to the second where the first refuses connections", arguments: StoreKind.allCases)
    func nobodyListens(store: StoreKind) async throws {
        try await TwoBanks.with(store) { banks in
            await banks.way.close()
            let reply = try await banks.acme.pay(key: "order-7")
            #expect(reply.status == 201)
            #expect(reply.state == "succeeded")
            #expect(reply["gateway"]?.text == "bank-b")
            let refused = Array(repeating: "bank-a payment not_processed", count: 4)
            #expect(TwoBanks.tries(reply) == refused + ["bank-b payment approved"])
            #expect(reply.attempts.first?["code"]?.text == "connect_refused")
            #expect(try await banks.acme.pay(key: "order-7").body == reply.body)
            #expect(banks.second.ledger[reply.id]?.captured == 1000)
            #expect(banks.moneyMovements == 1)
        }
    }

    @Test("a payment goes to the second where the first says that it did nothing", arguments: StoreKind.allCases)
    func notProcessed(store: StoreKind) async throws {
        try await TwoBanks.with(store) { banks in
            try banks.first.script(.notProcessed, for: .charge, times: 4)
            let reply = try await banks.acme.pay()
            #expect(reply.status == 201)
            #expect(reply["gateway"]?.text == "bank-b")
            #expect(reply.attempts.count == 5)
            #expect(banks.first.counters[.charge] == 4)
            #expect(banks.first.counters[.inquiry] == 0)
            #expect(banks.second.ledger[reply.id]?.captured == 1000)
            #expect(banks.moneyMovements == 1)
            // Whoever holds it is who gives it back.
            #expect(try await banks.acme.refund(reply.id, 400).state == "succeeded")
            #expect(banks.second.ledger[reply.id]?.refunded == 400)
            #expect(banks.first.counters[.refund] == 0)
        }
    }

    /// What the protocol declares: before that, "not found" proves nothing.
    private static let proof = Duration.seconds(2)

    @Test("a payment goes to the second only once the first is proved to have nothing", arguments: StoreKind.allCases)
    func proved(store: StoreKind) async throws {
        try await TwoBanks.with(store) { banks in
            try banks.first.script(.status500, for: .charge)
            let clock = ContinuousClock()
            let started = clock.now
            let reply = try await banks.acme.pay()
            #expect(clock.now - started >= Self.proof)
            #expect(reply.status == 201)
            #expect(reply["gateway"]?.text == "bank-b")
            #expect(
                TwoBanks.tries(reply) == [
                    "bank-a payment unknown", "bank-a inquiry not_processed", "bank-b payment approved",
                ])
            #expect(banks.first.counters[.charge] == 1)
            #expect(banks.first.counters[.inquiry] == 2)
            #expect(banks.moneyMovements == 1)
            #expect(banks.second.ledger[reply.id]?.captured == 1000)
        }
    }

    @Test("a payment stays with the first where that did it and only did not say so")
    func done() async throws {
        try await TwoBanks.with { banks in
            for misbehaviour in [Misbehaviour.status500After, .cutAfter, .garbage, .badSignature] {
                try banks.first.script(misbehaviour, for: .charge)
                let reply = try await banks.acme.pay()
                #expect(reply.status == 201)
                #expect(reply["gateway"]?.text == "bank-a")
                #expect(banks.first.ledger[reply.id]?.captured == 1000)
            }
            #expect(banks.second.counters[.charge] == 0)
            #expect(banks.moneyMovements == 4)
        }
    }

    @Test("a payment never goes to the second while nobody knows what the first did", arguments: StoreKind.allCases)
    func unknown(store: StoreKind) async throws {
        let inquiries = 3
        let change = { @Sendable (setup: inout Setup) in setup.gatewayLines[0] = "retry: { max_retries: 0 }" }
        try await TwoBanks.with(store, change) { banks in
            try banks.first.script(.status500, for: .charge)
            try banks.first.script(.status500, for: .inquiry, times: inquiries)
            let reply = try await banks.acme.pay()
            #expect(reply.status == 202)
            #expect(reply.reason == "outcome_unknown")
            await banks.first.reaches { _, counters in counters[.inquiry] >= inquiries }
            #expect(banks.second.counters[.charge] == 0)
            // It is nowhere, and once that is sure it is sent again.
            #expect(await banks.gateway.decides(reply.id))
            #expect(try await banks.acme.payment(reply.id).state == "succeeded")
            #expect(banks.moneyMovements == 1)
        }
    }

    private static let movesOn = { @Sendable (setup: inout Setup) in
        setup.routeLines = ["failover_on_declines: [issuer_unavailable]"]
    }

    @Test("a decline goes on only for the reasons that the route names", arguments: ["91": "bank-b", "51": nil])
    func declines(code: String, gateway: String?) async throws {
        try await TwoBanks.with(.memory, Self.movesOn) { banks in
            try banks.first.script(.decline(code: code), for: .charge)
            let reply = try await banks.acme.pay()
            #expect(reply.status == 201)
            #expect(reply.state == (gateway == nil ? "failed" : "succeeded"))
            #expect(reply["gateway"]?.text == gateway)
            #expect(banks.first.counters[.charge] == 1)
            #expect(banks.second.counters[.charge] == (gateway == nil ? 0 : 1))
            #expect(banks.moneyMovements == (gateway == nil ? 0 : 1))
        }
    }

    @Test("a payment fails for the last bank's reason where both decline")
    func declinedTwice() async throws {
        try await TwoBanks.with(.memory, Self.movesOn) { banks in
            try banks.first.script(.decline(code: "91"), for: .charge)
            try banks.second.script(.decline(code: "51"), for: .charge)
            let reply = try await banks.acme.pay()
            #expect(reply.status == 201)
            #expect(reply.state == "failed")
            #expect(reply["failure"]?["gateway_code"]?.text == "51")
            #expect(banks.moneyMovements == 0)
        }
    }

    @Test("a pinned payment goes nowhere else")
    func pinned() async throws {
        try await TwoBanks.with { banks in
            await banks.way.close()
            let reply = try await banks.acme.pay(TwoBanks.pinned)
            #expect(reply.status == 202)
            #expect(reply.state == "queued")
            #expect(banks.second.counters[.charge] == 0)
        }
    }

    @Test("a bank that asks for time is given it, and not left for another")
    func retryAfter() async throws {
        try await TwoBanks.with { banks in
            try banks.first.script(.rateLimited, for: .charge)
            let clock = ContinuousClock()
            let started = clock.now
            let reply = try await banks.acme.pay()
            // Its Retry-After; our own backoff is shorter.
            #expect(clock.now - started >= .seconds(1))
            #expect(reply.status == 201)
            #expect(TwoBanks.tries(reply) == ["bank-a payment not_processed", "bank-a payment approved"])
            #expect(reply.attempts.first?["http_status"]?.integer == 429)
            #expect(banks.second.counters[.charge] == 0)
        }
    }
}
