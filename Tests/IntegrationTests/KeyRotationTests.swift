import AdapterKit
import Foundation
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("Encryption keys that roll over, between processes", .serialized, .timeLimit(.minutes(3)))
struct KeyRotationTests {
    /// The id of the key under which a payment is stored.
    private func key(of payment: String, _ world: CanaryWorld) async throws -> String {
        let script = """
            for _, key in ipairs(redis.call('KEYS', '*p:' .. ARGV[1])) do
              local seal = redis.call('HGET', key, 'seal')
              if seal then return string.sub(seal, 3, 2 + string.byte(seal, 2)) end
            end
            return 'none'
            """
        return try await world.redis.command("EVAL", script, "0", payment)
    }

    private func with(
        _ world: CanaryWorld, _ ring: [String], _ body: (RunningGateway) async throws -> Void
    ) async throws {
        let gateway = try await world.start(ring: ring)
        do {
            try await body(gateway)
            await gateway.kill()
        } catch {
            await gateway.kill()
            throw error
        }
    }

    private static let order = Caller.order(("description", .string("Pedido 17")))

    @Test("what was stored under the old key is refunded and stored under the new one, and its answers are still the same")
    func rollsOver() async throws {
        try await CanaryWorld.with { world in
            var paid: Reply?
            try await with(world, ["ring-1"]) { gateway in
                paid = try await gateway.acme.pay(Self.order, key: "order-7")
                #expect(paid?.state == "succeeded")
            }
            let payment = try #require(paid)
            #expect(try await key(of: payment.id, world) == "ring-1")
            try await with(world, ["ring-2", "ring-1"]) { (gateway) async throws in
                #expect(try await gateway.acme.pay(Self.order, key: "order-7").body == payment.body)
                #expect(try await key(of: payment.id, world) == "ring-1")
                #expect(try await gateway.acme.refund(payment.id, 100).state == "succeeded")
                #expect(try await key(of: payment.id, world) == "ring-2")
                #expect(try await gateway.acme.payment(payment.id)["description"]?.text == "Pedido 17")
                #expect(try await key(of: gateway.acme.pay().id, world) == "ring-2")
            }
        }
    }

    @Test("a reload brings a new key, without a restart")
    func reloaded() async throws {
        try await CanaryWorld.with { world in
            try await with(world, ["ring-1"]) { gateway in
                let paid = try await gateway.acme.pay(Self.order, key: "order-7")
                #expect(try await key(of: paid.id, world) == "ring-1")
                _ = try world.configuration(["ring-2", "ring-1"], "1h")
                gateway.program.signal(SIGHUP)
                #expect(await gateway.logs("configuration reloaded", "signal"))
                #expect(try await gateway.acme.pay(Self.order, key: "order-7").body == paid.body)
                #expect(try await gateway.acme.refund(paid.id, 100).state == "succeeded")
                #expect(try await key(of: paid.id, world) == "ring-2")
                #expect(try await key(of: gateway.acme.pay().id, world) == "ring-2")
            }
        }
    }

    @Test("without the old key all goes on but what needs it: that becomes a dead letter, and goes on with the key")
    func oldKeyGone() async throws {
        try await CanaryWorld.with { world in
            var (paid, queued) = ("", "")
            try await with(world, ["ring-1"]) { gateway in
                paid = try await gateway.acme.pay(Self.order, key: "order-7").id
                try world.bank.script(.notProcessed, for: .charge, times: 1_000)
                queued = try await gateway.acme.pay().id
            }
            try await with(world, ["ring-2"]) { gateway in
                #expect(await gateway.logs("record cannot be opened", "error", queued))
                #expect(await gateway.logs("payment decided", "manual_review", queued))
                world.bank.forgetScript()
                #expect(try await gateway.acme.pay().state == "succeeded")
                #expect(try await gateway.acme.refund(paid, 100).state == "succeeded")
                let again = try await gateway.acme.pay(Self.order, key: "order-7")
                #expect(again.status == 503, "\(again.text)")
            }
            try await with(world, ["ring-2", "ring-1"]) { (gateway) async throws in
                let redrive = try await world.admin(gateway, "/admin/dead-letters/\(queued)/redrive", .object([]))
                #expect(redrive.status == 200, "\(redrive.text)")
                #expect(await gateway.logs("payment decided", "succeeded", queued))
                #expect(try await gateway.acme.pay(Self.order, key: "order-7").status == 201)
                #expect(world.bank.ledger[paid]?.refunded == 100)
            }
        }
    }

    @Test("a replica that has only the old key keeps serving beside one that has the new one")
    func olderReplica() async throws {
        try await CanaryWorld.with { world in
            try await with(world, ["ring-2", "ring-1"]) { newer in
                let paid = try await newer.acme.pay(Self.order)
                #expect(try await key(of: paid.id, world) == "ring-2")
                try await with(world, ["ring-1"]) { older in
                    let shown = try await older.acme.payment(paid.id)
                    #expect(shown.status == 200 && shown.state == "succeeded", "\(shown.text)")
                    #expect(shown["description"] == .null)
                    #expect(try await older.acme.refund(paid.id, 100).state == "succeeded")
                    #expect(try await older.acme.pay(Self.order).state == "succeeded")
                    #expect(try await older.acme.events().status == 200)
                    let metrics = try await world.admin(older, "/metrics").text
                    #expect(metrics.contains("drawbridge_records_unreadable_total{reason=\"unknown_key\"}"))
                }
                #expect(try await newer.acme.payment(paid.id)["amount_refunded"]?.integer == 100)
                #expect(try await newer.acme.payment(paid.id)["description"]?.text == "Pedido 17")
            }
        }
    }
}
