import AdapterKit
import CCurl
import Payments
import TestKit
import Testing

@testable import CurlTransport

/// That nothing of one exchange reaches the next one on the same handle of libcurl's.
@Suite("Handle reuse", .timeLimit(.minutes(1)))
struct HandleReuseTests {
    private let world: World
    private let intake: Intake
    private let events: EventQueue

    init() throws {
        world = try World()
        intake = try #require(Intake(limit: 8))
        events = try #require(EventQueue(waking: intake.wakeup))
    }

    private func plain(_ bank: TestBank, change: (inout Endpoint) -> Void = { _ in }) -> Endpoint {
        world.endpoint(bank) {
            $0.scheme = .http
            $0.attemptTimeout = .milliseconds(200)
            change(&$0)
        }
    }

    private func pool(to endpoint: Endpoint, capacity: Int = 4) throws -> ConnectionPool {
        let gate = AddressGate { _ in }
        return try #require(
            ConnectionPool(to: endpoint, number: 1, capacity: capacity, events: events, intake: intake, gate: gate))
    }

    /// Does on this thread what the transport's own does.
    private func send(
        _ request: EgressRequest, to endpoint: Endpoint, through pool: ConnectionPool
    ) async throws -> Result<GatewayResponse, TransportFailure> {
        let wire = try WireRequest(request, endpoint: endpoint)
        return await withCheckedContinuation { continuation in
            pool.start(Submission(request: wire, endpoint: endpoint, continuation: continuation))
            while !pool.isIdle {
                pool.tick(now: ContinuousClock().now)
                events.wait(timeout: 1, handle: pool.handle)
            }
        }
    }

    private static let kinds: [EgressRequest] = [
        request(.get, body: ""), request(.get, body: "{}"), request(.post, body: #"{"amount":100}"#), request(.post, body: ""),
        request(.post, body: String(repeating: "b", count: 40_000)), request(.put, body: "p"), request(.patch, body: "pp"),
        request(.delete, body: ""), request(.delete, body: #"{"a":1}"#),
    ]

    /// With headers that no other kind has.
    private static func request(_ method: GatewayRequest.Method, body: String) -> EgressRequest {
        var headers = Headers([("X-\(method.rawValue)-\(body.utf8.count)", "\(body.utf8.count)")])
        if body.utf8.count > 2 { headers.add("Content-Type", "application/json") }
        return EgressRequest(
            method: method, target: "/\(method.rawValue)/\(body.utf8.count)", headers: headers, body: Array(body.utf8))
    }

    @Test("Whatever went before it, every kind of request sends exactly its own bytes")
    func orders() async throws {
        let bank = try await TestBank(tls: nil)
        let endpoint = plain(bank)
        var arrivals = bank.requests.makeAsyncIterator()
        var alone: [TestBank.Request] = []
        for kind in Self.kinds {
            _ = try await send(kind, to: endpoint, through: pool(to: endpoint)).get()
            alone.append(try #require(await arrivals.next()))
        }
        let pool = try pool(to: endpoint)
        _ = try await send(.get, to: endpoint, through: pool).get()
        _ = await arrivals.next()
        let handle = try #require(pool.idle.first)
        for (first, second) in Self.kinds.indices.flatMap({ first in Self.kinds.indices.map { (first, $0) } }) {
            for index in [first, second] {
                _ = try await send(Self.kinds[index], to: endpoint, through: pool).get()
                let arrived = try #require(await arrivals.next())
                #expect(arrived.head == alone[index].head && arrived.body == alone[index].body)
                let needsConnection = Self.kinds[index].body.isEmpty && Self.kinds[index].method != .get
                #expect((arrived.numberOnConnection == 1) == needsConnection, "\(arrived.head)")
            }
        }
        #expect(pool.idle.count == 1 && pool.idle.first === handle)
        try await bank.stop()
    }

    @Test("Each exchange has its own time-outs")
    func timeouts() async throws {
        let bank = try await TestBank(tls: nil) { $0.head.hasPrefix("GET") ? .silence : .ok }
        let endpoint = plain(bank) { $0.attemptTimeout = .seconds(600) }
        let pool = try pool(to: endpoint)
        _ = try await send(.post(), to: endpoint, through: pool).get()
        let sooner = plain(bank) { $0.attemptTimeout = .milliseconds(30) }
        let result = try await send(.get, to: sooner, through: pool)
        #expect(throws: TransportFailure.self) { try result.get() }
        try await bank.stop()
    }

    @Test(
        "A handle is not used again after an exchange that failed",
        arguments: [
            .silence, .close, .reset, .text("HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 0\r\n\r\n"), .text("what\r\n\r\n"),
            .textThenClose("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"), .textThenClose("HTTP/1.1 200 OK\r\n\r\n{}"),
            .text("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + String(repeating: "y", count: 2_000_000)),
        ] as [TestBank.Reply])
    func failed(reply: TestBank.Reply) async throws {
        let bank = try await TestBank(tls: nil) { $0.head.hasPrefix("POST") ? reply : .ok }
        let endpoint = plain(bank)
        let pool = try pool(to: endpoint)
        _ = try await send(.get, to: endpoint, through: pool).get()
        #expect(pool.idle.count == 1)
        let result = try await send(.post(), to: endpoint, through: pool)
        #expect(throws: TransportFailure.self) { try result.get() }
        #expect(pool.idle.isEmpty)
        #expect(try await send(.get, to: endpoint, through: pool).get().status == 200)
        #expect(pool.idle.count == 1)
        try await bank.stop()
    }

    @Test("A handle is not used again when the gateway answered before it had the whole body")
    func answeredEarly() async throws {
        let bank = try await EarlyBank()
        let endpoint = Endpoint(scheme: .http, host: "127.0.0.1", port: bank.port, addresses: .any, attemptTimeout: .seconds(10))
        let pool = try pool(to: endpoint)
        let body = String(repeating: "a", count: 30_000_000)
        #expect(try await send(.post(body), to: endpoint, through: pool).get().status == 413)
        #expect(pool.idle.isEmpty)
        try await bank.stop()
    }

    @Test("A handle that waits keeps no request: neither its URL nor the exchange")
    func nothingKept() async throws {
        let bank = try await TestBank(tls: nil)
        let endpoint = plain(bank)
        let easy = try #require(EasyHandle(to: endpoint))
        weak var ended: Exchange?
        _ = try await perform(.post(), to: endpoint, on: easy) { ended = $0 }
        #expect(easy.long(CURLINFO_EFFECTIVE_URL) != 0)
        easy.release()
        #expect(ended == nil)
        let url = unsafe UnsafePointer<CChar>(bitPattern: easy.long(CURLINFO_EFFECTIVE_URL))
        #expect(unsafe url.map { unsafe String(cString: $0) } == "")
        try await bank.stop()
    }

    @Test("A handle tells a connection of this exchange's own from an earlier one's")
    func freshness() async throws {
        let bank = try await TestBank(tls: world.tls(clients: world.authority))
        let endpoint = world.endpoint(bank, identity: world.client)
        let easy = try #require(EasyHandle(to: endpoint))
        let empty = EgressRequest(method: .post, target: "/x", headers: Headers(), body: [])
        for (request, isFresh) in [(.post(), true), (.post(), false), (.get, false), (empty, true), (.post(), false)] {
            let result = try await perform(request, to: endpoint, on: easy) {
                #expect($0.connectionIsFresh == isFresh && $0.tlsBegun == isFresh && $0.askedForSocket == isFresh)
            }
            #expect(try result.get().status == 200)
            easy.release()
        }
        try await bank.stop()
    }

    @Test("The words on one failure are not taken for the next one's")
    func words() async throws {
        let bank = try await TestBank(tls: nil) { $0.head.hasPrefix("POST") ? .close : .ok }
        let endpoint = plain(bank)
        let easy = try #require(EasyHandle(to: endpoint))
        _ = try await perform(.post(), to: endpoint, on: easy) { _ in }
        #expect(!easy.errorText.isEmpty)
        // libcurl's blocking interface would empty them itself, the other does not.
        _ = try await perform(.get, to: endpoint, on: easy, before: { #expect($0.easy.errorText.isEmpty) }, then: { _ in })
        try await bank.stop()
    }

    @Test("A gateway that is not trusted any more is told apart as by a new handle")
    func identity() async throws {
        let other = try TestAuthority(named: "Another", valid: World.valid)
        let good = try await TestBank(tls: world.tls())
        for (certificate, code) in [
            (try world.authority.server(valid: World.expired), TransportFailure.Code.serverCertificateExpired),
            (try other.server(valid: World.valid), .serverCertificateUntrusted),
        ] {
            let bank = try await TestBank(tls: world.tls(server: certificate))
            let easy = try #require(EasyHandle(to: world.endpoint(good)))
            _ = try await perform(.post(), to: world.endpoint(good), on: easy) { _ in }.get()
            easy.release()
            let result = try await perform(.post(), to: world.endpoint(bank), on: easy) { _ in }
            let failure = try #require(throws: TransportFailure.self) { try result.get() }
            #expect(failure.code == code && failure.phase == .tls && failure.certainlyNotProcessed, "\(failure)")
            #expect(bank.counts.begun == 0)
            try await bank.stop()
        }
        try await good.stop()
    }

    /// By libcurl's blocking interface, with connections that the handle keeps itself.
    private func perform(
        _ request: EgressRequest, to endpoint: Endpoint, on easy: EasyHandle,
        before: (Exchange) -> Void = { _ in }, then look: (Exchange) -> Void
    ) async throws -> Result<GatewayResponse, TransportFailure> {
        let wire = try WireRequest(request, endpoint: endpoint)
        return await withCheckedContinuation { continuation in
            let submission = Submission(request: wire, endpoint: endpoint, continuation: continuation)
            let gate = AddressGate { _ in }
            guard let exchange = Exchange(submission, on: easy, waited: .zero, gate: gate, history: AnswerHistory()) else {
                return continuation.resume(returning: .failure(.notSent("an option was refused")))
            }
            before(exchange)
            let code = unsafe curl_easy_perform(easy.pointer)
            look(exchange)
            continuation.resume(returning: exchange.result(code))
        }
    }
}
