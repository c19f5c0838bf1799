import AdapterKit
import MockGateways
import ProcessKit
import Testing

@Suite("A thousand payments", .serialized, .timeLimit(.minutes(2)))
struct VolumeTests {
    @Test("at 64 in flight are all paid, each once, over at most 64 connections", arguments: StoreKind.allCases)
    func thousand(store: StoreKind) async throws {
        let payments = 1000
        let inFlight = 64
        // Time enough also on a machine that is busy with other things.
        let patient = try Setup {
            $0.attempt = "20s"
            $0.deadline = "40s"
        }
        try await World.with(store, patient) { world in
            let replies = try await Volume(payments: payments, inFlight: inFlight).run(at: world.acme)
            #expect(replies.count == payments)
            #expect(replies.allSatisfy { $0.status == 201 && $0.state == "succeeded" })
            for (number, reply) in replies.enumerated() { #expect(reply["amount"]?.integer == Volume.amount(number)) }
            let ledger = world.bank.ledger
            #expect(Set(ledger.charges.keys) == Set(replies.map(\.id)))
            #expect(replies.allSatisfy { $0["amount"]?.integer == ledger[$0.id]?.captured })
            #expect(ledger.moneyMovements == payments)
            let counters = world.bank.counters
            #expect(counters.requests == [.charge: payments])
            #expect(counters.signatureFailures == 0)
            #expect(counters.handshakes <= inFlight)
            #expect(counters.connections == counters.handshakes)
        }
    }
}
