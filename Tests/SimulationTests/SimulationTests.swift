import Testing

@Suite struct SimulationTests {
    @Test func `one seed goes the same way every time`() {
        for seed in UInt64(1)...50 {
            let (first, second) = (World.run(seed, isTracing: true), World.run(seed, isTracing: true))
            #expect(first.fingerprint == second.fingerprint, "seed \(seed)")
            if first.trace != second.trace {
                let index = zip(first.trace, second.trace).prefix { $0 == $1 }.count
                print(first.trace.prefix(index + 3).suffix(8).joined(separator: "\n"), "\n--\n", second.trace.prefix(index + 3).suffix(3).joined(separator: "\n"))
            }
            #expect(first.trace == second.trace, "seed \(seed)")
        }
    }

    @Test func `the promises hold`() {
        var steps = 0
        for seed in UInt64(1)...1000 {
            let report = World.run(seed)
            steps += report.steps
            #expect(report.violations == [], "seed \(seed)")
        }
        print("steps", steps)
    }
}

import Foundation
@Suite struct TraceTests {
    @Test func `trace`() {
        guard let seed = ProcessInfo.processInfo.environment["TRACE"].flatMap(UInt64.init) else { return }
        let r = World.run(seed, isTracing: true)
        print(r.trace.joined(separator: "\n"), r.violations, r.steps, r.seconds)
    }
}
