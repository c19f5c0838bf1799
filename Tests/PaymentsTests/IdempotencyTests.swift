import AdapterKit
import Payments
import TestKit
import Testing

@Suite("The caller's key", .timeLimit(.minutes(1)))
struct IdempotencyTests {
    private let world: World

    init() throws { world = try World() }

    // MARK: K1

    @Test("gives the same id every time, in the form of an id (K1)")
    func stable() throws {
        let id = try world.id("key")
        #expect(try id == World().id("key"))
        #expect(PaymentID(id.text) == id)
        let operation = try world.operation(.refund, of: id)
        #expect(OperationID(operation.text) == operation)
        #expect(operation.text.hasPrefix("ref_"))
    }

    @Test("no two tenants, operations, payments, keys or deployments meet (K1)")
    func distinct() throws {
        let test = Derivation(deployment: "test")
        let payment = try #require(test.payment(tenant: "a", key: "k"))
        let other = try #require(test.payment(tenant: "a", key: "l"))
        let ids = [
            payment.text, other.text, test.payment(tenant: "b", key: "k")?.text,
            Derivation(deployment: "live").payment(tenant: "a", key: "k")?.text,
            // The same characters, parted elsewhere.
            test.payment(tenant: "ab", key: "c")?.text, test.payment(tenant: "a", key: "bc")?.text,
            Derivation(deployment: "testa").payment(tenant: "", key: "k")?.text,
            // Quotes are for the HTTP edge to take off.
            test.payment(tenant: "a", key: "\"k\"")?.text,
            test.operation(.capture, of: payment, tenant: "a", key: "k")?.text,
            test.operation(.void, of: payment, tenant: "a", key: "k")?.text,
            test.operation(.refund, of: payment, tenant: "a", key: "k")?.text,
            test.operation(.refund, of: other, tenant: "a", key: "k")?.text,
            test.operation(.refund, of: payment, tenant: "b", key: "k")?.text,
        ].compactMap { $0?.split(separator: "_").last }
        #expect(ids.count == 13)
        #expect(Set(ids).count == 13)
    }

    @Test("two tenants with the same key have two payments")
    func tenants() async throws {
        world.bank.script(.charge("APPROVED"), .charge("APPROVED"))
        let answers = [try await world.pay(tenant: "acme"), try await world.pay(tenant: "other")]
        #expect(answers.map(\.status) == [201, 201])
        #expect(answers[0].json["id"] != answers[1].json["id"])
    }

    // MARK: K2

    @Test("member order and the CVC do not matter (K2)")
    func sameRequest() async throws {
        _ = try await world.paid()
        let reordered = JSON.object((JSON.payment().members ?? []).reversed())
        let card = try #require(JSON.payment()["method"]?["card"])
        for number in ["999", nil] {
            let method = JSON.members([("card", card.with("cvc", number.map { .string($0) })), ("type", .string("card"))])
            let answer = try await world.pay(reordered.with("method", method))
            #expect(answer.status == 201)
            #expect(answer.replayed)
        }
        #expect(world.bank.sent.count == 1)
    }

    @Test(
        "every value matters: 422, and nothing is sent (K2)",
        arguments: [
            JSON.payment(("amount", .integer(1_001))), .payment(("currency", .string("USD"))),
            .payment(("reference", .string("order-2"))), .payment(("description", .string("x"))), .authorization,
            .payment(("capture", .string("automatic"))), .payment(("gateway", .string("bank-a"))),
            .payment(("on_unavailable", .string("fail"))), .payment(("metadata", .members([("a", .string("b"))]))),
            .payment(("method", .members([("type", .string("pix")), ("pix", .members([]))]))),
            .payment(("customer", .members([("id", .string("c"))]))),
        ])
    func anotherRequest(_ body: JSON) async throws {
        _ = try await world.paid()
        let answer = try await world.pay(body)
        #expect(answer.status == 422)
        #expect(answer.code == "idempotency_key_reused")
        #expect(!answer.text.contains("succeeded"))
        #expect(world.bank.sent.count == 1)
    }

    @Test("a fingerprint depends on the operation, and does not show the request")
    func fingerprint() {
        let body = JSON.payment()
        let first = world.vault.fingerprints(operation: "POST /v1/payments", request: body)
        #expect(first.count == 1)
        #expect(first == world.vault.fingerprints(operation: "POST /v1/payments", request: body))
        #expect(first != world.vault.fingerprints(operation: "refund pay_1", request: body))
        #expect(first[0].hasPrefix("v1:"))
        #expect(first[0].utf8.count == 3 + 64)
    }

    // MARK: K3

    @Test(
        "a final answer is replayed byte for byte (K3)",
        arguments: [
            ("APPROVED", JSON.payment()), ("DECLINED", .payment()), ("AUTHORIZED", .authorization), ("VOIDED", .payment()),
        ])
    func replay(status: String, body: JSON) async throws {
        world.bank.script(.charge(status))
        let first = try await world.pay(body)
        #expect(first.status == 201)
        #expect(!first.replayed)
        world.time.advance(by: .seconds(3_600))
        let again = try await world.pay(body)
        #expect(again.status == 201)
        #expect(again.body == first.body)
        #expect(again.location == first.location)
        #expect(again.replayed)
        #expect(world.bank.sent.count == 1)
    }

    @Test("also when the payment has moved on since (K3)")
    func replayAfterMoving() async throws {
        world.bank.script(.charge("AUTHORIZED"), .charge("APPROVED"), .refund("APPROVED", amount: 400))
        let first = try await world.pay(.authorization)
        let id = try world.id()
        #expect(try await world.operate(.capture, on: id).status == 200)
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 201)
        let again = try await world.pay(.authorization)
        #expect(again.body == first.body)
        #expect(again.state == "authorized")
        #expect(try await world.record().amountRefunded == 400)
    }

    @Test("after a 202 the repeat shows the payment as it is now (K3)")
    func afterAccepted() async throws {
        world.bank.script(.charge("PENDING"), .charge("APPROVED"), .refund("APPROVED", amount: 400))
        #expect(try await world.pay().status == 202)
        let pending = try await world.pay()
        #expect(pending.status == 202)
        #expect(pending.replayed)
        let id = try world.id()
        _ = await world.service.sync(id, call: world.call("sync"))
        #expect(try await world.pay().state == "succeeded")
        _ = try await world.operate(.refund, on: id, amount: 400)
        let now = try await world.pay()
        #expect(now.status == 201)
        #expect(now.json["amount_refunded"] == .integer(400))
    }

    @Test("requires_action is not fixed: the repeat shows what came of it (K3)")
    func afterAction() async throws {
        let action = JSON.members([("type", .string("approve_in_app"))])
        world.bank.script(.charge("ACTION_REQUIRED", action: action), .charge("APPROVED"))
        #expect(try await world.pay().state == "requires_action")
        let same = try await world.pay()
        #expect(same.status == 201)
        #expect(same.state == "requires_action")
        _ = await world.service.sync(try world.id(), call: world.call("sync"))
        let now = try await world.pay()
        #expect(now.state == "succeeded")
        #expect(now.json["next_action"] == .null)
    }

    // MARK: K4

    @Test("while the first request is at work the repeat gets 409 at once, and when to come again (K4)")
    func running() async throws {
        let gate = Gate()
        let first = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        let repeated = try await world.pay()
        #expect(repeated.status == 409)
        #expect(repeated.code == "idempotency_in_progress")
        #expect(try #require(repeated.retryAfter) >= 1)
        gate.open()
        #expect(try await first.value.status == 201)
        #expect(world.bank.sent.count == 1)
        #expect(try await world.pay().replayed)
    }

    @Test("twenty requests at once with one key charge once (P1)")
    func atOnce() async throws {
        let gate = Gate()
        let first = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        let codes = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 { group.addTask { try await world.pay().status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes == [Int](repeating: 409, count: 20))
        gate.open()
        #expect(try await first.value.status == 201)
        #expect(world.bank.sent.count == 1)
    }

    // MARK: K5

    @Test("a store that is away at the claim: 503, nothing is sent, nothing is remembered (K5)")
    func storeAway() async throws {
        world.store.fail([.claim], .away)
        let answer = try await world.pay()
        #expect(answer.status == 503)
        #expect(answer.code == "state_store_unavailable")
        #expect(answer.retryAfter != nil)
        #expect(world.bank.sent.isEmpty)
        world.store.heal()
        world.bank.script(.charge("APPROVED"))
        #expect(try await world.pay().status == 201)
    }

    @Test("a claim whose reply was lost sends nothing; the repeat with the same key finds it and finishes it (K5)")
    func claimReplyLost() async throws {
        world.store.fail([.claim], .replyLost, times: 1)
        #expect(try await world.pay().code == "state_store_unavailable")
        #expect(world.bank.sent.isEmpty)
        #expect(try await world.pay().code == "idempotency_in_progress")
        world.time.advance(by: World.lease)
        world.bank.script(.notFound, .charge("APPROVED"))
        #expect(try await world.pay().state == "succeeded")
        #expect(world.sent.map { $0.prefix(4) } == ["GET ", "POST"])
    }

    // MARK: A known key that no route takes any more

    private func rerouted() throws -> World { try World(route: [], beside: world) }

    @Test(
        "its repeat is shown the earlier payment as it stands, and nothing is sent (P1)",
        arguments: [
            (FakeTransport.Step.charge("APPROVED"), 201, "succeeded"), (.charge("DECLINED"), 201, "failed"),
            (.charge("PENDING"), 202, "processing"), (.problem(429, "SLOW"), 202, "queued"),
            (.lost, 202, "processing"),
        ])
    func rerouted(step: FakeTransport.Step, status: Int, state: String) async throws {
        world.bank.script(step, .silence)
        _ = try await world.pay()
        let sent = world.sent
        let answer = try await rerouted().pay()
        #expect(answer.status == status)
        #expect(answer.state == state)
        #expect(answer.json["id"] == .string(try world.id().text))
        #expect(answer.replayed)
        #expect(world.sent == sent)
    }

    @Test(
        "with another amount, currency or reference it is 422 (K2)",
        arguments: [("amount", JSON.integer(1_001)), ("currency", .string("USD")), ("reference", .string("order-2"))])
    func reroutedOther(member: String, value: JSON) async throws {
        _ = try await world.paid()
        let answer = try await rerouted().pay(.payment((member, value)))
        #expect(answer.status == 422)
        #expect(answer.code == "idempotency_key_reused")
        #expect(!answer.text.contains(try world.id().text))
        #expect(world.bank.sent.count == 1)
    }

    @Test("a key that is not known, or is another tenant's, is told that no gateway takes it", arguments: ["acme", "other"])
    func reroutedUnknown(tenant: String) async throws {
        _ = try await world.paid()
        let answer = try await rerouted().pay(key: tenant == "acme" ? "key-2" : "key-1", tenant: tenant)
        #expect(answer.status == 422)
        #expect(answer.code == "no_gateway")
        #expect(world.bank.sent.count == 1)
    }

    @Test(
        "while the store is away it is not known whether there was an earlier payment: 503 (K5)", arguments: ["key-1", "key-2"])
    func reroutedStoreAway(key: String) async throws {
        _ = try await world.paid()
        world.store.fail([.read], .away)
        let answer = try await rerouted().pay(key: key)
        #expect(answer.status == 503)
        #expect(answer.code == "state_store_unavailable")
    }
}
