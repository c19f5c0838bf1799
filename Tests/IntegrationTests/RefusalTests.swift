import AdapterKit
import MockGateways
import ProcessKit
import Testing

@Suite("A request with something wrong", .world, .serialized, .timeLimit(.minutes(2)))
struct RefusalTests {
    @Test("is refused for its body", arguments: BadRequest.malformed + BadRequest.bodies)
    func body(bad: BadRequest) async throws { try await check(bad) }

    @Test("is refused for its amount", arguments: BadRequest.amounts)
    func amount(bad: BadRequest) async throws { try await check(bad) }

    @Test("is refused for a member", arguments: BadRequest.members)
    func member(bad: BadRequest) async throws { try await check(bad) }

    @Test("is refused for its method", arguments: BadRequest.methods)
    func method(bad: BadRequest) async throws { try await check(bad) }

    @Test("is refused for the body of a capture, a refund or a question", arguments: BadRequest.operations)
    func operation(bad: BadRequest) async throws { try await check(bad) }

    @Test("is refused for a header", arguments: BadRequest.headers)
    func header(bad: BadRequest) async throws { try await check(bad) }

    @Test("is refused for its signature", arguments: BadRequest.signatures)
    func signature(bad: BadRequest) async throws { try await check(bad) }

    @Test("is refused for its path or query", arguments: BadRequest.paths)
    func path(bad: BadRequest) async throws { try await check(bad) }

    /// Its own code and place, in the one shape of problems; nothing stored, nothing at the bank.
    private func check(_ bad: BadRequest) async throws {
        let world = try #require(World.current)
        let before = world.requestsAtBank
        let reply = try await Wire.exchange(try bad.request(at: Caller.now).bytes, port: world.gateway.api)
        #expect(reply.status == bad.status, "\(reply.text)")
        #expect(reply.code == bad.code, "\(reply.text)")
        #expect(reply.isProblem)
        if let pointer = bad.pointer { #expect(reply.pointers.contains(pointer), "\(reply.text)") }
        #expect((reply.headers.single("allow") != nil) == (bad.status == 405))
        #expect(world.requestsAtBank == before)
    }

    @Test("is not remembered: the same key pays once the request is right")
    func forgotten() async throws {
        try await World.with { world in
            let refused = try await world.acme.pay(Caller.order(("amount", .integer(0))), key: "order-7")
            #expect(refused.status == 422)
            #expect(try await world.acme.pay(key: "order-7").status == 201)
        }
    }

    // MARK: What is not HTTP

    private static func head(_ lines: String...) -> [UInt8] {
        Array((["POST /v1/payments HTTP/1.1", "Host: 127.0.0.1"] + lines).map { "\($0)\r\n" }.joined().utf8) + Array("\r\n".utf8)
    }

    /// Bytes that break HTTP/1.1 or its limits.
    struct Broken: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) {
            testDescription = name
            self.bytes = bytes
        }
    }

    static let broken = [
        Broken("not a request line", Array("this is not HTTP\r\n\r\n".utf8)),
        Broken("a method of other letters", Array("P@Y /v1/payments HTTP/1.1\r\nHost: a\r\n\r\n".utf8)),
        Broken("another protocol", Array("GET / HTTP/9.9\r\n\r\n".utf8)),
        Broken("a NUL in the path", Array("GET /v1/payments/pay_\0 HTTP/1.1\r\nHost: a\r\n\r\n".utf8)),
        Broken("a NUL in a header", head("X-Tenant-Id: ac\0me")),
        Broken("a space in a header's name", head("X Tenant Id: acme")),
        Broken("a header without a name", head(": acme")),
        Broken("two lengths", head("Content-Length: 2", "Content-Length: 3")),
        Broken("a length and chunks", head("Content-Length: 2", "Transfer-Encoding: chunked")),
        Broken("a length that is no number", head("Content-Length: two")),
        Broken("a negative length", head("Content-Length: -1")),
        Broken("no host", Array("GET /v1/gateways HTTP/1.1\r\n\r\n".utf8)),
        Broken("two hosts", head("Host: elsewhere")),
        Broken("an absolute target", Array("GET http://127.0.0.1/v1/gateways HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)),
        Broken("a coding before chunked", head("Transfer-Encoding: identity, chunked")),
        Broken("a header of 100,000 bytes", head("X-Filler: \(String(repeating: "0", count: 100_000))")),
        Broken("10,000 headers", head((1...10_000).map { "X-Filler-\($0): 0" }.joined(separator: "\r\n"))),
        Broken(
            "a path of 100,000 bytes", Array("GET /\(String(repeating: "0", count: 100_000)) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)),
    ]

    @Test("is refused as a problem also where it is not HTTP", arguments: broken)
    func notHTTP(broken: Broken) async throws {
        let world = try #require(World.current)
        let before = world.requestsAtBank
        let reply = try await Wire.exchange(broken.bytes, port: world.gateway.api)
        #expect(reply.status == 400)
        #expect(reply.code == "malformed_request")
        #expect(reply.isProblem)
        #expect(world.requestsAtBank == before)
        #expect(try await world.gateway.ask("/health").status == 200)
    }
}
