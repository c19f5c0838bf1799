import AdapterKit
import Foundation
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("What nobody may read", .serialized, .timeLimit(.minutes(2)))
struct SecrecyTests {
    /// Personal data, each of a form that nothing else has. The card's number passes Luhn.
    private static let number = "4000009876543210"
    private static let canaries = [
        number, "9173", "Canary Q. Holder", "canary@example.com", "986.543.210-99", "canary-description", "tok_canary_1",
        "canary.payer@bank", "canary-account-77",
    ]

    private static let card = Caller.order(
        ("description", .string("canary-description")),
        (
            "method",
            Caller.card(
                ("number", .string(number)), ("exp_month", .integer(12)), ("exp_year", .integer(2031)), ("cvc", .string("9173")),
                ("holder", .string("Canary Q. Holder")))
        ),
        (
            "customer",
            .members([
                ("name", .string("Canary Q. Holder")), ("email", .string("canary@example.com")),
                ("tax_id", .string("986.543.210-99")),
            ])
        ))

    private static let others = [
        Caller.order(("method", Caller.card(("token", .string("tok_canary_1"))))),
        Caller.order(
            (
                "method",
                .members([
                    ("type", .string("upi")),
                    ("upi", .members([("payer_vpa", .string("canary.payer@bank")), ("payee_vpa", .string("shop@bank"))])),
                ])
            )),
        Caller.order(
            (
                "method",
                .members([
                    ("type", .string("bank_transfer")),
                    (
                        "bank_transfer",
                        .members([
                            ("debtor", .members([("account", .string("canary-account-77"))])),
                            ("creditor", .members([("account", .string("1"))])),
                        ])
                    ),
                ])
            )),
    ]

    @Test("is not in the log, nor in metrics, however much is logged and whatever fails", arguments: StoreKind.allCases)
    func log(store: StoreKind) async throws {
        try await World.with(store, try Setup { $0.logLevel = "trace" }) { world in
            for misbehaviour in [
                nil, .decline(code: "05"), .garbage, .cutAfter, .noSignature, .rejected, .notProcessed, .pending,
            ] as [Misbehaviour?] {
                if let misbehaviour { try world.bank.script(misbehaviour, for: .charge) }
                let reply = try await world.acme.pay(Self.card)
                #expect([201, 202].contains(reply.status))
                for canary in Self.canaries where canary != "canary-description" { #expect(!Self.shows(canary, in: reply.text)) }
                _ = try await world.acme.sync(reply.id)
            }
            for order in Self.others { #expect(try await world.acme.pay(order).status == 201) }
            try await provoke(world)
            let metrics = try await world.gateway.ask("/metrics").text
            world.gateway.terminate()
            #expect(await world.gateway.program.ended() == 0)
            let log = world.gateway.program.output.text + world.gateway.program.errors.text
            #expect(log.contains("payment decided"))
            for secret in Self.canaries + Setup.secrets + ["PRIVATE KEY"] {
                #expect(!Self.shows(secret, in: log), "\(secret)")
                #expect(!Self.shows(secret, in: metrics), "\(secret)")
            }
        }
    }

    /// Requests that are refused while they carry what nobody may read.
    private func provoke(_ world: World) async throws {
        var forged = APIRequest.post("/v1/payments", Self.card, key: "order-7")
        forged.add("X-Tenant-Id", "acme")
        forged.add("X-Signature", "v1=AAAA")
        #expect(try await world.acme.send(forged).status == 400)
        let wrong = JSON.object((Self.card.members ?? []).filter { $0.name != "amount" })
        #expect(try await world.acme.pay(wrong).status == 422)
        #expect(try await world.acme.get("/v1/payments/\(Self.number)").status == 404)
    }

    @Test("is not readable in Redis")
    func redis() async throws {
        try await World.with(.redis, try Setup { $0.gatewayLines = ["retry: { max_retries: 0 }"] }) { world in
            let redis = try #require(RedisServer.current)
            for order in [Self.card] + Self.others { #expect(try await world.acme.pay(order).status == 201) }
            // A queued payment keeps its card's number, and only encrypted.
            try world.bank.script(.notProcessed, for: .charge)
            #expect(try await world.acme.pay(Self.card).state == "queued")
            let keys = try await redis.command("KEYS", "*").split(separator: "\n").map(String.init)
            #expect(keys.count > Self.others.count)
            for key in keys {
                let held = try await held(under: key, redis)
                for secret in Self.canaries + Setup.secrets { #expect(!Self.shows(secret, in: held), "\(secret) under \(key)") }
            }
        }
    }

    @Test("is not in the log, in metrics or in Redis when banks call back and webhooks go out, right or wrong")
    func callbacks() async throws {
        let setup = try Setup {
            $0.logLevel = "trace"
            $0.gatewayLines = [World.asksLater]
        }
        try await World.telling(.redis, setup, answering: 500) { world, receiver in
            let redis = try #require(RedisServer.current)
            for mode in [CallbackMode.onTime, .beforeAnswer, .wrongAmount, .declined, .replayed] {
                try world.bank.script(.callback(mode), for: .charge)
                let reply = try await world.acme.pay(Self.card)
                _ = try #require(await receiver.next())
                _ = try await world.acme.events(of: reply.id, until: "payment.\(mode.ending)")
            }
            try await slander(world)
            let listed = try await world.gateway.ask("/admin/callbacks/malformed").text
            let unmatched = try await world.gateway.ask("/admin/callbacks/unmatched").text
            let endpoints = try await world.gateway.ask("/admin/webhooks").text
            let metrics = try await world.gateway.ask("/metrics").text
            #expect(metrics.contains("result=\"malformed\"") && metrics.contains("drawbridge_webhooks_total"))
            let dump = Self.unwrapped(try await dump(of: redis))
            world.gateway.terminate()
            #expect(await world.gateway.program.ended() == 0)
            let log = world.gateway.program.output.text + world.gateway.program.errors.text
            #expect(log.contains("callback received") && log.contains("callback not applied"))
            #expect(dump.contains("callback") && dump.contains("evt_"))
            for secret in Self.canaries + Setup.secrets + ["PRIVATE KEY"] {
                for (place, text) in [("log", log), ("metrics", metrics), ("Redis", dump)] {
                    #expect(!Self.shows(secret, in: text), "\(secret) in \(place)")
                }
                #expect(!Self.shows(secret, in: listed + unmatched + endpoints), "\(secret) shown to operators")
            }
        }
    }

    /// What is signed and carries what nobody may read: without sense, for nobody here; and what is forged.
    private func slander(_ world: World) async throws {
        let gossip = Self.canaries.joined(separator: "; ")
        #expect(try await world.post("evt_malformed", Array("{\"gossip\":\"\(gossip)\"".utf8)) == .answered(status: 400))
        var event = World.event("evt_nobody", of: "pay_00000000000000000000000000")
        event.data = .object((event.data.members ?? []) + [JSON.Member("message", .string(gossip))])
        event.data = .object((event.data.members ?? []).filter { $0.value != .string("ok") })
        #expect(try await world.post(event) == .answered(status: 204))
        let forger = SigningKey(id: Setup.callbackKey.id, secret: Secret(text: "not the secret of this key"))
        #expect(try await world.post("evt_forged", event.body, key: forger) == .answered(status: 401))
    }

    /// Four digits stand in many a digest by chance: they count where nothing else of a word is beside them.
    private static func shows(_ secret: String, in text: String) -> Bool {
        guard secret.utf8.count < 8 else { return text.contains(secret) }
        return text.ranges(of: secret).contains { range in
            let before = range.lowerBound == text.startIndex ? nil : text[text.index(before: range.lowerBound)]
            let after = range.upperBound == text.endIndex ? nil : text[range.upperBound]
            return [before, after].allSatisfy { $0.map { !$0.isLetter && !$0.isNumber } ?? true }
        }
    }

    /// With what stands in base64 in it, also within such again.
    private static func unwrapped(_ text: String) -> String {
        var layers = [text]
        for _ in 0..<3 {
            let words = layers.last?.split { !($0.isLetter || $0.isNumber || "+/=-_".contains($0)) } ?? []
            let inner = words.filter { $0.utf8.count > 15 }.compactMap { Data(base64Encoded: String($0)) }
            layers.append(inner.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n"))
        }
        return layers.joined(separator: "\n")
    }

    private func dump(of redis: RedisServer) async throws -> String {
        let keys = try await redis.command("KEYS", "*").split(separator: "\n").map(String.init)
        var dump = ""
        for key in keys { dump += "\(key)\n\(try await held(under: key, redis))\n" }
        return dump
    }

    private func held(under key: String, _ redis: RedisServer) async throws -> String {
        switch try await redis.command("TYPE", key) {
        case "hash": try await redis.command("HGETALL", key)
        case "string": try await redis.command("GET", key)
        case "list": try await redis.command("LRANGE", key, "0", "-1")
        case "set": try await redis.command("SMEMBERS", key)
        case "zset": try await redis.command("ZRANGE", key, "0", "-1")
        case "stream": try await redis.command("XRANGE", key, "-", "+")
        case let type: throw UnknownType(name: type)
        }
    }

    private struct UnknownType: Error {
        let name: String
    }
}

extension CallbackMode {
    /// What becomes of a charge.
    fileprivate var ending: String {
        switch self {
        case .wrongAmount: "manual_review"
        case .declined: "failed"
        default: "succeeded"
        }
    }
}
