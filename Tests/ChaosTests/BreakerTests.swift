import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("A breaker that two replicas share", .serialized, .timeLimit(.minutes(3)))
struct BreakerTests {
    /// Far more than the 250 ms that are promised: the machine may be busy.
    private static let patience = Duration.seconds(2)

    private static func fleet(openFor: String = "1s", _ body: @Sendable (Fleet) async throws -> Void) async throws {
        try await Fleet.with(
            .always,
            {
                $0.gatewayLines[0] = "retry: { max_retries: 0 }"
                $0.gatewayLines[1] = "breaker: { consecutive_failures: 4, open_for: \(openFor) }"
            }, body)
    }

    /// Both fail to reach the bank in turn, until the first of them refuses: of its own failures that is too early.
    /// - Returns: who tripped, and the other one.
    private static func trip(_ fleet: Fleet) async throws -> (tripped: Replica, other: Replica) {
        await fleet.banks[0].proxy.close()
        let order = Caller.order(("gateway", .string("bank-a")), ("on_unavailable", .string("fail")))
        while true {
            for replica in fleet.replicas {
                _ = try await replica.caller.pay(order)
                for candidate in fleet.replicas where try await candidate.breaker() != "closed" {
                    return (candidate, fleet.replicas[1 - candidate.number])
                }
            }
        }
    }

    @Test("opens at both soon after it has opened at one")
    func trips() async throws {
        try await Self.fleet(openFor: "30s") { fleet in
            let (tripped, other) = try await Self.trip(fleet)
            let moment = ContinuousClock.now
            try await other.reaches("open", before: moment + Self.patience)
            let took = ContinuousClock.now - moment
            print("breaker: open at replica \(tripped.number), \(took) later at replica \(other.number)")
            #expect(took < Self.patience)
            #expect(try await tripped.breaker() == "open")
            // What it refuses goes to the next gateway at once: nothing reaches the one that is away.
            try await fleet.banks[0].proxy.open()
            for replica in fleet.replicas {
                let paid = try await replica.caller.pay()
                #expect(paid["gateway"]?.text == "bank-b")
                #expect(paid.attempts.count == 1)
            }
            #expect(fleet.banks[0].mock.counters[.charge] == 0)
        }
    }

    @Test("lets one probe through for both, and closes for both when it succeeds")
    func probes() async throws {
        try await Self.fleet(openFor: "2s") { fleet in
            _ = try await Self.trip(fleet)
            for replica in fleet.replicas { try await replica.reaches("open", before: .now + Self.patience) }
            // The probe takes so long that both replicas have time to send another.
            try fleet.banks[0].mock.script(.slowBefore(milliseconds: 400), for: .charge)
            try await fleet.banks[0].proxy.open()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for replica in fleet.replicas {
                    group.addTask { try await Self.payUntilProbed(replica, fleet) }
                    group.addTask { try await Self.payUntilProbed(replica, fleet) }
                }
                try await group.waitForAll()
            }
            #expect(fleet.banks[0].mock.counters[.charge] == 1)
            for replica in fleet.replicas { try await replica.reaches("closed", before: .now + Self.patience) }
            for replica in fleet.replicas { #expect(try await replica.caller.pay()["gateway"]?.text == "bank-a") }
        }
    }

    /// Pays until the bank has had a request. Stops before it has answered it: from then on every call may go there.
    private static func payUntilProbed(_ replica: Replica, _ fleet: Fleet) async throws {
        let bank = fleet.banks[0].mock
        while bank.counters[.charge] == 0 {
            let paid = try await replica.caller.pay()
            #expect(paid.status == 201)
        }
    }

    @Test("is each replica's own while Redis is away")
    func alone() async throws {
        try await Self.fleet(openFor: "30s") { fleet in
            _ = try await Self.trip(fleet)
            for replica in fleet.replicas { try await replica.reaches("open", before: .now + Self.patience) }
            await fleet.redis.stop()
            for replica in fleet.replicas { #expect(try await replica.breaker() == "open") }
            // Nothing is paid without Redis; with it, the breakers are still what they were.
            try await fleet.redis.start()
            for replica in fleet.replicas {
                let paid = try await Customer(at: [replica]).pay(Caller.order(), key: Caller.freshKey())
                #expect(paid["gateway"]?.text == "bank-b")
                #expect(try await replica.breaker() == "open")
            }
        }
    }

    @Test("that an operator forces open at one replica refuses at both, until he closes it")
    func forced() async throws {
        try await Self.fleet { fleet in
            let moment = ContinuousClock.now
            let forced = try await fleet.first.gateway.tell(
                "/admin/gateways/bank-a/breaker",
                .members([("state", .string("forced_open")), ("reason", .string("maintenance"))]))
            #expect(forced.status == 200, "\(forced.text)")
            for replica in fleet.replicas { try await replica.reaches("forced_open", before: moment + Self.patience) }
            print("breaker: forced open at one replica, \(ContinuousClock.now - moment) later at both")
            for replica in fleet.replicas { #expect(try await replica.caller.pay()["gateway"]?.text == "bank-b") }
            #expect(fleet.banks[0].mock.counters[.charge] == 0)
            _ = try await fleet.second.gateway.tell(
                "/admin/gateways/bank-a/breaker", .members([("state", .string("closed")), ("reason", .string("done"))]))
            for replica in fleet.replicas { try await replica.reaches("closed", before: .now + Self.patience) }
            for replica in fleet.replicas { #expect(try await replica.caller.pay()["gateway"]?.text == "bank-a") }
        }
    }
}

extension Replica {
    /// Of bank-a, as callers are told.
    fileprivate func breaker() async throws -> String? {
        let gateways = try await caller.get("/v1/gateways")["data"]?.elements ?? []
        return gateways.first { $0["name"]?.text == "bank-a" }?["breaker"]?.text
    }

    fileprivate func reaches(_ state: String, before end: ContinuousClock.Instant) async throws {
        while try await breaker() != state, ContinuousClock.now < end {}
        #expect(try await breaker() == state)
    }
}
