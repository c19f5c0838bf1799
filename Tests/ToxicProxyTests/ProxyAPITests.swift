import AdapterKit
import NIOHTTP1
import Testing

@testable import ToxicProxy

@Suite("The API of the proxy", .timeLimit(.minutes(1)))
struct ProxyAPITests {
    @Test func `a proxy is shown with its toxics, upstream first`() async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"latency"}"#)
            try await world.poison(#"{"type":"timeout","stream":"upstream"}"#)
            let shown = await world.ask(.GET, "/proxies/echo")
            #expect(shown.status == 200)
            #expect(shown.body?["name"] == .string("echo"))
            #expect(shown.body?["enabled"] == .bool(true))
            let names = shown.body?["toxics"]?.elements?.map { $0["name"]?.text }
            #expect(names == ["timeout_upstream", "latency_downstream"])
            #expect(await world.ask(.GET, "/proxies").body?["echo"] == shown.body)
            #expect(await world.ask(.GET, "/proxies/echo/toxics").body == shown.body?["toxics"])
        }
    }

    @Test func `creating answers 201 and with the port that was taken`() async throws {
        try await World.with { world in
            let created = await world.ask(.POST, "/proxies", #"{"name":"b","upstream":"127.0.0.1:1"}"#)
            #expect(created.status == 201)
            #expect((created.port ?? 0) > 0)
            let closed = await world.ask(
                .POST, "/proxies", #"{"name":"c","listen":"127.0.0.1:0","upstream":"127.0.0.1:1","enabled":false}"#)
            #expect(closed.status == 201)
            #expect(closed.port == 0)
        }
    }

    @Test(arguments: [
        ("{", 400, "bad request body: not valid JSON at byte 1"), ("[]", 400, "bad request body: proxy is not an object"),
        (#"{"upstream":"127.0.0.1:1"}"#, 400, "missing required field: name"),
        (#"{"name":"","upstream":"127.0.0.1:1"}"#, 400, "missing required field: name"),
        (#"{"name":"b"}"#, 400, "missing required field: upstream"),
        (#"{"name":"b","upstream":"there"}"#, 400, "bad request body: upstream of proxy is not host:port"),
        (#"{"name":"b","upstream":"127.0.0.1:1","listen":"7"}"#, 400, "bad request body: listen of proxy is not host:port"),
        (#"{"name":"b","upstream":"127.0.0.1:1","enabled":1}"#, 400, "bad request body: enabled of proxy is not true or false"),
        (#"{"name":"b","upstream":"127.0.0.1:1","tls":{}}"#, 400, "bad request body: proxy has no tls"),
        (
            #"{"name":"b c","upstream":"127.0.0.1:1"}"#, 400,
            "bad request body: name of proxy: 1 to 100 letters, digits, '_', '-' and '.'"
        ), (#"{"name":"echo","upstream":"127.0.0.1:1"}"#, 409, "proxy already exists"),
    ])
    func `a proxy that cannot be made is refused and says why`(body: String, status: Int, error: String) async throws {
        try await World.with { world in
            let answer = await world.ask(.POST, "/proxies", body)
            #expect(answer.status == status)
            #expect(answer.error == error)
            #expect(answer.body?["status"] == .integer(Int64(status)))
            #expect(await world.ask(.GET, "/proxies").body?.members?.count == 1)
        }
    }

    @Test func `an address that is taken is 500 and makes no proxy`() async throws {
        try await World.with { world in
            let body = #"{"name":"b","listen":"127.0.0.1:\#(world.port)","upstream":"127.0.0.1:1"}"#
            #expect(await world.ask(.POST, "/proxies", body).status == 500)
            #expect(await world.ask(.GET, "/proxies/b").status == 404)
        }
    }

    @Test func `populating leaves alone what is as it should be and replaces the rest`() async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"latency"}"#)
            let same = #"{"name":"echo","listen":"127.0.0.1:\#(world.port)","upstream":"127.0.0.1:\#(world.echo.port)"}"#
            let other = #"{"name":"b","upstream":"127.0.0.1:1"}"#
            let populated = await world.ask(.POST, "/populate", "[\(same),\(other)]")
            #expect(populated.status == 201)
            #expect(populated.body?["proxies"]?.elements?.map { $0["name"]?.text } == ["echo", "b"])
            #expect(await world.ask(.GET, "/proxies/echo/toxics").body?.elements?.count == 1)
            let moved = #"{"name":"echo","listen":"127.0.0.1:\#(world.port)","upstream":"127.0.0.1:1"}"#
            #expect(await world.ask(.POST, "/populate", "[\(moved)]").status == 201)
            #expect(await world.ask(.GET, "/proxies/echo").body?["upstream"] == .string("127.0.0.1:1"))
            #expect(await world.ask(.GET, "/proxies/echo/toxics").body == .array([]))
        }
    }

    @Test(arguments: [
        "{}", #"[{"name":"b"}]"#, #"[{"name":"b","upstream":"127.0.0.1:1"},{"name":"c"}]"#,
        #"[{"name":"b","upstream":"127.0.0.1:1"},{"name":"b","upstream":"127.0.0.1:2"}]"#,
    ])
    func `populating with anything wrong changes nothing`(body: String) async throws {
        try await World.with { world in
            #expect(await world.ask(.POST, "/populate", body).status == 400)
            #expect(await world.ask(.GET, "/proxies").body?.members?.count == 1)
        }
    }

    @Test func `a toxic is made, shown, changed and removed`() async throws {
        try await World.with { world in
            let path = "/proxies/echo/toxics/slow"
            let made = await world.ask(
                .POST, "/proxies/echo/toxics", #"{"name":"slow","type":"latency","attributes":{"latency":5}}"#)
            #expect(made.status == 200)
            #expect(await world.ask(.GET, path) == made)
            let changed = await world.ask(.PATCH, path, #"{"attributes":{"latency":6}}"#)
            #expect(changed.body?["attributes"]?["latency"] == .integer(6))
            #expect(await world.ask(.POST, path, #"{"toxicity":0.5}"#).body?["toxicity"] == .number("0.5"))
            #expect(await world.ask(.DELETE, path) == .noContent)
            #expect(await world.ask(.GET, path).error == "toxic not found")
        }
    }

    @Test func `a toxic's name is free once`() async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"latency"}"#)
            let second = await world.ask(.POST, "/proxies/echo/toxics", #"{"type":"latency"}"#)
            #expect(second.status == 409)
            #expect(second.error == "toxic already exists")
            try await world.poison(#"{"type":"latency","stream":"upstream"}"#)
        }
    }

    @Test(arguments: [
        (HTTPMethod.GET, "/proxies/none", 404), (.PATCH, "/proxies/none", 404), (.DELETE, "/proxies/none", 404),
        (.GET, "/proxies/none/toxics", 404), (.POST, "/proxies/none/toxics", 404), (.DELETE, "/proxies/echo/toxics/none", 404),
        (.PATCH, "/proxies/echo/toxics/none", 404), (.GET, "/", 404), (.GET, "/proxies/echo/poisons", 404),
        (.GET, "/proxies/echo/toxics/a/b", 404), (.PUT, "/proxies", 405), (.PUT, "/proxies/echo", 405), (.GET, "/reset", 405),
        (.GET, "/populate", 405), (.POST, "/version", 405), (.DELETE, "/proxies/echo/toxics", 405),
        (.PATCH, "/proxies/echo", 400),
    ])
    func `what is not there, or not so, is refused`(method: HTTPMethod, path: String, status: Int) async throws {
        try await World.with { world in
            let answer = await world.ask(method, path)
            #expect(answer.status == status)
            #expect(answer.error != nil)
        }
    }

    @Test func `a toxic that cannot be changed stays as it was`() async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"latency","attributes":{"latency":5}}"#)
            let path = "/proxies/echo/toxics/latency_downstream"
            #expect(await world.ask(.PATCH, path, #"{"attributes":{"rate":5}}"#).error == "bad request body: latency has no rate")
            #expect(await world.ask(.GET, path).body?["attributes"]?["latency"] == .integer(5))
        }
    }

    @Test func `a browser is refused`() async throws {
        try await World.with { world in
            #expect(await world.api.ask(.GET, "/version", userAgent: "Mozilla/5.0 (X11)").status == 403)
            #expect(await world.api.ask(.GET, "/version", userAgent: "curl/8").body?["version"]?.text?.hasPrefix("2.") == true)
        }
    }
}
