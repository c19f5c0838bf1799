import AdapterKit
import Payments
import TestKit
import Testing

@Suite("Reading", .timeLimit(.minutes(1)))
struct ReadingTests {
    private let world: World

    init() throws { world = try World() }

    // MARK: Payments

    @Test("a payment is shown to its tenant and to nobody else")
    func payment() async throws {
        world.bank.script(.charge("APPROVED"))
        let paid = try await world.pay()
        let id = try world.id()
        let read = await world.service.payment(id, call: world.call())
        #expect(read.status == 200)
        #expect(read.body == paid.body)
        #expect(await world.service.payment(id, call: world.call(tenant: "other")).status == 404)
        #expect(await world.service.payment(try world.id("never"), call: world.call()).code == "not_found")
    }

    @Test("payments of one reference are listed newest first, the tenant's own only")
    func list() async throws {
        var ids: [JSON] = []
        for key in ["key-1", "key-2", "key-3"] {
            ids.insert(.string(try await world.paid(key: key).text), at: 0)
            world.time.advance(by: .seconds(1))
        }
        let listed = await world.service.payments(reference: "order-1", limit: 2, call: world.call())
        #expect(listed.status == 200)
        #expect(listed.json["data"]?.elements?.compactMap { $0["id"] } == Array(ids.prefix(2)))
        for (reference, tenant) in [("order-2", "acme"), ("order-1", "other")] {
            let none = await world.service.payments(reference: reference, limit: 2, call: world.call(tenant: tenant))
            #expect(none.json["data"] == .array([]))
        }
    }

    @Test("a store that is away: 503")
    func storeAway() async throws {
        let id = try await world.paid()
        world.store.fail([.read], .away)
        #expect(await world.service.payment(id, call: world.call()).code == "state_store_unavailable")
        #expect(await world.service.payments(reference: "r", limit: 1, call: world.call()).code == "state_store_unavailable")
    }

    @Test("a tenant sees the gateways that it may use")
    func gateways() throws {
        func names(_ tenant: String) -> [JSON]? {
            world.service.gateways(call: world.call(tenant: tenant)).json["data"]?.elements?.compactMap { $0["name"] }
        }
        #expect(names("acme") == [.string("bank-a"), .string("bank-b")])
        #expect(names("limited") == [.string("bank-b")])
    }

    // MARK: Accounts

    private func validate(_ gateway: String? = nil, tenant: String = "acme") async throws -> Answer {
        let body = JSON.present([
            ("type", .string("vpa")), ("value", .string("ana@bank")), ("gateway", gateway.map { .string($0) }),
        ])
        return await world.service.validateAccount(try AccountRequest(body), call: world.call(tenant: tenant))
    }

    @Test("an account is validated by the first gateway that can, under a key of its own; nothing is stored")
    func account() async throws {
        world.bank.script(.bank { _ in Array(#"{"valid":true,"holder_name":"Ana S."}"#.utf8) })
        let answer = try await validate()
        #expect(answer.status == 200)
        #expect(answer.json["valid"] == .bool(true))
        #expect(answer.json["holder_name"] == .string("Ana S."))
        #expect(world.sent == ["POST /v1/accounts/validate"])
        let headers = world.bank.sent[0].request.headers
        #expect(headers.single("Idempotency-Key") == headers.single("X-Request-Id"))
    }

    @Test(
        "a gateway that does not say whether it exists: 503, never \"invalid\"",
        arguments: [
            FakeTransport.Step.problem(500, "OOPS"), .problem(404, "NOT_FOUND"), .problem(429, "SLOW"), .bank { _ in [] },
            .bank { _ in Array(#"{"valid":"no"}"#.utf8) }, .bank(secret: "another") { _ in Array(#"{"valid":false}"#.utf8) },
            .fails(.sample(.attemptTimedOut)),
        ])
    func accountUnanswered(_ step: FakeTransport.Step) async throws {
        world.bank.script(step)
        let answer = try await validate()
        #expect(answer.status == 503)
        #expect(answer.json["valid"] == nil)
    }

    @Test("no gateway that may be asked: 422")
    func accountNowhere() async throws {
        #expect(try await validate("bank-z").code == "no_gateway")
        #expect(try await validate("bank-a", tenant: "limited").code == "no_gateway")
        #expect(world.bank.sent.isEmpty)
    }
}
