import Payments
import Resilience
import Testing

extension BreakerStoreConformance {
    private static let quick = CircuitBreaker.Settings(openFor: .milliseconds(20))

    static let probing: [BreakerStoreConformance] = [
        .init("nobody probes before its time, nor where nothing is open") { subject in
            #expect(try await !subject.store.takeProbe("t", report(subject)))
            try await open(subject)
            #expect(try await !subject.store.takeProbe("t", report(subject)))
            #expect(try await breaker(subject).state == .open)
        },
        .init("one has the right to probe, and keeps it when it asks again") { subject in
            try await due(subject, quick)
            let report = try await report(subject, "a", quick)
            #expect(try await subject.store.takeProbe("a", report))
            #expect(try await subject.store.takeProbe("a", report))
            for token in ["b", "", "c"] { #expect(try await !subject.store.takeProbe(token, report)) }
            let probed = try await breaker(subject)
            #expect(probed.state == .halfOpen)
            #expect(probed.generation == report.generation)
            #expect(probed.remaining ?? .zero > .seconds(2))
        },
        .init("of many that ask at once one gets the right") { subject in
            try await due(subject, quick)
            let report = try await report(subject, "a", quick)
            let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<20 { group.addTask { try await subject.store.takeProbe("t\(number)", report) } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(granted == 1)
        },
        .init("who does not know the newest decision gets no right") { subject in
            try await due(subject, quick)
            #expect(try await !subject.store.takeProbe("t", report(subject, generation: 0, quick)))
        },
        .init("the right of a probe that is never heard of again ends") { subject in
            let settings = CircuitBreaker.Settings(openFor: .milliseconds(20), probeLease: .milliseconds(50))
            try await due(subject, settings)
            let report = try await report(subject, "a", settings)
            #expect(try await subject.store.takeProbe("lost", report))
            try await subject.elapse(.milliseconds(50))
            #expect(try await subject.store.takeProbe("second", report))
            try await subject.store.endProbe("lost", .success, report)
            #expect(try await breaker(subject).state == .halfOpen)
            try await subject.store.endProbe("second", .success, report)
            #expect(try await breaker(subject).state == .closed)
        },
        .init("a probe that succeeds closes it by a new decision") { subject in
            try await due(subject, quick)
            let report = try await report(subject, "a", quick)
            #expect(try await subject.store.takeProbe("t", report))
            try await subject.store.endProbe("t", .success, report)
            let closed = try await breaker(subject)
            #expect(closed == SharedBreaker(generation: closed.generation))
            #expect(closed.generation > report.generation)
        },
        .init("a failure of before it closed counts for nothing afterwards") { subject in
            try await due(subject, quick)
            let opened = try await report(subject, "a", quick)
            #expect(try await subject.store.takeProbe("t", opened))
            try await subject.store.endProbe("t", .success, opened)
            for (replica, generation) in [("a", opened.generation), ("b", 0)] {
                let stale = try await report(subject, replica, generation: generation, quick)
                try await subject.store.reportFailures(9, id: "late", stale)
            }
            let after = try await breaker(subject)
            #expect(after == SharedBreaker(generation: after.generation))
            try await open(subject, quick)
            #expect(try await breaker(subject).generation > after.generation)
        },
        .init("a probe that fails opens it again, for its time") { subject in
            try await due(subject, quick)
            let settings = CircuitBreaker.Settings()
            let report = try await report(subject, "a", settings)
            #expect(try await subject.store.takeProbe("t", report))
            try await subject.store.endProbe("t", .failure, report)
            let opened = try await breaker(subject)
            #expect(opened.state == .open)
            #expect(opened.generation > report.generation)
            #expect(opened.remaining ?? .zero > .seconds(30))
        },
        .init("a probe that says nothing frees the right at once") { subject in
            try await due(subject, quick)
            let report = try await report(subject, "a", quick)
            #expect(try await subject.store.takeProbe("a", report))
            try await subject.store.endProbe("a", .neutral, report)
            #expect(try await breaker(subject).remaining == .zero)
            #expect(try await subject.store.takeProbe("b", report))
        },
        .init("it takes as many probes as are wanted, each counted once") { subject in
            let settings = CircuitBreaker.Settings(openFor: .milliseconds(20), halfOpenProbes: 2)
            try await due(subject, settings)
            let report = try await report(subject, "a", settings)
            #expect(try await subject.store.takeProbe("1", report))
            for _ in 0..<3 { try await subject.store.endProbe("1", .success, report) }
            #expect(try await breaker(subject).state == .halfOpen)
            #expect(try await subject.store.takeProbe("2", report))
            try await subject.store.endProbe("2", .success, report)
            #expect(try await breaker(subject).state == .closed)
        },
        .init("nobody ends a probe who has not the right") { subject in
            try await due(subject, quick)
            let report = try await report(subject, "a", quick)
            try await subject.store.endProbe("t", .success, report)
            #expect(try await subject.store.takeProbe("t", report))
            for result in CallResult.allCases {
                try await subject.store.endProbe("other", result, report)
                try await subject.store.endProbe("", result, report)
                let stale = try await BreakerStoreConformance.report(subject, generation: 0, quick)
                try await subject.store.endProbe("t", result, stale)
            }
            #expect(try await breaker(subject).state == .halfOpen)
            #expect(try await !subject.store.takeProbe("other", report))
        },
    ]
}
