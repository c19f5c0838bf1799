import AdapterKit
import Foundation
import MockGateways
import ProcessKit
import TestKit
import Testing

/// Values that nobody may find are sent along every path, and looked for wherever something is written.
@Suite("Canaries", .serialized, .timeLimit(.minutes(4)))
struct CanaryTests {
    private typealias Place = (name: String, bytes: [UInt8])

    // MARK: The search itself

    @Test("are found where they are, however they are encoded, and nowhere else")
    func selfCheck() throws {
        let canaries = Canaries.personal + CanaryWorld.secrets
        let text = Array("{\"id\":\"pay_1\",\"elapsed_ms\":1.8361,\"n\":83610,\"a\":\"x8361\"}".utf8)
        for canary in canaries { #expect(canary.form(in: text) == nil, "\(canary.name)") }
        for canary in canaries {
            for before in ["", "a", "ab"] {
                #expect(canary.form(in: Array("\(before) \(canary.text)\n".utf8)) == "plain", "\(canary.name)")
                guard canary.text.utf8.count >= 8 else { continue }
                let encoded = Data("\(before)\(canary.text)z".utf8).base64EncodedString()
                #expect(canary.form(in: Array("x\(encoded)".utf8)) == "base64", "\(canary.name)")
            }
        }
        let number = Canary("card number", Canaries.number)
        for form in ["4000 0084 4943 3403", "4000-0084-4943-3403", "34303030303038343439343333343033"] {
            #expect(number.form(in: Array(form.utf8)) != nil)
        }
        #expect(Canary("e-mail", "a@canary.example").form(in: Array("q=a%40canary%2Eexample".utf8)) == "percent-encoded")
    }

    // MARK: Everything

    @Test("stand nowhere that anybody looks: not in logs, metrics, operators' answers, Redis or its files, whatever goes wrong")
    func nowhere() async throws {
        try await CanaryWorld.with { world in
            var places: [Place] = []
            var hidden: [Canary] = []
            // Ends by SIGKILL while a payment is under way, with another one that it has given up.
            var gateway = try await world.start(givesUpAfter: "1s")
            let shown = try await payEverything(world, gateway, &hidden)
            try await fail(world, gateway)
            try await callBack(world, gateway)
            let dead = try await giveUp(world, gateway)
            try await operate(world, gateway, dead)
            places += try await answers(world, gateway, "before the crash", shown)
            places += try await world.auditExport(of: gateway)
            let caught = try await beginPaying(world, gateway)
            await gateway.kill()
            places.append(("log of the first process", Self.printed(gateway)))
            // Recovers, and is ended by a signal that is no order: as a bug would.
            gateway = try await world.start()
            #expect(await gateway.decides(caught))
            let queued = try await queue(world, gateway)
            gateway.program.signal(SIGABRT)
            _ = await gateway.program.ended()
            places.append(("log of the second process", Self.printed(gateway)))
            // Has another key: what was queued cannot be opened.
            gateway = try await world.start(ring: ["ring-2"])
            try await meetUnreadable(world, gateway, queued)
            places += try await answers(world, gateway, "without the key", [caught, queued])
            gateway.terminate()
            #expect(await gateway.program.ended() == 0)
            places.append(("log of the third process", Self.printed(gateway)))
            places += try await kept(world)
            look(for: Canaries.personal + CanaryWorld.secrets + hidden, in: places, besides: shown + [caught, queued])
        }
    }

    /// The places hold what they should, else nothing would be shown by finding nothing there.
    private func look(for canaries: [Canary], in places: [Place], besides ids: [String]) {
        #expect(places.count > 12)
        for word in ["append-only", "snapshot", "values", "log of the first", "audit export"] {
            let bytes = places.filter { $0.name.contains(word) }.flatMap(\.bytes)
            #expect(ids.contains { Canary("", $0).form(in: bytes) != nil }, "\(word) holds no payment")
        }
        for place in places {
            for canary in canaries {
                let form = canary.form(in: place.bytes)
                #expect(form == nil, "\(canary.name), \(form ?? ""), in the \(place.name)")
            }
        }
    }

    private static func printed(_ gateway: RunningGateway) -> [UInt8] {
        Array("\(gateway.program.output.text)\n\(gateway.program.errors.text)".utf8)
    }

    private func kept(_ world: CanaryWorld) async throws -> [Place] {
        var places: [Place] = [("values in Redis", Array(try await world.values().utf8))]
        for file in try await world.files() {
            places.append((file.name.hasSuffix(".aof") ? "append-only \(file.name)" : "snapshot \(file.name)", file.bytes))
        }
        return places
    }

    private func answers(
        _ world: CanaryWorld, _ gateway: RunningGateway, _ when: String, _ payments: [String]
    ) async throws -> [Place] {
        var paths = [
            "/metrics", "/health", "/ready", "/admin/gateways", "/admin/queue", "/admin/dead-letters",
            "/admin/callbacks/unmatched",
            "/admin/callbacks/malformed", "/admin/callbacks/decided", "/admin/webhooks",
        ]
        if let endpoint = try await world.admin(gateway, "/admin/webhooks")["data"]?.elements?.first?["id"]?.text {
            paths.append("/admin/webhooks/acme/\(endpoint)/dead-letters")
        }
        paths += payments.map { "/admin/audit?payment=\($0)" }
        var places: [Place] = []
        for path in paths {
            let reply = try await world.admin(gateway, path)
            #expect(reply.status == 200, "\(path): \(reply.text)")
            places.append(("answer to \(path) \(when)", Array(reply.text.utf8)))
        }
        return places
    }

    // MARK: What a payment may be told

    private static func order(_ method: JSON, _ description: String = Canaries.description, _ changes: (String, JSON)...) -> JSON
    {
        var members: [(String, JSON)] = [
            ("amount", .integer(1000)), ("currency", .string("BRL")), ("reference", .string("order-canary")), ("method", method),
            ("description", .string(description)), ("metadata", .members([("note", .string(Canaries.metadata))])),
            (
                "customer",
                .members([
                    ("id", .string(Canaries.customer)), ("name", .string(Canaries.holder)), ("email", .string(Canaries.email)),
                    ("tax_id", .string(Canaries.taxID)),
                ])
            ),
        ]
        for change in changes {
            members.removeAll { $0.0 == change.0 }
            members.append(change)
        }
        return .members(members)
    }

    private static func card(_ number: String = Canaries.number) -> JSON {
        Caller.card(
            ("number", .string(number)), ("exp_month", .integer(12)), ("exp_year", .integer(2031)),
            ("cvc", .string(Canaries.cvc)), ("holder", .string(Canaries.holder)))
    }

    private static func method(_ type: String, _ members: [(String, JSON)]) -> JSON {
        .members([("type", .string(type)), (type, .members(members))])
    }

    private static let pix = method(
        "pix", [("payer_tax_id", .string(Canaries.payerTaxID)), ("payer_name", .string(Canaries.payer))])
    private static let upi = method(
        "upi", [("payer_vpa", .string(Canaries.payerVPA)), ("payee_vpa", .string(Canaries.payeeVPA))])
    private static let transfer = method(
        "bank_transfer",
        [
            ("debtor", .members([("account", .string(Canaries.debtor)), ("name", .string(Canaries.holder))])),
            ("creditor", .members([("account", .string(Canaries.creditor)), ("name", .string(Canaries.payer))])),
        ])

    /// What the tenant is answered shows of a card its ends, and of accounts and people no more.
    private func pay(_ gateway: RunningGateway, _ order: JSON, expecting status: Int, _ state: String) async throws -> Reply {
        let reply = try await gateway.acme.pay(order)
        #expect(reply.status == status && reply.state == state, "\(reply.text)")
        let read = try await gateway.acme.payment(reply.id)
        for canary in Canaries.personal where Canaries.unanswerable.contains(canary.name) && !isEchoed(canary, reply) {
            #expect(canary.form(in: reply.body) == nil && canary.form(in: read.body) == nil, "\(canary.name): \(reply.text)")
        }
        return reply
    }

    /// The tenant is told what the gateway said, names and all.
    private func isEchoed(_ canary: Canary, _ reply: Reply) -> Bool {
        canary.name == "holder" && reply["failure"]?["gateway_message"]?.text != nil
    }

    /// - Returns: the payments.
    private func payEverything(
        _ world: CanaryWorld, _ gateway: RunningGateway, _ hidden: inout [Canary]
    ) async throws -> [String] {
        let paid = try await pay(gateway, Self.order(Self.card()), expecting: 201, "succeeded")
        let refund = try await gateway.acme.post(
            "/v1/payments/\(paid.id)/refunds",
            .members([("amount", .integer(100)), ("reason", .string(Canaries.refundReason))]))
        #expect(refund.state == "succeeded", "\(refund.text)")
        let transferred = try await pay(gateway, Self.order(Self.transfer), expecting: 201, "succeeded")
        let pix = try await pay(gateway, Self.order(Self.pix), expecting: 201, "requires_action")
        hidden.append(Canary("QR code", try #require(pix["next_action"]?["qr_payload"]?.text)))
        try world.pix.settle(pix.id, as: .approved)
        #expect(try await gateway.acme.sync(pix.id).state == "succeeded")
        let upi = try await pay(
            gateway, Self.order(Self.upi, Canaries.description, ("currency", .string("INR"))), expecting: 202, "processing")
        #expect(try await gateway.acme.sync(upi.id).state == "succeeded")
        let stripe = try await payByStripe(gateway, &hidden)
        let declined = try await pay(gateway, Self.order(Self.card(), "declines"), expecting: 201, "failed")
        #expect(declined["failure"]?["gateway_message"]?.text?.contains(Canaries.said) == true, "\(declined.text)")
        let redirected = try await pay(gateway, Self.order(Self.card(), "redirects"), expecting: 201, "requires_action")
        #expect(redirected["next_action"]?["url"]?.text?.hasPrefix(Canaries.address) == true, "\(redirected.text)")
        let rejected = try await pay(gateway, Self.order(Self.card(), "rejects"), expecting: 201, "failed")
        let validation = JSON.members([("type", .string("vpa")), ("value", .string(Canaries.payerVPA))])
        _ = try await gateway.acme.post("/v1/accounts/validate", validation)
        return [paid, transferred, pix, upi, declined, redirected, rejected].map(\.id) + stripe
    }

    private func payByStripe(_ gateway: RunningGateway, _ hidden: inout [Canary]) async throws -> [String] {
        func order(_ token: String) -> JSON {
            Self.order(Caller.card(("token", .string(token))), Canaries.description, ("currency", .string("USD")))
        }
        let paid = try await pay(gateway, order("pm_card_visa"), expecting: 201, "succeeded")
        let acting = try await pay(gateway, order("pm_card_authenticationRequired"), expecting: 201, "requires_action")
        hidden.append(Canary("Stripe's address", try #require(acting["next_action"]?["url"]?.text)))
        let unknown = try await gateway.acme.pay(order(Canaries.token))
        return [paid.id, acting.id, unknown.id]
    }

    // MARK: What goes wrong

    private func fail(_ world: CanaryWorld, _ gateway: RunningGateway) async throws {
        for misbehaviour in [Misbehaviour.cutAfter, .hang, .garbage, .status500After, .wrongAmount] {
            try world.bank.script(misbehaviour, for: .charge)
            let reply = try await gateway.acme.pay(Self.order(Self.card(Canaries.otherNumber)))
            #expect([201, 202].contains(reply.status), "\(misbehaviour): \(reply.text)")
        }
        try await sendNonsense(gateway)
    }

    private static var gossip: String { Canaries.personal.map(\.text).joined(separator: "; ") }

    private func sendNonsense(_ gateway: RunningGateway) async throws {
        let right = Self.order(Self.card())
        let bodies: [JSON] = [
            Self.order(Self.card(), Self.gossip), Self.order(.string(Canaries.number)),
            Self.order(Self.card(), Canaries.description, ("amount", .string(Canaries.number))),
            Self.order(Self.card(), Canaries.description, (Canaries.number, .string(Canaries.cvc))),
            Self.order(Self.card(), Canaries.description, ("currency", .string(Canaries.holder))),
            Self.order(Self.card(), Canaries.description, ("gateway", .string(Canaries.email))),
            Self.order(Self.card("\(Canaries.number)0000")), .array([right]),
        ]
        for body in bodies { #expect(try await (400...422).contains(gateway.acme.pay(body).status), "\(body)") }
        for body in [Array(right.encoded().dropLast()), Array(Self.gossip.utf8), right.encoded() + Array(Self.gossip.utf8)] {
            var request = APIRequest.post("/v1/payments", nil, key: Caller.freshKey())
            request.body = body
            request.add("Content-Type", "application/json")
            #expect(try await gateway.acme.send(request).status == 400)
        }
        var forged = APIRequest.post("/v1/payments", right, key: Canaries.number)
        forged.add("X-Signature", "v1=\(Canaries.token)")
        forged.add("X-Key-Id", Canaries.number)
        #expect(try await (400...401).contains(gateway.acme.send(forged).status))
        for target in ["/v1/payments/\(Canaries.number)", "/\(Canaries.email)", "/v1/payments?reference=x&\(Canaries.number)=1"] {
            #expect(try await (400...422).contains(gateway.acme.get(target).status), "\(target)")
        }
        #expect(try await gateway.acme.post("/v1/payments/pay_00000000000000000000000000/capture", right).status >= 400)
    }

    // MARK: What gateways post

    private func callBack(_ world: CanaryWorld, _ gateway: RunningGateway) async throws {
        let malformed = Array("{\"gossip\":\"\(Self.gossip)\"".utf8)
        #expect(try await world.post("evt_malformed", malformed, to: gateway) == .answered(status: 400))
        var event = World.event("evt_nobody", of: "pay_00000000000000000000000000")
        var data = (event.data.members ?? []).filter { $0.name != "message" && $0.name != "status" }
        data += [.init("message", .string(Self.gossip)), .init("status", .string("DECLINED"))]
        event.data = .object(data)
        #expect(try await world.post(event.id, event.body, to: gateway) == .answered(status: 204))
        let forger = SigningKey(id: Setup.callbackKey.id, secret: Secret(text: "not the secret of this key"))
        #expect(try await world.post("evt_forged", event.body, to: gateway, key: forger) == .answered(status: 401))
        try await decline(world, gateway)
    }

    /// A callback that ends a payment, with words of its own.
    private func decline(_ world: CanaryWorld, _ gateway: RunningGateway) async throws {
        try world.bank.script(.pending, for: .charge)
        let pending = try await gateway.acme.pay(Self.order(Self.card()))
        #expect(pending.reason == "awaiting_gateway", "\(pending.text)")
        var event = World.event("evt_declined", of: pending.id)
        var data = (event.data.members ?? []).filter { !["message", "status", "captured_amount"].contains($0.name) }
        data += [
            .init("message", .string("\(Canaries.said) \(Canaries.number) \(Canaries.holder)")),
            .init("status", .string("DECLINED")), .init("captured_amount", .integer(0)),
        ]
        event.data = .object(data)
        #expect(try await world.post(event.id, event.body, to: gateway) == .answered(status: 204))
        let failed = try await gateway.acme.payment(pending.id)
        #expect(failed["failure"]?["gateway_message"]?.text?.hasPrefix(Canaries.said) == true, "\(failed.text)")
        #expect(Canary("", Canaries.number).form(in: failed.body) == nil)
    }

    // MARK: What waits for operators

    private func queue(_ world: CanaryWorld, _ gateway: RunningGateway) async throws -> String {
        try world.bank.script(.notProcessed, for: .charge, times: 1_000)
        return try await pay(gateway, Self.order(Self.card()), expecting: 202, "queued").id
    }

    /// A queued payment, its card number with it, that nobody took.
    private func giveUp(_ world: CanaryWorld, _ gateway: RunningGateway) async throws -> String {
        let queued = try await queue(world, gateway)
        #expect(await gateway.logs("payment decided", "manual_review", queued))
        world.bank.forgetScript()
        return queued
    }

    private func operate(_ world: CanaryWorld, _ gateway: RunningGateway, _ dead: String) async throws {
        let reason = JSON.string("the card \(Canaries.number), also written 4000 0084 4943 3403")
        let discarded = try await world.admin(
            gateway, "/admin/dead-letters/\(dead)/discard", .members([("reason", reason)]))
        #expect(discarded.status == 200, "\(discarded.text)")
        let force = JSON.members([("state", .string("forced_open")), ("reason", reason), ("for", .string("1s"))])
        #expect(try await world.admin(gateway, "/admin/gateways/stripe-a/breaker", force).status == 200)
        let wrong = JSON.members([("reason", .string(Self.gossip)), (Canaries.number, .string(Canaries.cvc))])
        #expect(try await world.admin(gateway, "/admin/dead-letters/\(dead)/discard", wrong).status >= 400)
        _ = try #require(await world.receiver.next())
    }

    /// - Returns: a payment whose request is with the bank, which answers late.
    private func beginPaying(_ world: CanaryWorld, _ gateway: RunningGateway) async throws -> String {
        try world.bank.script(.slowAfter(milliseconds: 60_000), for: .charge)
        let order = Self.order(Self.card(Canaries.otherNumber))
        let taken = try await gateway.acme.pay(order, prefer: "respond-async")
        #expect(taken.status == 202, "\(taken.text)")
        await world.bank.reaches { ledger, _ in ledger[taken.id] != nil }
        return taken.id
    }

    private func meetUnreadable(_ world: CanaryWorld, _ gateway: RunningGateway, _ queued: String) async throws {
        #expect(await gateway.logs("payment decided", "manual_review", queued))
        let letters = try await world.admin(gateway, "/admin/dead-letters")["data"]?.elements ?? []
        #expect(letters.first { $0["payment"]?.text == queued }?["reason"]?.text == "undecryptable")
        let shown = try await gateway.acme.payment(queued)
        #expect(shown.status == 200 && shown.state == "manual_review", "\(shown.text)")
        let metrics = try await world.admin(gateway, "/metrics").text
        #expect(metrics.contains("drawbridge_records_unreadable_total{reason=\"unknown_key\"}"))
        world.bank.forgetScript()
        _ = try await pay(gateway, Self.order(Self.card()), expecting: 201, "succeeded")
    }
}
