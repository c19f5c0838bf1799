import AdapterKit
import Payments
import TestKit
import Testing

@testable import RedisStore

@Suite("A slot that moves to another node", .serialized, .timeLimit(.minutes(2)))
struct RedisSlotMoveTests {
    private static let bucket = "00"
    private static let slot = RedisSlot(of: "{00}".utf8).number

    /// The moved slot's source and target, by the key's slot.
    private func ends(_ cluster: RedisCluster, _ slot: Int) -> (RedisServer, RedisServer) {
        let source = cluster.firstOwner(of: slot)
        return (source, cluster.nodes.first { $0.port != source.port } ?? source)
    }

    private func errors(_ name: String, at node: RedisServer) async throws -> Bool {
        try await node.command("INFO", "errorstats").contains("errorstat_\(name):")
    }

    @Test("What is there already is read there, and what is elsewhere after the move: ASK and MOVED are followed")
    func followed() async throws {
        try await RedisCluster.with { cluster in
            let (source, target) = ends(cluster, Self.slot)
            try await Subject.with(url: cluster.url) { subject in
                let record = try await subject.queued(in: Self.bucket)
                try await cluster.open(Self.slot, from: source, to: target)
                try await cluster.move(keys: 100, of: Self.slot, from: source, to: target)
                #expect(try await subject.store.history(of: record.id).count == 2)
                #expect(try await errors("ASK", at: source))
                #expect(try await !errors("MOVED", at: source))
                try await cluster.close(Self.slot, from: source, to: target)
                #expect(try await subject.store.history(of: record.id).count == 2)
                #expect(try await errors("MOVED", at: source))
                #expect(try await subject.store.payment(record.id, tenant: "acme")?.record == record)
                #expect(try await subject.store.due(limit: 9).map(\.id) == [WorkID(record.id)])
            }
        }
    }

    @Test("A step whose keys are on their way is done when they have arrived, or says so in time, and does no half of it")
    func halfWay() async throws {
        try await RedisCluster.with { cluster in
            let (source, target) = ends(cluster, Self.slot)
            try await Subject.with(url: cluster.url, timeout: .seconds(20)) { patient in
                try await Subject.with(url: cluster.url, timeout: .seconds(2)) { subject in
                    let record = try await subject.claim(in: Self.bucket)
                    try await cluster.open(Self.slot, from: source, to: target)
                    try await cluster.move(keys: 1, of: Self.slot, from: source, to: target)
                    let failure = try await subject.failure { _ = try await $0.claim(Sample.claim(2, in: Self.bucket)) }
                    #expect(failure == StoreFailure(code: .unreachable, detail: "Redis: TRYAGAIN"))
                    async let claimed = patient.store.claim(Sample.claim(2, in: Self.bucket))
                    async let queued = patient.queue(record)
                    try await cluster.move(keys: 100, of: Self.slot, from: source, to: target)
                    try await cluster.close(Self.slot, from: source, to: target)
                    #expect(try await claimed == .new)
                    #expect(try await subject.store.payment(record.id, tenant: "acme")?.record == (try await queued))
                }
            }
        }
    }

    @Test("Steps that go on meanwhile lose nothing and do nothing twice")
    func goingOn() async throws {
        try await RedisCluster.with { cluster in
            let (source, target) = ends(cluster, Self.slot)
            try await Subject.with(url: cluster.url, timeout: .seconds(20)) { subject in
                for number in 1...50 { try await subject.queued(number, in: Self.bucket) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for lane in 1...4 {
                        group.addTask {
                            for number in 1...100 { try await subject.queued(lane * 1_000 + number, in: Self.bucket) }
                        }
                    }
                    try await cluster.open(Self.slot, from: source, to: target)
                    while try await cluster.move(keys: 20, of: Self.slot, from: source, to: target) > 0 {}
                    try await cluster.close(Self.slot, from: source, to: target)
                    try await group.waitForAll()
                }
                let numbers = Array(1...50) + (1...4).flatMap { lane in (1...100).map { lane * 1_000 + $0 } }
                for number in numbers {
                    let id = try Sample.payment(number, in: Self.bucket).id
                    #expect(try await subject.store.payment(id, tenant: "acme")?.record.version == 2)
                    let trail = try await subject.store.trail(of: id)
                    #expect(trail.faults == [] && trail.head?.number == 2)
                }
                #expect(try await subject.store.tally() == [Shelf(.queue, gateway: "bank-a"): 450])
                #expect(try await source.command("CLUSTER", "COUNTKEYSINSLOT", String(Self.slot)) == "0")
            }
        }
    }

    @Test("A relay into a feed whose keys are on their way appends all of it or nothing")
    func feed() async throws {
        try await RedisCluster.with { cluster in
            let slot = RedisSlot(of: "{t:acme}".utf8).number
            let (source, target) = ends(cluster, slot)
            try await RedisEvents.with(cluster, timeout: .seconds(2)) { test in
                try await test.publish([event(2)])
                #expect(try await relay(test) == ["acme"])
                try await test.publish([event(3)])
                try await cluster.open(slot, from: source, to: target)
                // The feed itself stays behind.
                let moved = try await source.command(
                    "MIGRATE", "127.0.0.1", String(target.port), "", "0", "5000", "KEYS", "db:{t:acme}:endpoints",
                    "db:{t:acme}:e:we_1:ready")
                #expect(moved == "OK")
                let failure = await #expect(throws: StoreFailure.self) { _ = try await relay(test) }
                #expect(failure == StoreFailure(code: .unreachable, detail: "Redis: TRYAGAIN"))
                #expect(try await source.command("XLEN", "db:{t:acme}:feed") == "1")
                try await cluster.move(keys: 100, of: slot, from: source, to: target)
                try await cluster.close(slot, from: source, to: target)
                #expect(try await relay(test) == ["acme"])
                #expect(try await target.command("XLEN", "db:{t:acme}:feed") == "2")
                let taken = try await test.store.take(
                    for: EndpointID(tenant: "acme", name: "we_1"), limit: 9, hold: .seconds(60))
                #expect(taken.map(\.event.event.version) == [2, 3])
            }
        }
    }

    @Test("Who follows the breakers hears on from the node that has them then")
    func breakers() async throws {
        try await RedisCluster.with { cluster in
            let slot = RedisSlot(of: "{breakers}".utf8).number
            let (source, target) = ends(cluster, slot)
            // Nothing else tells this one where the breakers are.
            try await RedisBreakers.with(target) { follower in
                try await RedisBreakers.with(cluster) { store in
                    let heard = FollowedBreakers()
                    let following = Task { await follower.follow({ ["bank-a"] }) { heard.add($0) } }
                    try await store.force("bank-a", .forcedOpen, reason: "r", actor: "o", limit: nil)
                    try await heard.until { $0["bank-a"]?.state == .forcedOpen }
                    try await cluster.open(slot, from: source, to: target)
                    try await cluster.move(keys: 100, of: slot, from: source, to: target)
                    try await cluster.close(slot, from: source, to: target)
                    try await store.force("bank-a", .closed, reason: "r", actor: "o", limit: nil)
                    try await heard.until { $0["bank-a"]?.state == .closed }
                    following.cancel()
                    await following.value
                }
            }
        }
    }

    private func event(_ version: Int) throws -> PaymentEvent {
        let id = try Sample.payment(1, in: Self.bucket).id
        return PaymentEvent(
            tenant: "acme", payment: id, object: id.text, version: version, kind: .paymentProcessing, cause: .response,
            createdAt: Sample.start, sealed: [1])
    }

    private func relay(_ test: EventStoreUnderTest) async throws -> Set<String> {
        try await test.store.relay(of: nil) { [EndpointID(tenant: $0.tenant, name: "we_1")] }
    }
}
