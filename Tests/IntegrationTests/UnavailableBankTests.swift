import AdapterKit
import MockGateways
import ProcessKit
import Testing

@Suite("While no bank can take a payment", .serialized, .timeLimit(.minutes(2)))
struct UnavailableBankTests {
    @Test("it fails where the caller wants no queue, and the same key says so again", arguments: StoreKind.allCases)
    func fails(store: StoreKind) async throws {
        try await TwoBanks.with(store) { banks in
            await banks.way.close()
            try banks.second.script(.notProcessed, for: .charge, times: 4)
            let order = Caller.order(("on_unavailable", .string("fail")))
            let reply = try await banks.acme.pay(order, key: "order-7")
            #expect(reply.status == 503)
            #expect(reply.code == "gateways_unavailable")
            #expect(reply.isProblem)
            #expect(banks.second.counters[.charge] == 4)
            // Also when there is a bank again.
            try await banks.way.open()
            let again = try await banks.acme.pay(order, key: "order-7")
            #expect(again.status == 503)
            #expect(again.body == reply.body)
            #expect(again.isReplayed)
            #expect(banks.second.counters[.charge] == 4)
            #expect(banks.first.counters[.charge] == 0)
            #expect(banks.moneyMovements == 0)
        }
    }

    @Test("it waits, is listed, and is paid once a bank is back", arguments: StoreKind.allCases)
    func queued(store: StoreKind) async throws {
        try await TwoBanks.with(store) { banks in
            await banks.way.close()
            let reply = try await banks.acme.pay(TwoBanks.pinned, key: "order-7")
            #expect(reply.status == 202)
            #expect(reply.state == "queued")
            let again = try await banks.acme.pay(TwoBanks.pinned, key: "order-7")
            #expect(again.status == 202)
            #expect(again.id == reply.id)
            #expect(try await banks.command("queue", "list").output.contains(reply.id))
            try await banks.way.open()
            #expect(await banks.gateway.decides(reply.id))
            let paid = try await banks.acme.pay(TwoBanks.pinned, key: "order-7")
            #expect(paid.status == 201)
            #expect(paid.state == "succeeded")
            #expect(banks.first.ledger[reply.id]?.captured == 1000)
            #expect(banks.moneyMovements == 1)
            #expect(try await banks.command("queue", "list").output == "Nothing.")
        }
    }

    @Test("it can be called off, and is then paid by nobody")
    func calledOff() async throws {
        let change = { @Sendable (setup: inout Setup) in
            setup.lines = ["queue: { retry: { first: 1h, max: 1h }, give_up_after: 2h }"]
        }
        try await TwoBanks.with(.memory, change) { banks in
            await banks.way.close()
            let id = try await banks.acme.pay(TwoBanks.pinned).id
            let canceled = try await banks.acme.void(id)
            #expect(canceled.status == 200)
            #expect(canceled.state == "canceled")
            #expect(banks.moneyMovements == 0)
        }
    }

    @Test("an outcome that nobody knows is asked about until somebody does", arguments: StoreKind.allCases)
    func unknown(store: StoreKind) async throws {
        let change = { @Sendable (setup: inout Setup) in setup.gatewayLines[0] = "retry: { max_retries: 0 }" }
        try await TwoBanks.with(store, change) { banks in
            try banks.first.script(.cutAfter, for: .charge)
            try banks.first.script(.garbage, for: .inquiry, times: 2)
            let reply = try await banks.acme.pay(key: "order-7")
            #expect(reply.status == 202)
            #expect(reply.reason == "outcome_unknown")
            #expect(await banks.gateway.decides(reply.id))
            let paid = try await banks.acme.pay(key: "order-7")
            #expect(paid.status == 201)
            #expect(paid.state == "succeeded")
            #expect(paid["gateway"]?.text == "bank-a")
            #expect(banks.first.counters[.charge] == 1)
            #expect(banks.second.counters[.charge] == 0)
            #expect(banks.moneyMovements == 1)
        }
    }

    /// Given up at the second look.
    private static let impatient = { @Sendable (setup: inout Setup) in
        setup.lines = ["queue: { retry: { first: 10ms, max: 10ms }, give_up_after: 10ms }"]
    }

    @Test("it is given up in time, and paid when an operator redrives it", arguments: StoreKind.allCases)
    func redriven(store: StoreKind) async throws {
        try await TwoBanks.with(store, Self.impatient) { banks in
            await banks.way.close()
            let id = try await banks.acme.pay(TwoBanks.pinned).id
            #expect(await banks.gateway.logs("payment decided", id, "manual_review"))
            let listed = try await banks.command("dead-letters", "list")
            #expect(listed.output.contains(id) && listed.output.contains("queue_gave_up"))
            try await banks.way.open()
            let closed = try await banks.command("breaker", "bank-a", "reset", "--reason", "bank is back")
            #expect(closed.code == 0)
            let redriven = try await banks.command("dead-letters", "redrive", id, "--reason", "bank is back")
            #expect(redriven.code == 0)
            #expect(await banks.gateway.decides(id))
            #expect(try await banks.acme.payment(id).state == "succeeded")
            #expect(banks.first.ledger[id]?.captured == 1000)
            #expect(banks.moneyMovements == 1)
            #expect(try await banks.command("dead-letters", "list").output == "Nothing.")
        }
    }

    @Test("it is given up in time, and ends when an operator discards it", arguments: StoreKind.allCases)
    func discarded(store: StoreKind) async throws {
        try await TwoBanks.with(store, Self.impatient) { banks in
            await banks.way.close()
            let id = try await banks.acme.pay(TwoBanks.pinned, key: "order-7").id
            #expect(await banks.gateway.logs("payment decided", id, "manual_review"))
            let discarded = try await banks.command("dead-letters", "discard", id, "--reason", "the order is canceled")
            #expect(discarded.code == 0)
            try await banks.way.open()
            #expect(try await banks.acme.pay(TwoBanks.pinned, key: "order-7").state == "failed")
            #expect(try await banks.command("dead-letters", "list").output == "Nothing.")
            #expect(banks.moneyMovements == 0)
        }
    }
}
