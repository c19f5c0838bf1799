import AdapterKit
import Payments
import TestKit

/// How a simulation ends and is judged.
extension World {
    struct Report: Sendable {
        let seed: UInt64
        let violations: [String]
        let fingerprint: UInt64
        let trace: [String]
        let steps: Int
        /// Seconds of simulated time.
        let seconds: Int64
    }

    private static let horizon: Int64 = 7_200_000_000
    private static let maximumSteps = 400_000

    static func run(_ seed: UInt64, mutation: SimulatedMutation? = nil, isTracing: Bool = false) -> Report {
        let world = World(Scenario(seed: seed, mutation: mutation), seed: seed, isTracing: isTracing)
        world.startCallers()
        let hasEnded = world.schedule.run(until: horizon, limit: maximumSteps) { world.callersAtWork > 0 || !world.isCalm }
        if !hasEnded { world.checker.fail("end", "the simulation needs more than \(maximumSteps) steps") }
        world.judge()
        let report = Report(
            seed: seed, violations: world.checker.violations, fingerprint: world.schedule.fingerprint,
            trace: world.schedule.trace, steps: world.schedule.steps, seconds: world.schedule.elapsed / 1_000_000)
        world.end()
        return report
    }

    private func judge() {}

    private func end() {
        for replica in replicas { replica.die() }
        callers.kill()
        schedule.end()
    }
}
