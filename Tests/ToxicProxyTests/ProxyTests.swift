import AdapterKit
import NIOHTTP1
import Testing

@testable import ToxicProxy

@Suite("Connections through a proxy", .timeLimit(.minutes(1)))
struct ProxyTests {
    private func duration(_ body: () async throws -> Void) async throws -> Duration {
        try await ContinuousClock().measure(body)
    }

    @Test func `bytes pass in both directions and the end follows`() async throws {
        try await World.with { world in
            let caller = try await Caller.connect(world.port)
            caller.send("hello")
            #expect(try await caller.text(5) == "hello")
            caller.send("bye")
            #expect(await caller.ending() == .closed)
        }
    }

    @Test func `a client that leaves is not kept at the server`() async throws {
        try await World.with { world in
            let caller = try await Caller.connect(world.port)
            caller.send("hello")
            _ = try await caller.text(5)
            caller.close()
            #expect(await world.echo.ended.first { _ in true } == 5)
        }
    }

    @Test(arguments: ["upstream", "downstream"]) func `latency delays a direction`(stream: String) async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"latency","stream":"\#(stream)","attributes":{"latency":120}}"#)
            let caller = try await Caller.connect(world.port)
            let taken = try await duration {
                caller.send("hello")
                let received = try await caller.text(5)
                #expect(received == "hello")
            }
            #expect(taken >= .milliseconds(120))
        }
    }

    @Test func `a toxic reaches a connection that is open, and its removal too`() async throws {
        try await World.with { world in
            let caller = try await Caller.connect(world.port)
            caller.send("one")
            #expect(try await caller.text(3) == "one")
            try await world.poison(#"{"name":"short","type":"limit_data","attributes":{"bytes":0}}"#)
            await world.ask(.DELETE, "/proxies/echo/toxics/short")
            caller.send("two")
            #expect(try await caller.text(3) == "two")
            try await world.poison(#"{"name":"short","type":"limit_data","attributes":{"bytes":2}}"#)
            caller.send("three")
            #expect(try await caller.text(9) == "th")
        }
    }

    @Test func `a direction that holds much stops reading, and everything arrives in order`() async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"latency","stream":"upstream","attributes":{"latency":100}}"#)
            let caller = try await Caller.connect(world.port)
            let bytes = (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let taken = try await duration {
                caller.send(bytes)
                // Not compared in the expectation, which would write out both.
                let isWhole = try await caller.receive(bytes.count) == bytes
                #expect(isWhole)
            }
            // 256 KiB every tenth of a second, and one read more each time.
            #expect(taken >= .milliseconds(300))
        }
    }

    @Test func `a timeout of 0 holds the connection until it is removed`() async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"timeout","attributes":{"timeout":0}}"#)
            let caller = try await Caller.connect(world.port)
            caller.send("hello")
            #expect(await world.echo.arrived.first { _ in true } == 5)
            await world.ask(.DELETE, "/proxies/echo/toxics/timeout_downstream")
            #expect(try await caller.text(1) == "")
        }
    }

    @Test(arguments: ["upstream", "downstream"])
    func `a timeout closes after its time and lets nothing through`(stream: String) async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"timeout","stream":"\#(stream)","attributes":{"timeout":80}}"#)
            let caller = try await Caller.connect(world.port)
            caller.send("hello")
            #expect(try await caller.text(1) == "")
            #expect(await world.echo.ended.first { _ in true } == (stream == "upstream" ? 0 : 5))
        }
    }

    @Test(arguments: ["upstream", "downstream"]) func `a reset is one to the client`(stream: String) async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"reset_peer","stream":"\#(stream)","attributes":{"timeout":20}}"#)
            let caller = try await Caller.connect(world.port)
            caller.send("hello")
            #expect(await caller.ending() == .reset)
        }
    }

    @Test func `a limit downstream gives the client exactly its bytes`() async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"limit_data","attributes":{"bytes":7}}"#)
            let caller = try await Caller.connect(world.port)
            caller.send("0123456789")
            #expect(try await caller.text(100) == "0123456")
        }
    }

    @Test func `a limit upstream gives the server exactly its bytes`() async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"limit_data","stream":"upstream","attributes":{"bytes":7}}"#)
            let caller = try await Caller.connect(world.port)
            caller.send("0123456789")
            #expect(await world.echo.ended.first { _ in true } == 7)
            #expect(await caller.ending() == .closed)
        }
    }

    @Test func `slices make up the whole`() async throws {
        try await World.with { world in
            let slicer = #""type":"slicer","attributes":{"average_size":3,"size_variation":2,"delay":10}"#
            try await world.poison(#"{"stream":"upstream",\#(slicer)}"#)
            try await world.poison(#"{"stream":"downstream",\#(slicer)}"#)
            let caller = try await Caller.connect(world.port)
            let bytes = (0..<2_000).map { UInt8(truncatingIfNeeded: $0) }
            caller.send(bytes)
            #expect(try await caller.receive(bytes.count) == bytes)
        }
    }

    @Test func `a bandwidth is not exceeded`() async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"bandwidth","attributes":{"rate":10}}"#)
            let caller = try await Caller.connect(world.port)
            let taken = try await duration {
                caller.send([UInt8](repeating: 1, count: 3_000))
                let received = try await caller.receive(3_000).count
                #expect(received == 3_000)
            }
            #expect(taken >= .milliseconds(300))
        }
    }

    @Test func `a slow close tells the client later`() async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"slow_close","attributes":{"delay":150}}"#)
            let caller = try await Caller.connect(world.port)
            let taken = try await duration {
                caller.send("bye")
                #expect(await caller.ending() == .closed)
            }
            #expect(taken >= .milliseconds(150))
        }
    }

    @Test func `a toxicity affects some connections and not others`() async throws {
        try await World.with(seed: 11) { world in
            try await world.poison(#"{"type":"limit_data","toxicity":0.5,"attributes":{"bytes":0}}"#)
            var passed = 0
            for _ in 0..<40 {
                let caller = try await Caller.connect(world.port)
                caller.send("x")
                passed += try await caller.receive(1).count
                caller.close()
            }
            #expect((5...35).contains(passed))
        }
    }

    @Test func `disabling cuts connections and refuses new ones, and enabling takes the same port`() async throws {
        try await World.with { world in
            let caller = try await Caller.connect(world.port)
            caller.send("hello")
            _ = try await caller.text(5)
            #expect(await world.ask(.PATCH, "/proxies/echo", #"{"enabled":false}"#).body?["enabled"] == .bool(false))
            _ = await caller.ending()
            await #expect(throws: (any Error).self) { try await Caller.connect(world.port) }
            #expect(await world.ask(.POST, "/proxies/echo", #"{"enabled":true}"#).port == world.port)
            let second = try await Caller.connect(world.port)
            second.send("again")
            #expect(try await second.text(5) == "again")
        }
    }

    @Test func `deleting cuts connections and refuses new ones`() async throws {
        try await World.with { world in
            let caller = try await Caller.connect(world.port)
            caller.send("hello")
            _ = try await caller.text(5)
            #expect(await world.ask(.DELETE, "/proxies/echo").status == 204)
            _ = await caller.ending()
            await #expect(throws: (any Error).self) { try await Caller.connect(world.port) }
        }
    }

    @Test func `another upstream cuts connections, keeps the toxics and leads there`() async throws {
        try await World.with { world in
            let other = try await EchoServer.start()
            try await world.poison(#"{"type":"limit_data","attributes":{"bytes":2}}"#)
            let caller = try await Caller.connect(world.port)
            let answer = await world.ask(.PATCH, "/proxies/echo", #"{"upstream":"127.0.0.1:\#(other.port)"}"#)
            #expect(answer.port == world.port)
            #expect(answer.body?["toxics"]?.elements?.count == 1)
            _ = await caller.ending()
            let second = try await Caller.connect(world.port)
            second.send("hello")
            #expect(try await second.text(9) == "he")
            #expect(await other.ended.first { _ in true } == 5)
            try await other.stop()
        }
    }

    @Test func `resetting removes toxics and opens what was closed`() async throws {
        try await World.with { world in
            try await world.poison(#"{"type":"limit_data","attributes":{"bytes":0}}"#)
            await world.ask(.POST, "/proxies/echo", #"{"enabled":false}"#)
            #expect(await world.ask(.POST, "/reset") == .noContent)
            let caller = try await Caller.connect(world.port)
            caller.send("hello")
            #expect(try await caller.text(5) == "hello")
            #expect(await world.ask(.GET, "/proxies/echo/toxics").body == .array([]))
        }
    }

    @Test func `a client is closed where the server cannot be reached`() async throws {
        try await World.with { world in
            try await world.echo.stop()
            let caller = try await Caller.connect(world.port)
            #expect(await caller.ending() == .closed)
        }
    }
}
