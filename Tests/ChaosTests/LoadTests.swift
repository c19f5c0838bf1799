import MockGateways
import ProcessKit
import Testing

@Suite("Under load, while everything fails", .serialized, .timeLimit(.minutes(60)))
struct LoadTests {
    private static let shoppers = 8
    /// How long anything may take once all is well. Usually seconds; a card's payment whose owner died before its request's end was
    /// stored, and whose caller was told 202, can be sent by nobody: only the bank's final word that it holds nothing ends it, which
    /// comes once the request's signature has run out (R3).
    private static let patience = Duration.seconds(330)

    @Test("no payment is charged twice, lost, or told otherwise than the banks' books say")
    func everything() async throws {
        let chaos = Chaos.wanted
        try await Fleet.with(.always) { fleet in
            let faults = Faults(in: fleet, seed: chaos.seed)
            let purchases = try await Self.purchases(in: fleet, faults, chaos)
            let calm = ContinuousClock.now
            let told = try await Self.review(purchases, in: fleet, until: calm + Self.patience)
            let took = ContinuousClock.now - calm
            let violations = Promises(fleet).violations(told)
            #expect(violations.isEmpty, "\(chaos): \(violations.count)\n\(violations.prefix(3).joined(separator: "\n"))")
            #expect(took < Self.patience, "\(chaos)")
            for kind in Faults.Kind.allCases { #expect(faults.all[kind, default: 0] > 0, "\(chaos): never \(kind)") }
            #expect(told.contains { $0.last.state == "succeeded" } && told.contains { $0.last.state == "canceled" })
            Self.report(told, faults, chaos, took)
        }
    }

    private static func purchases(in fleet: Fleet, _ faults: Faults, _ chaos: Chaos) async throws -> [Purchase] {
        let end = ContinuousClock.now + .seconds(chaos.seconds)
        return try await withThrowingTaskGroup(of: [Purchase].self) { group in
            group.addTask {
                try await faults.reign(for: .seconds(chaos.seconds))
                return []
            }
            for number in 0..<shoppers {
                // Some turn to the one replica first, some to the other.
                let order = number % 2 == 0 ? fleet.replicas : fleet.replicas.reversed()
                let dice = Dice(seed: chaos.seed &+ UInt64(1_000 + number))
                let shopping = Shopping(customer: Customer(at: order), dice: dice, name: "shopper-\(number)")
                group.addTask { try await shopping.run(until: end) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private static func review(
        _ purchases: [Purchase], in fleet: Fleet, until end: ContinuousClock.Instant
    ) async throws -> [Told] {
        try await withThrowingTaskGroup(of: [Told].self) { group in
            for part in 0..<shoppers {
                let customer = Customer(at: fleet.replicas)
                group.addTask {
                    var told: [Told] = []
                    for index in stride(from: part, to: purchases.count, by: shoppers) {
                        told.append(try await customer.review(purchases[index], until: end))
                    }
                    return told
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// For the one who runs it: what was seen.
    private static func report(_ told: [Told], _ faults: Faults, _ chaos: Chaos, _ took: Duration) {
        let states = Dictionary(grouping: told) { $0.last.state ?? "none" }.mapValues(\.count)
        let troubles = faults.all.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
        let late = told.count { $0.answers[0].first.status == 202 }
        print(
            "chaos: \(chaos): \(told.count) payments (\(states)), \(late) told 202; \(troubles); all known \(took) after the last fault"
        )
    }
}
