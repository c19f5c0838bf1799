import Payments
import Resilience
import Testing

extension BreakerStoreConformance {
    static let counting: [BreakerStoreConformance] = [
        .init("a gateway nobody has spoken of is closed and clean") { subject in
            let breakers = try await subject.store.breakers(of: ["x", "y"])
            #expect(breakers == ["x": SharedBreaker(), "y": SharedBreaker()])
            let none = try await subject.store.breakers(of: [])
            #expect(none.isEmpty)
        },
        .init("the first failure is announced, the count alone opens nothing") { subject in
            try await subject.store.reportFailures(1, id: "1", report(subject))
            #expect(try await breaker(subject) == SharedBreaker(isCounting: true))
            #expect(try await breaker(subject, "bank-b") == SharedBreaker())
        },
        .init("two replicas' failures in a row open it once for all, for its time") { subject in
            try await subject.store.reportFailures(2, id: "1", report(subject, "a"))
            try await subject.store.reportFailures(2, id: "2", report(subject, "b"))
            #expect(try await breaker(subject).state == .closed)
            try await subject.store.reportFailures(1, id: "3", report(subject, "a"))
            let opened = try await breaker(subject)
            #expect(opened.state == .open)
            #expect(opened.generation > 0)
            #expect(!opened.isCounting)
            let remaining = try #require(opened.remaining)
            #expect(remaining > .seconds(30) && remaining <= .seconds(60))
        },
        .init("one replica alone opens nothing for the others, however often it fails") { subject in
            for number in 0..<20 {
                try await subject.store.reportFailures(5, id: "\(number)", report(subject, "a"))
            }
            #expect(try await breaker(subject) == SharedBreaker(isCounting: true))
        },
        .init("a success anywhere ends the count") { subject in
            try await subject.store.reportFailures(4, id: "1", report(subject, "a"))
            try await subject.store.reportSuccess(report(subject, "c"))
            #expect(try await breaker(subject) == SharedBreaker())
            try await subject.store.reportFailures(4, id: "2", report(subject, "b"))
            #expect(try await breaker(subject) == SharedBreaker(isCounting: true))
            try await subject.store.reportFailures(1, id: "3", report(subject, "b"))
            #expect(try await breaker(subject).state == .closed)
        },
        .init("a report that is repeated counts once") { subject in
            try await subject.store.reportFailures(2, id: "1", report(subject, "a"))
            for _ in 0..<5 { try await subject.store.reportFailures(2, id: "2", report(subject, "b")) }
            #expect(try await breaker(subject).state == .closed)
        },
        .init("what belongs to another generation counts for nothing") { subject in
            for generation in [-1, 1, 99] {
                for replica in ["a", "b"] {
                    let stale = try await report(subject, replica, generation: generation)
                    try await subject.store.reportFailures(5, id: "\(generation)", stale)
                    try await subject.store.reportTrip(stale)
                }
            }
            #expect(try await breaker(subject) == SharedBreaker())
            try await subject.store.reportFailures(1, id: "1", report(subject))
            try await subject.store.reportSuccess(report(subject, generation: 7))
            #expect(try await breaker(subject).isCounting)
        },
        .init("reports change nothing while it is open") { subject in
            try await open(subject)
            let opened = try await breaker(subject)
            let late = try await report(subject, "c")
            try await subject.store.reportSuccess(late)
            try await subject.store.reportFailures(9, id: "9", late)
            try await subject.store.reportTrip(late)
            let after = try await breaker(subject)
            #expect(after.generation == opened.generation)
            #expect(after.state == .open)
            #expect(!after.isCounting)
        },
    ]

    static let tripping: [BreakerStoreConformance] = [
        .init("two replicas' own trips within the window open it for all") { subject in
            try await subject.store.reportTrip(report(subject, "a"))
            #expect(try await breaker(subject) == SharedBreaker())
            try await subject.store.reportTrip(report(subject, "b"))
            #expect(try await breaker(subject).state == .open)
        },
        .init("one replica's trips alone open nothing") { subject in
            for _ in 0..<5 { try await subject.store.reportTrip(report(subject, "a")) }
            #expect(try await breaker(subject).state == .closed)
        },
        .init("a trip counts no longer than the window") { subject in
            let settings = CircuitBreaker.Settings(window: .milliseconds(50))
            try await subject.store.reportTrip(report(subject, "a", settings))
            try await subject.elapse(.milliseconds(50))
            try await subject.store.reportTrip(report(subject, "b", settings))
            #expect(try await breaker(subject).state == .closed)
        },
        .init("a trip outlives a success, and not a decision") { subject in
            try await subject.store.reportTrip(report(subject, "a"))
            try await subject.store.reportSuccess(report(subject, "b"))
            try await subject.store.force(gateway, .closed, reason: "r", actor: "o", limit: nil)
            try await subject.store.reportTrip(report(subject, "b"))
            #expect(try await breaker(subject).state == .closed)
            try await subject.store.reportSuccess(report(subject, "b"))
            try await subject.store.reportTrip(report(subject, "a"))
            #expect(try await breaker(subject).state == .open)
        },
    ]
}
