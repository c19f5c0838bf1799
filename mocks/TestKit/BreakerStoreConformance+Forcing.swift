import Payments
import Resilience
import Testing

extension BreakerStoreConformance {
    static let forcing: [BreakerStoreConformance] = [
        .init("a forced state stays with its reason, whatever is reported") { subject in
            for order in [BreakerOrder.forcedOpen, .forcedClosed] {
                try await subject.store.force(gateway, order, reason: "maintenance at the bank", actor: "ops@acme", limit: nil)
                try await open(subject)
                try await subject.store.reportSuccess(report(subject))
                #expect(try await !subject.store.takeProbe("t", report(subject)))
                let forced = try await breaker(subject)
                #expect(forced.state.rawValue == order.rawValue)
                #expect(forced.remaining == nil)
                #expect(forced.reason == "maintenance at the bank")
                #expect(forced.actor == "ops@acme")
                #expect(!forced.isCounting)
            }
        },
        .init("a forced state with a limit ends by itself, clean") { subject in
            try await fail(subject, "a", 4)
            try await subject.store.force(gateway, .forcedOpen, reason: "r", actor: "o", limit: .seconds(60))
            let forced = try await breaker(subject)
            #expect(forced.remaining ?? .zero > .seconds(30))
            try await subject.store.force(gateway, .forcedOpen, reason: "r", actor: "o", limit: .milliseconds(30))
            try await subject.elapse(.milliseconds(30))
            let ended = try await breaker(subject)
            #expect(ended == SharedBreaker(generation: ended.generation))
            #expect(ended.generation > forced.generation)
            try await open(subject)
            #expect(try await breaker(subject).state == .open)
        },
        .init("closed by an operator it is clean and automatic again") { subject in
            try await subject.store.force(gateway, .forcedOpen, reason: "r", actor: "o", limit: nil)
            let forced = try await breaker(subject)
            try await subject.store.force(gateway, .closed, reason: "done", actor: "o", limit: nil)
            let closed = try await breaker(subject)
            #expect(closed == SharedBreaker(generation: closed.generation))
            #expect(closed.generation > forced.generation)
            try await open(subject)
            try await subject.store.force(gateway, .closed, reason: "done", actor: "o", limit: .seconds(60))
            #expect(try await breaker(subject).state == .closed)
        },
        .init("forcing ends a probe: what it says counts for nothing") { subject in
            let settings = CircuitBreaker.Settings(openFor: .milliseconds(20))
            try await due(subject, settings)
            let probed = try await report(subject, "a", settings)
            #expect(try await subject.store.takeProbe("t", probed))
            try await subject.store.force(gateway, .forcedOpen, reason: "r", actor: "o", limit: nil)
            try await subject.store.endProbe("t", .success, probed)
            #expect(try await breaker(subject).state == .forcedOpen)
        },
    ]

    static let following: [BreakerStoreConformance] = [
        .init("who follows hears of all at once, and of each change") { subject in
            try await subject.store.force("bank-b", .forcedOpen, reason: "r", actor: "o", limit: nil)
            let heard = FollowedBreakers()
            let following = Task { await subject.store.follow({ [gateway, "bank-b"] }) { heard.add($0) } }
            try await heard.until { $0["bank-b"]?.state == .forcedOpen && $0[gateway] == SharedBreaker() }
            try await subject.store.reportFailures(5, id: "1", report(subject, "a"))
            try await heard.until { $0[gateway]?.isCounting == true }
            try await subject.store.reportFailures(1, id: "2", report(subject, "b"))
            try await heard.until { $0[gateway]?.state == .open }
            try await subject.store.force("bank-b", .closed, reason: "r", actor: "o", limit: nil)
            try await heard.until { $0["bank-b"]?.state == .closed }
            try await subject.store.reportFailures(1, id: "3", report(subject, "b"))
            following.cancel()
            await following.value
        },
        .init("who follows hears that a count has ended, and of a probe") { subject in
            let settings = CircuitBreaker.Settings(openFor: .milliseconds(20))
            let heard = FollowedBreakers()
            let following = Task { await subject.store.follow({ [gateway] }) { heard.add($0) } }
            try await fail(subject, "a", 1)
            try await heard.until { $0[gateway]?.isCounting == true }
            try await subject.store.reportSuccess(report(subject, "b"))
            try await heard.until { $0[gateway]?.isCounting == false }
            try await due(subject, settings)
            #expect(try await subject.store.takeProbe("t", report(subject, "a", settings)))
            try await heard.until { $0[gateway]?.state == .halfOpen }
            try await subject.store.endProbe("t", .success, report(subject, "a", settings))
            try await heard.until { $0[gateway]?.state == .closed }
            following.cancel()
            await following.value
        },
        .init("several follow, and one that stops takes nothing from the others") { subject in
            let (first, second) = (FollowedBreakers(), FollowedBreakers())
            let leaving = Task { await subject.store.follow({ [gateway] }) { first.add($0) } }
            let staying = Task { await subject.store.follow({ [gateway] }) { second.add($0) } }
            try await first.until { $0[gateway] != nil }
            try await second.until { $0[gateway] != nil }
            leaving.cancel()
            await leaving.value
            try await open(subject)
            try await second.until { $0[gateway]?.state == .open }
            #expect(first.newest[gateway]?.state == .closed)
            staying.cancel()
            await staying.value
        },
    ]
}
