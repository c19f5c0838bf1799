import AdapterKit
import Foundation
import Glibc
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("drawbridge serve", .serialized, .timeLimit(.minutes(2)))
struct ServingTests {
    @Test("finishes what is in flight when it is told to stop, and takes nothing new", arguments: StoreKind.allCases)
    func drains(store: StoreKind) async throws {
        try await World.with(store) { world in
            #expect(try await world.gateway.ask("/ready").status == 200)
            try world.bank.script(.slowAfter(milliseconds: 2500), for: .charge)
            async let answer = world.acme.pay()
            await world.bank.reaches { ledger, _ in ledger.moneyMovements == 1 }
            world.gateway.terminate()
            #expect(await world.gateway.logs("draining"))
            let ready = try await world.gateway.ask("/ready")
            #expect(ready.status == 503)
            #expect(ready["reasons"] == .array([.string("draining")]))
            #expect(try await world.gateway.ask("/health").status == 200)
            // Refused by its answer or by the connection, and in either way not sent.
            let late = try? await world.acme.pay()
            #expect(late == nil || late?.code == "gateways_unavailable")
            let reply = try await answer
            #expect(reply.status == 201)
            #expect(reply.state == "succeeded")
            #expect(await world.gateway.program.ended() == 0)
            #expect(world.bank.counters[.charge] == 1)
        }
    }

    @Test("ends at once and with 0 when nothing is in flight", arguments: [SIGTERM, SIGINT])
    func stops(signal: Int32) async throws {
        try await World.with { world in
            let paid = try await world.acme.pay()
            #expect(paid.status == 201)
            world.gateway.program.signal(signal)
            #expect(await world.gateway.program.ended() == 0)
            #expect(world.gateway.program.errors.all == [])
        }
    }

    @Test("lives on when it is told to read its configuration again")
    func reload() async throws {
        try await World.with { world in
            world.gateway.program.signal(SIGHUP)
            #expect(await world.gateway.logs("reload"))
            let paid = try await world.acme.pay()
            #expect(paid.status == 201)
        }
    }

    @Test("waits for no caller that is gone: a payment left behind is settled before the end")
    func leftBehind() async throws {
        try await World.with { world in
            try world.bank.script(.slowAfter(milliseconds: 700), for: .charge)
            let early = try await world.acme.pay(prefer: "respond-async")
            #expect(early.status == 202)
            await world.bank.reaches { ledger, _ in ledger.moneyMovements == 1 }
            world.gateway.terminate()
            #expect(await world.gateway.logs("payment decided", early.id, "succeeded"))
            #expect(await world.gateway.program.ended() == 0)
        }
    }

    @Test("does not start on a port that somebody has")
    func portTaken() async throws {
        try await World.with { world in
            let text = try String(contentsOfFile: world.configuration, encoding: .utf8)
            let taken = text.replacing("api: { address: 127.0.0.1:0 }", with: "api: { address: 127.0.0.1:\(world.gateway.api) }")
            let path = world.configuration + ".taken.yaml"
            try Data(taken.utf8).write(to: URL(filePath: path))
            let run = try await RunningProgram.run("serve", "--config", path, environment: Setup.environment)
            #expect(run.code == 1)
            #expect(!run.errors.isEmpty)
        }
    }

    @Test("does not serve from a Redis that would lose payments", arguments: ["appendonly no", "maxmemory-policy allkeys-lru"])
    func forgetfulRedis(setting: String) async throws {
        try await World.with(.redis) { world in
            let redis = try #require(RedisServer.current)
            try await redis.command(["CONFIG", "SET"] + setting.split(separator: " ").map(String.init))
            let run = try await RunningProgram.run("serve", "--config", world.configuration, environment: Setup.environment)
            #expect(run.code == 1)
            #expect(run.errors.contains(setting))
        }
    }
}
