import AdapterKit
import Payments
import Synchronization
import TestKit
import Testing

/// Whoever could tell "not there" from "not yours" could look for other tenants' payments.
@Suite("Another tenant's payment", .timeLimit(.minutes(1)))
struct TenantIsolationTests {
    /// What a tenant may try with an id.
    enum Attempt: String, CaseIterable, Sendable {
        case read, sync, capture, void, refund

        func make(_ id: PaymentID, in world: World, tenant: String = "other") async throws -> Answer {
            switch self {
            case .read: await world.service.payment(id, call: world.call(tenant: tenant))
            case .sync: await world.service.sync(id, call: world.call(tenant: tenant))
            case .capture: try await world.operate(.capture, on: id, tenant: tenant)
            case .void: try await world.operate(.void, on: id, tenant: tenant)
            case .refund: try await world.operate(.refund, on: id, tenant: tenant)
            }
        }
    }

    /// How often each step of the store was taken.
    private final class Steps: Sendable {
        private let counts = Mutex<[FaultyStore.Step: Int]>([:])

        init(of store: FaultyStore) {
            for step in FaultyStore.Step.allCases {
                store.before(step) { [self] in counts.withLock { $0[step, default: 0] += 1 } }
            }
        }

        /// Since the last time it was asked.
        func taken() -> [FaultyStore.Step: Int] {
            counts.withLock { counts in
                defer { counts = [:] }
                return counts
            }
        }
    }

    @Test(
        "is answered to the letter as one that does not exist, and costs the same one step of the store",
        arguments: Attempt.allCases)
    func alike(attempt: Attempt) async throws {
        let world = try World()
        let theirs = try await world.paid(attempt == .refund ? .payment() : .authorization)
        let before = try await world.stored()
        let nobodys = try world.id("never")
        let steps = Steps(of: world.store)

        let denied = try await attempt.make(theirs, in: world)
        let stepsOfDenied = steps.taken()
        let absent = try await attempt.make(nobodys, in: world)
        let stepsOfAbsent = steps.taken()

        #expect(denied.status == 404)
        #expect(denied.code == "not_found")
        #expect(denied.text.replacing(theirs.text, with: "ID") == absent.text.replacing(nobodys.text, with: "ID"))
        #expect(denied.retryAfter == absent.retryAfter && denied.location == absent.location)
        #expect(stepsOfDenied == stepsOfAbsent)
        #expect(stepsOfDenied.values.reduce(0, +) == 1)
        #expect(world.bank.sent.count == 1)
        #expect(try await world.stored() == before)
    }

    @Test("takes its own tenant's word only: the one who made it may do all of that", arguments: Attempt.allCases)
    func own(attempt: Attempt) async throws {
        let world = try World()
        let mine = try await world.paid(attempt == .refund ? .payment() : .authorization)
        for _ in 0..<9 { world.bank.script(.silence) }
        #expect(try await attempt.make(mine, in: world, tenant: "acme").status != 404)
    }

    @Test("has another id under the same key, so that the key neither replays nor clashes")
    func keys() async throws {
        let world = try World()
        let mine = try await world.paid(key: "same")
        world.bank.script(.charge("APPROVED"))
        let theirs = try await world.pay(.payment(("reference", .string("order-2"))), key: "same", tenant: "other")
        #expect(theirs.status == 201)
        #expect(!theirs.replayed)
        #expect(theirs.json["id"]?.text == (try world.id("same", tenant: "other")).text)
        #expect(theirs.json["id"]?.text != mine.text)
        #expect(theirs.json["tenant"]?.text == "other")
    }

    @Test("is not in a list of the same reference")
    func references() async throws {
        let world = try World()
        _ = try await world.paid()
        let listed = await world.service.payments(reference: "order-1", limit: 100, call: world.call(tenant: "other"))
        #expect(listed.text == #"{"data":[]}"#)
    }
}

@Suite("A gateway that a tenant may not use", .timeLimit(.minutes(1)))
struct GatewayIsolationTests {
    @Test("is not listed")
    func listed() throws {
        let world = try World(route: ["bank-a", "bank-b"])
        let names = world.service.gateways(call: world.call(tenant: "limited")).json["data"]?.elements?.compactMap {
            $0["name"]?.text
        }
        #expect(names == ["bank-b"])
    }

    @Test("cannot be pinned: refused as one that is not there, and nothing is stored or sent")
    func pinned() async throws {
        let world = try World(route: ["bank-a", "bank-b"])
        let denied = try await world.pay(.payment(("gateway", .string("bank-a"))), tenant: "limited")
        #expect(denied.status == 422)
        #expect(denied.code == "no_gateway")
        let absent = try await world.pay(.payment(("gateway", .string("bank-z"))), tenant: "limited")
        #expect(denied.body == absent.body)
        #expect(world.bank.sent.isEmpty)
        #expect(try await world.memory.work(WorkID(try world.id(tenant: "limited"))) == nil)
    }

    @Test("is passed over by the route, and no failover goes there", arguments: [["bank-a", "bank-b"], ["bank-b", "bank-a"]])
    func routed(route: [String]) async throws {
        let world = try World(route: route)
        world.bank.script(.notTaken)
        let answer = try await world.pay(.payment(("on_unavailable", .string("fail"))), tenant: "limited")
        #expect(answer.status == 503)
        #expect(world.hosts == ["bank-b.test"])
    }

    @Test("is no way out of a route that names no other: 422")
    func nothingLeft() async throws {
        let world = try World(route: ["bank-a"])
        let answer = try await world.pay(tenant: "limited")
        #expect(answer.status == 422)
        #expect(answer.code == "no_gateway")
        #expect(world.bank.sent.isEmpty)
    }
}
