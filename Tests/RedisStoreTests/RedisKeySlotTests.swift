import AdapterKit
import NIOPosix
import Payments
import TestKit
import Testing

@testable import RedisStore

@Suite("Keys and slots")
struct RedisKeySlotTests {
    private static let keys = RedisKeys(prefix: "db:")
    private static let callbacks = RedisCallbackKeys(prefix: "db:")
    private static let endpoint = EndpointID(tenant: "acme", name: "we_1")

    private static func slots(of keys: [String]) -> Set<Int> { Set(keys.map { RedisSlot(of: $0.utf8).number }) }

    @Test("All keys of a payment share a slot, whichever bucket it is in")
    func payments() throws {
        for bucket in RedisKeys.buckets {
            let payment = try #require(PaymentID("pay_" + bucket + String(repeating: "0", count: 24)))
            let all = Self.keys.all(of: payment)
            #expect(Set(all).count == 12)
            #expect(Self.slots(of: all).count == 1)
        }
    }

    /// What each script is given, and the feed's scripts name beside it.
    private static let ofScripts: [(script: String, keys: [String])] = [
        ("token", [keys.quota(of: "acme"), keys.feed(of: "acme")]),
        ("feed", [keys.feed(of: "acme"), RedisKeys.absent(beside: keys.feed(of: "acme"))]),
        ("deliveries", [keys.feed(of: "acme")] + ["ready", "dead", "state"].map { keys.delivery($0, to: endpoint) }),
        ("discard", [keys.outbox("00"), keys.corrupt("00")]),
        ("reference", callbacks.reference(GatewayReference("ch_{1}", at: "bank-a"))),
        ("kept callbacks", callbacks.all + [callbacks.decisions]),
    ]

    @Test("All keys of a script share a slot", arguments: ofScripts)
    func scripts(_ script: String, _ keys: [String]) {
        #expect(Set(keys).count == keys.count)
        #expect(Self.slots(of: keys).count == 1)
    }

    @Test("Other payments, tenants and marks are in other slots")
    func apart() throws {
        #expect(Self.slots(of: RedisKeys.buckets.map(Self.keys.due)).count > 800)
        #expect(Self.slots(of: ["acme", "globex", "initech"].map(Self.keys.feed)).count == 3)
        let marks = ["1", "2", "3"].map { CallbackMark(.nonce, $0, at: "bank-a") }
        #expect(Self.slots(of: marks.map(Self.callbacks.mark)).count == 3)
    }

    @Test("Payments spread evenly over the buckets, and buckets over three nodes")
    func spread() throws {
        var counts: [String: Int] = [:]
        let derivation = Derivation(deployment: "test")
        for number in 0..<10_000 {
            let payment = try #require(derivation.payment(tenant: "acme", key: "order-\(number)"))
            counts[payment.bucket, default: 0] += 1
        }
        #expect(Set(counts.keys).isSubset(of: RedisKeys.buckets))
        let mean = 10_000 / Double(RedisKeys.buckets.count)
        let differences = RedisKeys.buckets.map { Double(counts[$0, default: 0]) - mean }
        // Pearson's test: 1,023 on average where all buckets are as likely, with a standard deviation of 45.
        let sum = differences.reduce(0) { $0 + $1 * $1 / mean }
        #expect((1_023.0 - 4 * 45...1_023.0 + 4 * 45).contains(sum))
        let thirds = Dictionary(grouping: RedisKeys.buckets) {
            RedisSlot(of: Self.keys.due($0).utf8).number * 3 / RedisSlot.count
        }
        for third in 0..<3 { #expect((300...383).contains(thirds[third]?.count ?? 0)) }
    }

    @Test("All keys of a breaker's scripts share a slot")
    func breakers() throws {
        let store = try RedisBreakerStore(
            configuration: RedisConfiguration(url: "redis://127.0.0.1"), time: ManualTime(), random: SeededRandom(),
            logger: RecordedLog().logger, group: MultiThreadedEventLoopGroup.singleton)
        let keys = ["bank-a", "bank-b"].flatMap(store.keys)
        #expect(Set(keys).count == 4)
        #expect(Self.slots(of: keys + [store.stream]).count == 1)
    }
}
