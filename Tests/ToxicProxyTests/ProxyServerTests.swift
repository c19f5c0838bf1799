import AdapterKit
import Testing

@testable import ToxicProxy

@Suite("The API over HTTP", .timeLimit(.minutes(1)))
struct ProxyServerTests {
    private func withServer(_ body: (ProxyServer) async throws -> Void) async throws {
        let server = try await ProxyServer.start(port: 0, seed: 1)
        do { try await body(server) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    /// All that comes back until the connection ends.
    private func answers(_ port: Int, to request: String) async throws -> String {
        let caller = try await Caller.connect(port)
        caller.send(request)
        return try await caller.text(.max)
    }

    @Test func `several requests of one connection are answered in their order`() async throws {
        try await withServer { server in
            let body = #"{"name":"a","upstream":"127.0.0.1:1"}"#
            let create = "POST /proxies HTTP/1.1\r\nHost: p\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            let delete = "DELETE /proxies/a?now HTTP/1.1\r\nHost: p\r\n\r\n"
            let show = "GET /proxies/a HTTP/1.1\r\nHost: p\r\nConnection: close\r\n\r\n"
            let received = try await answers(server.port, to: create + delete + show)
            #expect(received.matches(of: #/HTTP/1.1 (\d+)/#).map(\.1) == ["201", "204", "404"])
        }
    }

    @Test func `a body over 1 MiB is refused and the connection ends`() async throws {
        try await withServer { server in
            let head = "POST /proxies HTTP/1.1\r\nHost: p\r\nContent-Length: 9999999\r\n\r\n"
            let received = try await answers(server.port, to: head + String(repeating: " ", count: 1_048_577))
            #expect(received.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `what is not HTTP is refused and the connection ends`() async throws {
        try await withServer { server in
            let received = try await answers(server.port, to: "hello\r\n\r\n")
            #expect(received.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test(arguments: [
        ("{}", "bad request body: not an array of proxies"), (#"[{"name":"a"}]"#, "missing required field: upstream"),
    ])
    func `a population that cannot be had says why`(file: String, reason: String) async throws {
        try await withServer { server in
            let error = await #expect(throws: (any Error).self) {
                try await server.populate(try JSON(parsing: Array(file.utf8)))
            }
            #expect(error.map { "\($0)" } == reason)
        }
    }

    @Test func `stopping closes the proxies and the API`() async throws {
        let echo = try await EchoServer.start()
        let server = try await ProxyServer.start(port: 0, seed: 1)
        let plan = #"[{"name":"echo","upstream":"127.0.0.1:\#(echo.port)"}]"#
        try await server.populate(try JSON(parsing: Array(plan.utf8)))
        let idle = try await Caller.connect(server.port)
        await server.stop()
        _ = await idle.ending()
        await #expect(throws: (any Error).self) { try await Caller.connect(server.port) }
        try await echo.stop()
    }
}
