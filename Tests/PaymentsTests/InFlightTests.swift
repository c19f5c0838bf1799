import AdapterKit
import Payments
import TestKit
import Testing

@Suite("Work in flight", .timeLimit(.minutes(1)))
struct InFlightTests {
    @Test("is bounded: one more is refused, and nothing is stored or sent")
    func bounded() async throws {
        let world = try World(maximumInFlight: 1)
        let gate = Gate()
        let first = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        let refused = try await world.pay(key: "key-2")
        #expect(refused.status == 429)
        #expect(refused.retryAfter != nil)
        #expect(try await world.store.payment(try world.id("key-2"), tenant: "acme") == nil)
        gate.open()
        #expect(try await first.value.status == 201)
        await world.inFlight.idle()
        world.bank.script(.charge("APPROVED"))
        #expect(try await world.pay(key: "key-2").status == 201)
    }

    @Test("draining takes nothing new, and waits for what was begun, whether or not its caller still waits")
    func drains() async throws {
        let world = try World()
        let gate = Gate()
        let first = try await world.beginPaying(patience: .seconds(1), held: gate, then: .charge("APPROVED"))
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: .seconds(1))
        #expect(try await first.value.status == 202)
        world.inFlight.close()
        #expect(world.inFlight.isDraining)
        let refused = try await world.pay(key: "key-2")
        #expect(refused.status == 503)
        #expect(refused.code == "gateways_unavailable")
        #expect(world.inFlight.count == 1)
        let drained = Task { await world.inFlight.idle() }
        gate.open()
        await drained.value
        #expect(world.inFlight.count == 0)
        #expect(try await world.record().status == .succeeded)
    }

    @Test("waiting for it ends at once where nothing runs, and when the wait is cancelled")
    func idle() async throws {
        let world = try World()
        await world.inFlight.idle()
        let gate = Gate()
        let first = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        let waiting = Task { await world.inFlight.idle() }
        waiting.cancel()
        await waiting.value
        #expect(world.inFlight.count == 1)
        gate.open()
        _ = try await first.value
    }

    @Test("reading needs no place")
    func reading() async throws {
        let world = try World()
        let id = try await world.paid()
        world.inFlight.close()
        #expect(await world.service.payment(id, call: world.call()).status == 200)
    }
}
