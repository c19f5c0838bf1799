import Testing

/// Thousands of worlds in which everything fails, each made by a number (`SIMULATION_SEEDS`; `make simulate SEEDS=…`).
@Suite struct SimulationTests {
    @Test func `the promises hold, whatever fails and whenever`() {
        var failed: [String] = []
        for seed in Seeds.asked ?? Seeds.usual {
            let report = World.run(seed)
            guard !report.violations.isEmpty else { continue }
            failed.append("\(seed) \(Set(report.violations.map { $0.prefix { $0 != ":" } }).sorted())")
            if failed.count <= 3 { Issue.record(Comment(rawValue: World.run(seed, isTracing: true).told)) }
        }
        #expect(failed == [], "seeds with violations")
    }

    @Test func `everything that a simulation is for happens in it`() {
        var seen: Set<String> = []
        for seed in Seeds.usual.prefix(400) { seen.formUnion(World.run(seed).events.keys) }
        let wanted = BankFault.allCases.map { "\($0)" } + Self.wanted
        #expect(wanted.filter { !seen.contains($0) } == [], "of \(seen.sorted())")
    }

    private static let wanted = [
        "death", "pause", "store", "store lost", "callback applied", "callback stale", "callback unmatched", "failover",
        "late_success",
        "redriven", "discarded", "replay", "payment.authorized", "payment.succeeded", "payment.failed", "payment.canceled",
        "payment.queued", "payment.requires_action", "payment.manual_review", "capture.succeeded", "void.succeeded",
        "refund.succeeded", "refund.failed", "reversal.succeeded",
    ]

    @Test func `a seed goes the same way every time`() {
        for seed in (Seeds.asked ?? Seeds.usual).prefix(20) {
            let (first, second) = (World.run(seed, isTracing: true), World.run(seed, isTracing: true))
            #expect(first.trace == second.trace, "seed \(seed)")
        }
    }
}

extension World.Report {
    /// What to look at: the violations, how to see them again, and the end of what happened.
    var told: String {
        let shown = (trace.prefix(300) + (trace.count > 300 ? ["…"] + trace.dropFirst(300).suffix(200) : [])).joined(
            separator: "\n")
        return "seed \(seed): \(violations.joined(separator: "; "))\nmake simulate SEEDS=\(seed)..\(seed)\n\(shown)"
    }
}
