import AdapterKit
import CurlTransport
import Payments
import TestKit
import Testing

/// Connections to endpoints that a reload has changed.
@Suite("Connections after a reload", .timeLimit(.minutes(1)))
struct RetirementTests {
    private let world: World
    private let transport: CurlTransport

    init() throws {
        world = try World()
        transport = try CurlTransport()
    }

    @Test("One that is not used is closed at once, and those that stay are not")
    func idle() async throws {
        let (kept, dropped) = (try await TestBank(tls: nil), try await TestBank(tls: nil))
        let banks = [kept, dropped].map { bank in world.endpoint(bank) { $0.scheme = .http } }
        for endpoint in banks { #expect(try await transport.send(.post(), to: endpoint).status == 200) }
        transport.keepOnly([banks[0]])
        for await _ in dropped.endings.prefix(1) {}
        for endpoint in banks { #expect(try await transport.send(.post(), to: endpoint).status == 200) }
        #expect(kept.counts.connections == 1 && kept.counts.closed == 0)
        #expect(dropped.counts.connections == 2)
        try await kept.stop()
        try await dropped.stop()
    }

    @Test("One that is used brings its answer first; the next request shows the new certificate on a new one")
    func busy() async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        let bank = try await TestBank(tls: world.tls(clients: world.authority)) { request in
            request.body == "old" ? .held(answer) : .text(answer)
        }
        let old = world.endpoint(bank, identity: world.client)
        let new = world.endpoint(bank, identity: try world.authority.client(named: "renewed", valid: World.valid))
        async let held = transport.send(.post("old"), to: old)
        for await _ in bank.requests.prefix(1) {}
        transport.keepOnly([new])
        #expect(try await transport.send(.post("new"), to: new).status == 200)
        #expect(bank.counts.connections == 2 && bank.counts.closed == 0)
        // Whoever still sends to the old endpoint gets no connection that is about to be closed.
        #expect(try await transport.send(.post("late"), to: old).status == 200)
        #expect(bank.counts.connections == 3 && bank.counts.closed == 0)
        bank.release()
        #expect(try await held.status == 200)
        for await _ in bank.endings.prefix(1) {}
        #expect(try await transport.send(.post("new"), to: new).status == 200)
        #expect(bank.counts.connections == 3 && bank.counts.closed == 1)
        try await bank.stop()
    }
}
