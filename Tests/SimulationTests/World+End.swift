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
        /// How often what happened.
        let events: [String: Int]
    }

    private static let horizon: Int64 = 7_200_000_000
    private static let maximumSteps = 40_000

    static func run(_ seed: UInt64, aim: SimulatedMutation? = nil, isMade: Bool = false, isTracing: Bool = false) -> Report {
        let world = World(Scenario(seed: seed, aim: aim, isMade: isMade), seed: seed, isTracing: isTracing)
        world.startCallers()
        world.startOperator()
        world.watch()
        if !world.schedule.run(until: horizon, limit: maximumSteps, while: { !world.isQuiet }) {
            world.checker.fail("end", "the simulation needs more than \(maximumSteps) steps")
        }
        world.judge()
        let report = Report(
            seed: seed, violations: world.checker.violations, fingerprint: world.schedule.fingerprint,
            trace: world.schedule.trace, steps: world.schedule.steps, events: world.schedule.events)
        world.end()
        return report
    }

    /// Looks every few seconds whether there is still something to wait for.
    private func watch() {
        callers.start { [unowned self] in
            await callers.rest(scenario.calm)
            var isLookedAt = !scenario.isAskable
            while !isQuiet {
                await callers.rest(10_000_000)
                if !isLookedAt, schedule.elapsed >= scenario.calm + 120_000_000 {
                    isLookedAt = true
                    for order in scenario.orders { await checker.judgeUnknown(order) }
                }
                isQuiet = await isSettled()
            }
        }
    }

    private func isSettled() async -> Bool {
        guard callersAtWork == 0, undelivered == 0, network.isIdle, isOperatorDone else { return false }
        for order in scenario.orders {
            guard let id = derivation.payment(tenant: Self.tenant, key: order.key),
                let stored = try? await storage.kept.payment(id, tenant: Self.tenant)
            else { continue }
            guard !stored.leased, stored.record.isSettled else { return false }
            guard let open = try? await storage.kept.openOperations(of: id),
                open.allSatisfy({ $0.status == .manualReview })
            else { return false }
            for gateway in stored.record.reversedAt {
                guard let reversal = derivation.reversal(of: id, tenant: Self.tenant, at: gateway),
                    let work = try? await storage.kept.work(WorkID(id, reversal)), work.operation?.record.status != .processing
                else { return false }
            }
        }
        return true
    }

    private func judge() {
        let judge = SimulatedProcess(name: "judge", schedule: schedule, seed: seed)
        judge.start { [unowned self] in for order in scenario.orders { await checker.judge(order) } }
        _ = schedule.run(until: schedule.elapsed, limit: Self.maximumSteps + 10_000)
    }

    private func end() {
        // What still runs may end; what hangs is dropped.
        for replica in replicas { replica.process?.end() }
        _ = schedule.run(until: schedule.elapsed + 2_000_000, limit: schedule.steps + 1_000)
        for replica in replicas { replica.die() }
        callers.kill()
        storage.replace(with: MemoryPaymentStore(time: callers))
        storage.journal = nil
        schedule.end()
    }
}

extension PaymentRecord {
    fileprivate var isSettled: Bool {
        switch status {
        case .processing, .queued, .requiresAction: false
        case .authorized, .succeeded, .failed, .canceled, .manualReview: true
        }
    }
}
