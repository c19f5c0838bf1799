import AdapterKit
import CurlTransport
import Payments
import TestKit
import Testing

/// Cancelling and shutting down: neither tears an exchange off whose bytes may have left.
@Suite("Lifecycle", .timeLimit(.minutes(1)))
struct LifecycleTests {
    private let world: World
    private let held = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    init() throws { world = try World() }

    private func heldBank() async throws -> TestBank { try await TestBank(tls: nil) { [held] _ in .held(held) } }

    @Test("A task that is cancelled still gets its answer")
    func cancelled() async throws {
        let transport = try CurlTransport()
        let bank = try await heldBank()
        let endpoint = world.endpoint(bank) { $0.scheme = .http }
        let sending = Task { try await transport.send(.post(), to: endpoint) }
        for await _ in bank.requests.prefix(1) {}
        sending.cancel()
        bank.release()
        #expect(try await sending.value.status == 200)
        try await bank.stop()
    }

    @Test("A task that is cancelled before it sends still sends")
    func cancelledBefore() async throws {
        let transport = try CurlTransport()
        let bank = try await TestBank(tls: nil)
        let endpoint = world.endpoint(bank) { $0.scheme = .http }
        let sending = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await transport.send(.post(), to: endpoint)
        }
        #expect(try await sending.value.status == 200)
        try await bank.stop()
    }

    @Test("Shutting down refuses what is new and waits for what is in flight")
    func shutdown() async throws {
        let transport = try CurlTransport()
        let bank = try await heldBank()
        let open = try await TestBank(tls: nil)
        let endpoint = world.endpoint(bank) { $0.scheme = .http }
        let probe = world.endpoint(open) { $0.scheme = .http }
        async let first = transport.send(.post(), to: endpoint)
        for await _ in bank.requests.prefix(1) {}
        async let ended: Void = transport.shutdown()
        // Until shutdown has begun the other bank answers.
        var refusal: TransportFailure?
        while refusal == nil { refusal = await transport.failure(.get, to: probe) }
        #expect(refusal?.code == .notSent && refusal?.certainlyNotProcessed == true && refusal?.requestMayHaveLeft == false)
        bank.release()
        #expect(try await first.status == 200)
        await ended
        await transport.shutdown()
        try await bank.stop()
        try await open.stop()
    }

    @Test("Shutting down with nothing in flight ends at once")
    func idleShutdown() async throws {
        let transport = try CurlTransport()
        await transport.shutdown()
        #expect(await transport.failure(.get, to: Endpoint(scheme: .http, host: "127.0.0.1", port: 1))?.code == .notSent)
    }

    @Test("A transport that is let go of finishes what is in flight")
    func released() async throws {
        let bank = try await heldBank()
        let endpoint = world.endpoint(bank) { $0.scheme = .http }
        let sending = Task { try await CurlTransport().send(.post(), to: endpoint) }
        for await _ in bank.requests.prefix(1) {}
        bank.release()
        #expect(try await sending.value.status == 200)
        try await bank.stop()
    }
}
