import AdapterKit
import Payments
import TestKit
import Testing

@Suite("A tenant whose quota is used up", .timeLimit(.minutes(1)))
struct QuotaTests {
    private static let quota = Quota(perSecond: 2, burst: 1)

    private func expectLimited(_ answer: Answer) {
        #expect(answer.status == 429)
        #expect(answer.content == .problem)
        #expect(answer.code == "rate_limited")
        #expect(answer.json["type"]?.text == "urn:drawbridge:problem:rate_limited")
        #expect(answer.retryAfter == 1)
        #expect(answer.standing == Quota.Standing(Self.quota, missing: 1_000_000))
        #expect(answer.location == nil && !answer.replayed)
    }

    @Test("is refused a payment: nothing is stored and nothing is sent, and the same key pays later")
    func payment() async throws {
        let world = try World(quotas: ["acme": Self.quota])
        _ = try await world.paid()
        expectLimited(try await world.pay(key: "key-2"))
        #expect(world.bank.sent.count == 1)
        #expect(try await world.memory.work(WorkID(try world.id("key-2"))) == nil)
        world.time.advance(by: .milliseconds(499))
        #expect(try await world.pay(key: "key-2").status == 429)
        world.time.advance(by: .milliseconds(1))
        _ = try await world.paid(key: "key-2")
    }

    @Test(
        "is refused a capture, a void and a refund, which reserve nothing",
        arguments: [OperationRecord.Kind.capture, .void, .refund])
    func operation(kind: OperationRecord.Kind) async throws {
        let world = try World(quotas: ["acme": Self.quota])
        let payment = try await world.paid(kind == .refund ? .payment() : .authorization)
        let before = try await world.stored()
        expectLimited(try await world.operate(kind, on: payment))
        #expect(world.bank.sent.count == 1)
        #expect(try await world.stored() == before)
        #expect(try await world.memory.openOperations(of: payment).isEmpty)
    }

    @Test("is refused a repeat too, before its key is looked at")
    func repeated() async throws {
        let world = try World(quotas: ["acme": Self.quota])
        let paid = try await world.paid()
        expectLimited(try await world.pay())
        expectLimited(try await world.pay(.payment(("amount", .integer(5)))))
        world.time.advance(by: .seconds(1))
        let repeated = try await world.pay()
        #expect(repeated.replayed && repeated.status == 201)
        #expect(repeated.json["id"]?.text == paid.text)
    }

    @Test("may read, list, ask and see its gateways: only changes are counted")
    func reading() async throws {
        let world = try World(quotas: ["acme": Self.quota])
        let id = try await world.paid()
        #expect(try await world.pay(key: "key-2").status == 429)
        for _ in 0..<20 {
            #expect(await world.service.payment(id, call: world.call()).status == 200)
            #expect(await world.service.payments(reference: "order-1", limit: 1, call: world.call()).status == 200)
            #expect(world.service.gateways(call: world.call()).status == 200)
        }
    }

    @Test("leaves other tenants theirs, and a tenant without a quota is never refused")
    func others() async throws {
        let world = try World(quotas: ["acme": Self.quota, "globex": Self.quota])
        _ = try await world.paid()
        #expect(try await world.pay(key: "key-2").status == 429)
        world.bank.script(.charge("APPROVED"))
        #expect(try await world.pay(tenant: "globex").status == 201)
        for number in 0..<5 {
            world.bank.script(.charge("APPROVED"))
            #expect(try await world.pay(key: "key-\(number)", tenant: "initech").status == 201)
        }
    }

    @Test("a request that breaks the rules, or that no gateway can take, costs no token")
    func free() async throws {
        let world = try World(quotas: ["acme": Self.quota])
        let pinned = JSON.payment(("gateway", .string("nobody")))
        for _ in 0..<5 { #expect(try await world.pay(pinned).code == "no_gateway") }
        _ = try await world.paid()
    }

    @Test("two replicas count together")
    func replicas() async throws {
        let quota = Quota(perSecond: 1, burst: 6)
        let first = try World(quotas: ["acme": quota])
        let second = try World(quotas: ["acme": quota], beside: first)
        var statuses: [Int] = []
        for number in 0..<10 {
            first.bank.script(.charge("APPROVED"))
            statuses.append(try await (number % 2 == 0 ? first : second).pay(key: "key-\(number)").status)
        }
        #expect(statuses == Array(repeating: 201, count: 6) + Array(repeating: 429, count: 4))
    }
}
