import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("A Redis that loses its last second", .serialized, .timeLimit(.minutes(60)))
struct LossTests {
    private static let shoppers = 4
    /// How long anything may take once all is well.
    private static let patience = Duration.seconds(120)

    @Test("charges nobody twice: the same key is the same reference, and the bank knows it")
    func loses() async throws {
        let chaos = Chaos.wanted
        try await Fleet.with(.everysec) { fleet in
            let bank = fleet.banks[0].mock
            let keys = try await Self.keys(paidIn: fleet, chaos)
            let customer = Customer(at: fleet.replicas)
            let end = ContinuousClock.now + Self.patience
            var known: Set<String> = []
            for key in keys {
                let last = try await customer.succeeds(Self.order, key: key, before: end)
                #expect(last.state == "succeeded", "\(chaos): \(last.text)")
                known.insert(last.id)
            }
            let (ledger, other) = (bank.ledger, fleet.banks[1].mock.ledger)
            #expect(Set(ledger.order) == known, "\(chaos)")
            #expect(ledger.charges.values.allSatisfy { $0.moneyMovements == 1 }, "\(chaos)")
            #expect(other.order.isEmpty, "\(chaos)")
        }
    }

    /// At one gateway alone: who fails over and then forgets it, may do what no gateway can see.
    private static let order = Caller.order(("gateway", .string("bank-a")))

    private static func keys(paidIn fleet: Fleet, _ chaos: Chaos) async throws -> [String] {
        let end = ContinuousClock.now + .seconds(chaos.seconds / 3)
        async let losses = losses(in: fleet, chaos, until: end)
        let keys = try await withThrowingTaskGroup(of: [String].self) { group in
            for number in 0..<shoppers { group.addTask { try await Self.shop(number, in: fleet, until: end) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let times = try await losses
        #expect(times > 0 && keys.count > shoppers)
        print("chaos: \(chaos): \(keys.count) payments, Redis lost its end \(times) times")
        return keys
    }

    private static func losses(in fleet: Fleet, _ chaos: Chaos, until end: ContinuousClock.Instant) async throws -> Int {
        let dice = Dice(seed: chaos.seed)
        var times = 0
        while ContinuousClock.now < end {
            try await Chaos.pause(dice.duration(500...1_000))
            try fleet.banks[0].mock.script(dice.pick([.cutAfter, .status500After]), for: .charge)
            await fleet.redis.stop()
            try fleet.redis.lose(lastBytes: dice.number(below: 20_000))
            try await fleet.redis.start()
            times += 1
        }
        return times
    }

    private static func shop(_ number: Int, in fleet: Fleet, until end: ContinuousClock.Instant) async throws -> [String] {
        let customer = Customer(at: fleet.replicas)
        var keys: [String] = []
        while ContinuousClock.now < end {
            keys.append("shopper-\(number)-\(keys.count)")
            _ = try await customer.pay(order, key: keys[keys.count - 1])
            try await Chaos.pause(.milliseconds(20))
        }
        return keys
    }
}

extension Customer {
    /// Repeats the key until the payment has succeeded, but no longer than so.
    fileprivate func succeeds(_ order: JSON, key: String, before end: ContinuousClock.Instant) async throws -> Reply {
        while true {
            let reply = try await pay(order, key: key)
            if reply.state == "succeeded" || ContinuousClock.now >= end { return reply }
            try await Chaos.pause(.milliseconds(50))
        }
    }
}
