import AdapterKit
import Payments
import TestKit
import Testing

@testable import RedisStore

@Suite("A Redis Cluster of three nodes", .serialized, .timeLimit(.minutes(2)))
struct RedisClusterTests {
    private static let lease = Lease(token: "owner", duration: .seconds(60))

    // MARK: Operators

    @Test("Lists, what is due and the tallies cover all nodes")
    func listings() async throws {
        try await RedisCluster.with { cluster in
            try await Subject.with(url: cluster.url) { subject in
                var ids: Set<WorkID> = []
                for bucket in try await cluster.bucketOfEach() { ids.insert(WorkID(try await subject.queued(in: bucket).id)) }
                #expect(ids.count == 3)
                #expect(Set(try await subject.store.due(limit: 10).map(\.id)) == ids)
                #expect(Set(try await subject.store.listed(on: .queue, after: nil, limit: 10).items.map(\.id)) == ids)
                var paged: Set<WorkID> = []
                var page = try await subject.store.listed(on: .queue, after: nil, limit: 1)
                paged.formUnion(page.items.map(\.id))
                while let next = page.next {
                    page = try await subject.store.listed(on: .queue, after: next, limit: 1)
                    paged.formUnion(page.items.map(\.id))
                }
                #expect(paged == ids)
                #expect(try await subject.store.tally() == [Shelf(.queue, gateway: "bank-a"): 3])
                #expect(try await subject.store.payments(tenant: "acme", reference: "order-1", limit: 10).count == 3)
                for node in cluster.nodes { #expect(try await node.command("DBSIZE") != "0") }
            }
        }
    }

    @Test("Every node is asked whether it keeps what it is given")
    func persistence() async throws {
        try await RedisCluster.with { cluster in
            try await Subject.with(url: cluster.url) { subject in
                #expect(try await subject.store.persistenceProblems().isEmpty)
                try await cluster.nodes[2].command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
                try await cluster.nodes[1].command("CONFIG", "SET", "appendonly", "no")
                #expect(try await subject.store.persistenceProblems().count == 2)
            }
        }
    }

    @Test("A cluster has one database: another is refused with these words")
    func database() async throws {
        try await RedisCluster.with { cluster in
            try await Subject.with(url: cluster.url + "/3", timeout: .seconds(2)) { subject in
                let failure = try await subject.failure { try await $0.ping() }
                #expect(failure == StoreFailure(code: .refused, detail: "a Redis Cluster has no database but 0"))
            }
        }
    }

    @Test("Scripts that one node forgot are given to it again within the same step")
    func forgottenScripts() async throws {
        try await RedisCluster.with { cluster in
            try await Subject.with(url: cluster.url) { subject in
                let buckets = try await cluster.bucketOfEach()
                for bucket in buckets { try await subject.claim(in: bucket) }
                try await cluster.nodes[1].command("SCRIPT", "FLUSH")
                for bucket in buckets { try await subject.claim(2, in: bucket) }
                try await cluster.nodes[2].command("SCRIPT", "FLUSH")
                #expect(try await subject.store.payments(tenant: "acme", reference: "order-1", limit: 9).count == 6)
            }
        }
    }

    @Test("A claim that wants replicas counts those of the node that has it")
    func replicas() async throws {
        try await RedisCluster.with { cluster in
            try await Subject.with(url: cluster.url, timeout: .seconds(2), waitReplicas: 1) { subject in
                for bucket in try await cluster.bucketOfEach() {
                    let failure = try await subject.failure { _ = try await $0.claim(Sample.claim(1, in: bucket)) }
                    #expect(failure?.code == .tooFewReplicas)
                }
            }
        }
    }

    // MARK: Connections

    @Test("The password is given to every node", arguments: ["right", "wrong"])
    func password(_ password: String) async throws {
        try await RedisCluster.with { cluster in
            for node in cluster.nodes { try await node.command("CONFIG", "SET", "requirepass", "right") }
            let credentials = RedisConfiguration.Credentials(username: "default", password: Secret(text: password))
            try await Subject.with(url: cluster.url, credentials: credentials, timeout: .seconds(3)) { subject in
                for bucket in try await cluster.bucketOfEach() {
                    let failure = try await subject.failure { _ = try await $0.claim(Sample.claim(1, in: bucket)) }
                    #expect(failure?.detail == (password == "right" ? nil : "Redis: WRONGPASS"))
                }
            }
        }
    }

    @Test("rediss:// speaks TLS with every node")
    func tls() async throws {
        let year = Timestamp(seconds: 1_577_836_800)..<Timestamp(seconds: 4_102_444_800)
        let authority = try TestAuthority(valid: year)
        try await RedisCluster.with(certificate: try authority.server(valid: year)) { cluster in
            let url = "rediss://localhost:\(cluster.nodes[0].port)"
            try await Subject.with(url: url, certificateAuthority: authority.root.certificate) { subject in
                for bucket in try await cluster.bucketOfEach() { try await subject.claim(in: bucket) }
            }
        }
    }

    @Test("After shutdown every step fails at once, and all connections have ended")
    func shutDown() async throws {
        try await RedisCluster.with { cluster in
            try await Subject.with(url: cluster.url, timeout: .seconds(60)) { subject in
                let buckets = try await cluster.bucketOfEach()
                for bucket in buckets { try await subject.claim(in: bucket) }
                await subject.store.shutdown()
                for bucket in buckets {
                    let failure = try await subject.failure { _ = try await $0.claim(Sample.claim(2, in: bucket)) }
                    #expect(failure?.code == .unreachable)
                }
                for node in cluster.nodes {
                    let clients = try await node.command("CLIENT", "LIST", "TYPE", "normal").split(separator: "\n")
                    // The one that asks.
                    #expect(clients.count == 1)
                }
            }
        }
    }

    // MARK: Nodes that are gone

    @Test("Where a node is gone only the steps of its slots fail, and they are done when it is back", arguments: [0, 2])
    func dead(_ number: Int) async throws {
        try await RedisCluster.with { cluster in
            try await Subject.with(url: cluster.url, timeout: .seconds(1)) { subject in
                // Or else a crash forgets what the disk was too slow for.
                try await cluster.nodes[number].command("CONFIG", "SET", "appendfsync", "always")
                let buckets = try await cluster.bucketOfEach()
                for bucket in buckets { _ = try await subject.queued(in: bucket) }
                await cluster.nodes[number].stop()
                for (place, bucket) in buckets.enumerated() {
                    // Its tenant's reference has a key of its own, at the same node here.
                    let reference = try cluster.reference(at: place)
                    let failure = try await subject.failure {
                        _ = try await $0.claim(Sample.claim(2, in: bucket, reference: reference))
                    }
                    #expect(failure?.code == (place == number ? .unreachable : nil), "\(String(describing: failure))")
                }
                await #expect(throws: Never.self) { try await subject.store.ping() }
                // What recovery can do it does; operators are not shown a part for the whole.
                #expect(try await subject.store.due(limit: 10).count == 2)
                #expect(
                    try await subject.failure { _ = try await $0.listed(on: .queue, after: nil, limit: 9) }?.code == .unreachable)
                #expect(try await subject.failure { _ = try await $0.tally() }?.code == .unreachable)
                #expect(try await subject.failure { _ = try await $0.persistenceProblems() }?.code == .unreachable)
                try await cluster.nodes[number].start()
                try await cluster.nodes[number].logs("Cluster state changed: ok")
                await subject.reconnect()
                #expect(try await subject.store.due(limit: 10).count == 3)
            }
        }
    }

    @Test("A replica is counted by claims at its primary, and takes over from it with all that was claimed")
    func replica() async throws {
        try await RedisCluster.with { cluster in
            let bucket = try await cluster.bucketOfEach()[1]
            let reference = try cluster.reference(at: 1)
            try await cluster.withReplica(of: 1) { replica in
                try await Subject.with(url: cluster.url, timeout: .seconds(8), waitReplicas: 1) { subject in
                    let claim = try Sample.claim(1, in: bucket, reference: reference)
                    #expect(try await subject.store.claim(claim) == .new)
                    await cluster.nodes[1].stop()
                    try await replica.logs("Failover election won")
                    #expect(try await subject.store.payment(claim.record.id, tenant: "acme")?.record == claim.record)
                    #expect(try await subject.failure { _ = try await $0.claim(claim) }?.code == .tooFewReplicas)
                }
            }
        }
    }

    @Test("A node that hangs is a time-out of its own slots")
    func hanging() async throws {
        try await RedisCluster.with { cluster in
            try await Subject.with(url: cluster.url, timeout: .seconds(1)) { subject in
                let buckets = try await cluster.bucketOfEach()
                for bucket in buckets { try await subject.claim(in: bucket) }
                cluster.nodes[1].suspend()
                for (place, bucket) in buckets.enumerated() {
                    let reference = try cluster.reference(at: place)
                    let failure = try await subject.failure {
                        _ = try await $0.claim(Sample.claim(2, in: bucket, reference: reference))
                    }
                    #expect(failure?.code == (place == 1 ? .timeout : nil))
                }
                cluster.nodes[1].resume()
            }
        }
    }

    @Test("A cluster that is down because slots are missing says so")
    func down() async throws {
        try await RedisCluster.with(isWhole: true) { cluster in
            try await Subject.with(url: cluster.url, timeout: .seconds(2)) { subject in
                let buckets = try await cluster.bucketOfEach()
                for bucket in buckets { try await subject.claim(in: bucket) }
                await cluster.nodes[2].stop()
                try await cluster.nodes[0].logs("Cluster state changed: fail")
                let failure = try await subject.failure { _ = try await $0.claim(Sample.claim(2, in: buckets[0])) }
                #expect(failure == StoreFailure(code: .unreachable, detail: "Redis: CLUSTERDOWN"))
            }
        }
    }

    @Test("A slot that nobody serves fails with these words, and is served when somebody does")
    func unserved() async throws {
        try await RedisCluster.with { cluster in
            let bucket = try await cluster.bucketOfEach()[1]
            let slot = String(RedisSlot(of: "{\(bucket)}".utf8).number)
            // Of all: whoever is asked first gives the map.
            for node in cluster.nodes { try await node.command("CLUSTER", "DELSLOTS", slot) }
            try await Subject.with(url: cluster.url, timeout: .seconds(2)) { subject in
                let failure = try await subject.failure { _ = try await $0.claim(Sample.claim(1, in: bucket)) }
                #expect(failure?.code == .unreachable)
                #expect(failure?.detail == "no node of the Redis Cluster serves the slot")
                try await cluster.nodes[0].command("CLUSTER", "ADDSLOTS", slot)
                // Between two questions where the slots are lies a pause.
                try await cluster.elapse(.milliseconds(300))
                try await subject.claim(in: bucket)
            }
        }
    }
}

extension RedisCluster {
    /// A bucket of each node, in the nodes' order.
    func bucketOfEach() async throws -> [String] {
        try nodes.indices.map { number in
            try #require(
                RedisKeys.buckets.first { firstOwner(of: RedisSlot(of: "{\($0)}".utf8).number).port == nodes[number].port })
        }
    }
}

extension RedisCluster {
    /// A reference of the tenant `acme` that the node indexes.
    func reference(at number: Int) throws -> String {
        let keys = RedisKeys(prefix: "db:")
        return try #require(
            (1...100).lazy.map { "order-\($0)" }.first {
                let slot = RedisSlot(of: keys.index(tenant: "acme", reference: $0).utf8)
                return firstOwner(of: slot.number).port == nodes[number].port
            })
    }
}

extension Sample {
    static func payment(_ number: Int = 1, in bucket: String, reference: String = "order-1") throws -> PaymentRecord {
        let digits = String(number)
        return PaymentRecord(
            id: try #require(PaymentID("pay_" + bucket + String(repeating: "0", count: 24 - digits.count) + digits)),
            tenant: "acme",
            money: Money(minorUnits: 100, currency: try #require(Currency("EUR"))), reference: reference, capture: .automatic,
            methodKind: .card, pinnedGateway: nil, onUnavailable: .queue, createdAt: start, sealed: [])
    }

    static func claim(_ number: Int = 1, in bucket: String, reference: String = "order-1") throws -> PaymentClaim {
        PaymentClaim(
            record: try payment(number, in: bucket, reference: reference), fingerprints: ["f"],
            lease: Lease(token: "owner", duration: .seconds(60)),
            answered: false, keeping: keeping)
    }
}

extension Subject {
    @discardableResult
    func claim(_ number: Int = 1, in bucket: String) async throws -> PaymentRecord {
        let claim = try Sample.claim(number, in: bucket)
        #expect(try await store.claim(claim) == .new)
        return claim.record
    }

    /// A payment that waits for the gateway `bank-a` and is due.
    @discardableResult
    func queued(_ number: Int = 1, in bucket: String) async throws -> PaymentRecord {
        try await queue(try await claim(number, in: bucket))
    }

    @discardableResult
    func queue(_ claimed: PaymentRecord) async throws -> PaymentRecord {
        var record = claimed
        record.version = 2
        record.status = .queued
        record.processingReason = nil
        record.gateway = "bank-a"
        let settlement = Settlement(
            record: record, expectedVersion: 1, hold: .release(token: "owner"), wake: .zero,
            history: [HistoryEntry(at: Sample.start, version: 2, event: "payment.queued", cause: .response)],
            keeping: Sample.keeping)
        #expect(try await store.settle(settlement) == .done)
        return record
    }
}
