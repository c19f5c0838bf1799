import AdapterKit
import Foundation
import MockGateways
import ProcessKit
import TestKit
import Testing

/// Egress under certificates and lists that change while the gateway runs.
@Suite("A reload of what egress proves and demands", .serialized, .timeLimit(.minutes(2)))
struct RevocationReloadTests {
    private func write(_ world: World, _ name: String, _ bytes: [UInt8]) throws {
        let folder = URL(filePath: world.configuration).deletingLastPathComponent()
        try Data(bytes).write(to: folder.appending(path: name), options: .atomic)
    }

    @Test("closes the connections that were made with the old client certificate")
    func drained() async throws {
        let setup = try Setup()
        try await World.with(.memory, setup) { world in
            #expect(try await world.acme.pay().status == 201)
            #expect(world.bank.counters.closedConnections == 0)
            let renewed = try setup.authority.client(named: "renewed", valid: Setup.valid)
            try write(world, "client.pem", renewed.certificate)
            try write(world, "client.key", renewed.key)
            // Long before they would be closed for want of use.
            await world.bank.reaches { _, counters in counters.closedConnections == 1 }
            #expect(try await world.acme.pay().status == 201)
            #expect(world.bank.counters.connections == 2 && world.bank.counters.closedConnections == 1)
        }
    }

    @Test("refuses a bank from the moment its certificate is on the list, open connections included")
    func revoked() async throws {
        let setup = try Setup {
            $0.gatewayLines = ["retry: { max_retries: 0 }"]
            $0.revocations = try $0.authority.revocations(of: [], valid: Setup.valid)
        }
        try await World.with(.memory, setup) { world in
            #expect(try await world.acme.pay().status == 201)
            try write(world, "crl.pem", setup.authority.revocations(of: [setup.server], valid: Setup.valid))
            #expect(await world.gateway.logs("configuration reloaded", "file"))
            let refused = try await world.acme.pay()
            #expect(refused.state == "queued")
            #expect(refused.attempts.map { $0["code"]?.text } == ["server_certificate_revoked"])
            #expect(refused.attempts.map { $0["outcome"]?.text } == ["not_processed"])
            #expect(world.bank.ledger.charges.count == 1)
            #expect(world.requestsAtBank == 1)
        }
    }
}
