import AdapterKit
import NIOHTTP1
import Testing

@testable import ToxicProxy

/// An echo server behind a proxy called `echo`.
struct World {
    let api: ProxyAPI
    let echo: EchoServer
    let port: Int

    static func with(seed: UInt64 = 1, _ body: (World) async throws -> Void) async throws {
        let api = ProxyAPI(proxies: ProxyCollection(seed: seed))
        let echo = try await EchoServer.start()
        let created = await api.ask(
            .POST, "/proxies", #"{"name":"echo","listen":"127.0.0.1:0","upstream":"127.0.0.1:\#(echo.port)"}"#)
        let world = World(api: api, echo: echo, port: try #require(created.port))
        do { try await body(world) } catch {
            await world.stop()
            throw error
        }
        await world.stop()
    }

    private func stop() async {
        await api.proxies.closeAll()
        try? await echo.stop()
    }

    @discardableResult
    func ask(_ method: HTTPMethod, _ path: String, _ body: String = "") async -> ProxyAPI.Answer {
        await api.ask(method, path, body)
    }

    /// Adds a toxic to the proxy; it has to be taken.
    func poison(_ toxic: String) async throws {
        let answer = await ask(.POST, "/proxies/echo/toxics", toxic)
        try #require(answer.status == 200, "\(answer)")
    }
}

extension ProxyAPI {
    func ask(_ method: HTTPMethod, _ path: String, _ body: String = "", userAgent: String? = nil) async -> Answer {
        await answer(Request(method: method, path: path, userAgent: userAgent, body: Array(body.utf8)))
    }
}

extension ProxyAPI.Answer {
    /// Where the proxy of the answer listens.
    var port: Int? { body?["listen"]?.text.flatMap(Address.init)?.port }
    var error: String? { body?["error"]?.text }
}
