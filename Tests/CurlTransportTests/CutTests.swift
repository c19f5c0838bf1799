import AdapterKit
import CurlTransport
import Payments
import TestKit
import Testing

/// Failures after the request has begun to leave: whatever the cause, it may have been processed.
@Suite("Cut off and timed out", .timeLimit(.minutes(1)))
struct CutTests {
    private let world: World
    private let transport: CurlTransport

    init() throws {
        world = try World()
        transport = try CurlTransport()
    }

    private func failure(
        _ reply: TestBank.Reply, encrypted: Bool = true, attemptTimeout: Duration = .seconds(10)
    ) async throws -> TransportFailure {
        let bank = try await TestBank(tls: encrypted ? world.tls() : nil) { _ in reply }
        let endpoint = world.endpoint(bank) {
            $0.scheme = encrypted ? .https : .http
            $0.attemptTimeout = attemptTimeout
        }
        let failure = try #require(await transport.failure(to: endpoint))
        #expect(failure.requestMayHaveLeft && !failure.certainlyNotProcessed, "\(failure)")
        #expect(failure.outcome.kind == .unknown)
        try await bank.stop()
        return failure
    }

    @Test("A connection that is cut before the answer", arguments: [true, false])
    func cutBeforeAnswer(encrypted: Bool) async throws {
        for reply in [TestBank.Reply.close, .reset] {
            let failure = try await failure(reply, encrypted: encrypted)
            #expect(failure.code == .connectionLost && failure.phase == .waiting, "\(failure)")
        }
    }

    @Test(
        "A connection that is cut in the middle of the answer",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"amount\":1",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"amo",
            "HTTP/1.1 200 OK\r\nContent-Le",
        ])
    func cutInAnswer(text: String) async throws {
        let failure = try await failure(.textThenClose(text))
        #expect([.connectionLost, .responseMalformed].contains(failure.code), "\(failure)")
        #expect(failure.phase == .receiving)
    }

    @Test("An answer that does not say where it ends is not believed to be whole")
    func undelimited() async throws {
        let failure = try await failure(.textThenClose("HTTP/1.1 200 OK\r\n\r\n{\"amount\":100}"))
        #expect(failure.code == .responseMalformed && failure.phase == .receiving, "\(failure)")
    }

    @Test(
        "What is not HTTP is malformed",
        arguments: [
            "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n",
        ])
    func notHTTP(text: String) async throws {
        let failure = try await failure(.textThenClose(text))
        #expect([.responseMalformed, .connectionLost].contains(failure.code), "\(failure)")
    }

    @Test("No answer within the attempt's time")
    func silence() async throws {
        let failure = try await failure(.silence, attemptTimeout: .seconds(2))
        #expect(failure.code == .attemptTimedOut && failure.phase == .waiting, "\(failure)")
    }

    @Test("One byte at a time does not extend the attempt's time")
    func drip() async throws {
        let reply = TestBank.Reply.drip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        let failure = try await failure(reply, attemptTimeout: .seconds(2))
        #expect(failure.code == .attemptTimedOut && failure.phase == .receiving, "\(failure)")
    }

    @Test("Interim answers for ever do not extend the limits")
    func interim() async throws {
        let text = String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", count: 1000)
        #expect(try await failure(.text(text)).code == .responseHeadersTooLarge)
    }

    @Test(
        "A body of 100 MB is given up near 1 MiB",
        arguments: ["Content-Length: 100000000", "Transfer-Encoding: chunked"])
    func largeBody(length: String) async throws {
        let start = "HTTP/1.1 200 OK\r\n\(length)\r\n\r\n" + (length.hasPrefix("T") ? "5F5E100\r\n" : "")
        let bank = try await TestBank(tls: world.tls()) { _ in .flood(start, bytes: 100_000_000) }
        let failure = try #require(await transport.failure(to: world.endpoint(bank)))
        #expect(failure.code == .responseTooLarge && failure.phase == .receiving && !failure.certainlyNotProcessed, "\(failure)")
        // What both sides' kernels hold, and no more.
        #expect(bank.counts.bytesWritten < 20_000_000)
        try await bank.stop()
    }

    @Test("A body of exactly 1 MiB is taken, one byte more is not")
    func bodyLimit() async throws {
        for (size, fits) in [(1 << 20, true), (1 << 20 + 1, false)] {
            let text = "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n" + String(repeating: "z", count: size)
            let bank = try await TestBank(tls: world.tls()) { _ in .text(text) }
            let failure = await transport.failure(to: world.endpoint(bank))
            #expect(failure?.code == (fits ? nil : .responseTooLarge))
            try await bank.stop()
        }
    }

    @Test("Ten thousand headers, or one that is huge, are given up")
    func manyHeaders() async throws {
        let many = (0..<10_000).map { "X-\($0): y\r\n" }.joined()
        for fields in [
            many, "X: \(String(repeating: "y", count: 70_000))\r\n", "X: \(String(repeating: "y", count: 2_000_000))\r\n",
        ] {
            let failure = try await failure(.text("HTTP/1.1 200 OK\r\n\(fields)Content-Length: 0\r\n\r\n"))
            #expect(failure.code == .responseHeadersTooLarge, "\(failure)")
        }
    }
}
