import Resilience
import Testing

/// A breaker with the clock that moves it. A class, so that asking it may stand in an expectation.
final class Watched {
    var breaker: CircuitBreaker
    var now: Duration = .seconds(1_000)

    init(_ settings: CircuitBreaker.Settings = .init()) { breaker = CircuitBreaker(settings: settings) }

    var state: CircuitBreaker.State { breaker.state(at: now) }
    var refuses: Bool { breaker.refuses(at: now) }

    func pass(_ duration: Duration) { now += duration }

    /// Asks, and gives the generation of the permit, or `nil` when it is refused.
    func permitted() -> Int? {
        switch breaker.permit(at: now) {
        case .proceed(let generation), .probe(let generation): generation
        case .refuse: nil
        }
    }

    @discardableResult
    func record(
        _ result: CircuitBreaker.Result, after duration: Duration = .milliseconds(10), generation: Int? = nil
    ) -> CircuitBreaker.Cause? {
        breaker.record(result, duration: duration, generation: generation ?? breaker.generation, at: now)
    }

    func record(_ result: CircuitBreaker.Result, times: Int, after duration: Duration = .milliseconds(10)) {
        for _ in 0..<times { record(result, after: duration) }
    }

    func adopt(_ generation: Int, _ state: CircuitBreaker.State, _ remaining: Duration? = nil) {
        breaker.adopt(CircuitBreaker.Shared(generation: generation, state: state, remaining: remaining), at: now)
    }

    static func opened(_ settings: CircuitBreaker.Settings = .init()) -> Watched {
        let watched = Watched(settings)
        watched.record(.failure, times: settings.consecutiveFailures)
        return watched
    }

    static func due(_ settings: CircuitBreaker.Settings = .init()) -> Watched {
        let watched = opened(settings)
        watched.pass(settings.openFor)
        return watched
    }
}

@Suite("The circuit breaker, closed")
struct ClosedBreakerTests {
    @Test func `opens with the fifth failure in a row, and not with the fourth`() {
        let watched = Watched()
        for _ in 0..<4 { #expect(watched.record(.failure) == nil) }
        #expect(watched.state == .closed)
        #expect(watched.record(.failure) == .consecutiveFailures)
        #expect(watched.state == .open)
        #expect(watched.refuses)
        #expect(watched.permitted() == nil)
    }

    @Test func `starts to count anew with a success`() {
        let watched = Watched()
        for _ in 0..<10 {
            watched.record(.failure, times: 4)
            watched.record(.success)
        }
        #expect(watched.state == .closed)
    }

    @Test func `counts a result that says nothing neither way`() {
        let watched = Watched()
        watched.record(.failure, times: 4)
        watched.record(.neutral, times: 100)
        #expect(watched.state == .closed)
        #expect(watched.record(.failure) == .consecutiveFailures)
    }

    @Test func `counts failures in a row however far apart`() {
        let watched = Watched()
        for _ in 0..<5 {
            watched.record(.failure)
            watched.pass(.seconds(86_400))
        }
        #expect(watched.state == .open)
    }

    @Test("drops a result of another generation", arguments: [-1, 1, 100])
    func stale(distance: Int) {
        let watched = Watched()
        for _ in 0..<100 { watched.record(.failure, generation: watched.breaker.generation + distance) }
        #expect(watched.state == .closed)
    }

    // MARK: Rate

    private static let rate = CircuitBreaker.Settings(
        consecutiveFailures: 1_000, failureRate: 0.5, window: .seconds(30), minimumCalls: 20)

    private func alternate(_ watched: Watched, calls: Int) -> CircuitBreaker.Cause? {
        (0..<calls).compactMap { watched.record($0.isMultiple(of: 2) ? .success : .failure) }.first
    }

    @Test func `opens when half of enough calls failed`() {
        let watched = Watched(Self.rate)
        #expect(alternate(watched, calls: 20) == .rate)
        #expect(watched.state == .open)
    }

    @Test func `does not judge a rate by too few calls`() {
        let watched = Watched(Self.rate)
        watched.record(.failure, times: 19)
        #expect(watched.state == .closed)
        watched.pass(.seconds(30))
        watched.record(.failure, times: 19)
        #expect(watched.state == .closed)
        #expect(watched.record(.failure) == .rate)
    }

    @Test func `stays closed below the rate`() {
        let watched = Watched(Self.rate)
        for _ in 0..<100 {
            watched.record(.success, times: 2)
            watched.record(.failure)
        }
        #expect(watched.state == .closed)
    }

    @Test func `forgets what is older than the window`() {
        let watched = Watched(Self.rate)
        watched.record(.failure, times: 19)
        watched.pass(.seconds(30))
        watched.record(.success, times: 10)
        watched.record(.failure, times: 9)
        #expect(watched.state == .closed)
    }

    @Test func `judges no rate where none is set`() {
        let watched = Watched()
        #expect(alternate(watched, calls: 1_000) == nil)
        #expect(watched.state == .closed)
    }

    @Test func `leaves results that say nothing out of the rate`() {
        let watched = Watched(Self.rate)
        watched.record(.failure, times: 10)
        watched.record(.neutral, times: 1_000)
        #expect(watched.state == .closed)
        watched.record(.failure, times: 10)
        #expect(watched.state == .open)
    }

    // MARK: Slow calls

    private static let slow = CircuitBreaker.Settings(minimumCalls: 20, slowCall: .seconds(2))

    @Test func `opens when all calls are slow, where only slow calls are judged`() {
        let watched = Watched(Self.slow)
        watched.record(.success, times: 19, after: .seconds(2))
        #expect(watched.state == .closed)
        #expect(watched.record(.success, after: .seconds(2)) == .rate)
    }

    @Test func `stays closed with one quick call among the slow ones`() {
        let watched = Watched(Self.slow)
        watched.record(.success, after: .milliseconds(1_999))
        watched.record(.success, times: 99, after: .seconds(2))
        #expect(watched.state == .closed)
    }

    @Test func `counts a slow call like a failure in the rate, and only once`() {
        var settings = Self.rate
        settings.slowCall = .seconds(1)
        let watched = Watched(settings)
        watched.record(.failure, times: 4, after: .seconds(5))
        watched.record(.success, times: 5, after: .seconds(1))
        watched.record(.success, times: 10)
        #expect(watched.state == .closed)
        #expect(watched.record(.success, after: .seconds(1)) == .rate)
    }

    @Test func `does not take a slow success for a failure in a row`() {
        let watched = Watched(.init(slowCall: .seconds(1)))
        for _ in 0..<3 {
            watched.record(.failure, times: 4)
            watched.record(.success, after: .seconds(1))
        }
        #expect(watched.state == .closed)
    }
}

@Suite("The circuit breaker, open")
struct OpenBreakerTests {
    @Test func `refuses until its time, then gives one probe`() {
        let watched = Watched.opened()
        watched.pass(.milliseconds(59_999))
        #expect(watched.permitted() == nil)
        #expect(watched.breaker.remaining(at: watched.now) == .milliseconds(1))
        watched.pass(.milliseconds(1))
        #expect(!watched.refuses)
        #expect(watched.state == .open)
        #expect(watched.permitted() != nil)
        #expect(watched.state == .halfOpen)
        #expect(watched.refuses)
        #expect(watched.permitted() == nil)
    }

    @Test("drops what calls from before say", arguments: [CircuitBreaker.Result.success, .failure, .neutral])
    func late(result: CircuitBreaker.Result) {
        let watched = Watched()
        let before = watched.permitted()
        watched.record(.failure, times: 5)
        watched.pass(.seconds(59))
        watched.record(result, generation: before)
        #expect(watched.state == .open)
        #expect(watched.breaker.remaining(at: watched.now) == .seconds(1))
        watched.pass(.seconds(1))
        #expect(watched.permitted() != nil)
        watched.record(result, generation: before)
        #expect(watched.state == .halfOpen)
    }

    @Test func `closes with a probe that succeeds, with nothing counted`() {
        let watched = Watched.due()
        watched.record(.success, generation: watched.permitted())
        #expect(watched.state == .closed)
        watched.record(.failure, times: 4)
        #expect(watched.state == .closed)
    }

    @Test func `opens again with a probe that fails, for as long as before`() {
        let watched = Watched.due()
        let probe = watched.permitted()
        #expect(watched.record(.failure, generation: probe) == .probe)
        #expect(watched.state == .open)
        watched.pass(.milliseconds(59_999))
        #expect(watched.permitted() == nil)
        watched.pass(.milliseconds(1))
        #expect(watched.permitted() != nil)
    }

    @Test func `gives the right on when a probe says nothing`() {
        let watched = Watched.due()
        watched.record(.neutral, generation: watched.permitted())
        #expect(watched.state == .halfOpen)
        #expect(watched.permitted() != nil)
    }

    @Test func `gives the right on when a probe is never heard of again`() {
        let watched = Watched.due(.init(probeLease: .seconds(10)))
        let lost = watched.permitted()
        watched.pass(.milliseconds(9_999))
        #expect(watched.permitted() == nil)
        watched.pass(.milliseconds(1))
        let second = watched.permitted()
        #expect(second != nil)
        watched.record(.failure, generation: lost)
        #expect(watched.state == .halfOpen)
        watched.record(.success, generation: second)
        #expect(watched.state == .closed)
    }

    @Test func `hears a probe that answers late, while nobody else probes`() {
        let watched = Watched.due()
        let probe = watched.permitted()
        watched.pass(.seconds(60))
        watched.record(.success, generation: probe)
        #expect(watched.state == .closed)
    }

    @Test func `takes as many probes as are wanted, one after the other`() {
        let watched = Watched.due(.init(halfOpenProbes: 3))
        for _ in 0..<2 {
            let probe = watched.permitted()
            #expect(watched.permitted() == nil)
            watched.record(.success, generation: probe)
            #expect(watched.state == .halfOpen)
        }
        watched.record(.success, generation: watched.permitted())
        #expect(watched.state == .closed)
    }

    @Test func `counts a probe once, whatever is said of it afterwards`() {
        let watched = Watched.due(.init(halfOpenProbes: 3))
        let probe = watched.permitted()
        for _ in 0..<5 { watched.record(.success, generation: probe) }
        #expect(watched.state == .halfOpen)
    }

    @Test func `starts its probes anew after one that failed`() {
        let watched = Watched.due(.init(halfOpenProbes: 2))
        watched.record(.success, generation: watched.permitted())
        watched.record(.failure, generation: watched.permitted())
        watched.pass(.seconds(60))
        watched.record(.success, generation: watched.permitted())
        #expect(watched.state == .halfOpen)
        watched.record(.success, generation: watched.permitted())
        #expect(watched.state == .closed)
    }

    @Test func `does not believe a probe that is slow`() {
        let watched = Watched.due(.init(slowCall: .seconds(2)))
        #expect(watched.record(.success, after: .seconds(2), generation: watched.permitted()) == .probe)
        #expect(watched.state == .open)
    }

    @Test func `takes nothing back once the probe is decided`() {
        let watched = Watched.due()
        watched.record(.success, generation: watched.permitted())
        watched.breaker.postponeProbe(until: watched.now + .seconds(9))
        #expect(watched.state == .closed)
    }
}

@Suite("The circuit breaker, forced")
struct ForcedBreakerTests {
    @Test func `refuses everything while it is forced open`() {
        let watched = Watched()
        watched.breaker.force(.open, limit: nil, at: watched.now)
        watched.pass(.seconds(365 * 86_400))
        #expect(watched.state == .forcedOpen)
        #expect(watched.refuses)
        #expect(watched.permitted() == nil)
        #expect(watched.breaker.remaining(at: watched.now) == nil)
    }

    @Test func `lets everything pass while it is forced closed, and never trips`() {
        let watched = Watched(.init(failureRate: 0.1, minimumCalls: 1, slowCall: .milliseconds(1)))
        watched.breaker.force(.closed, limit: nil, at: watched.now)
        for _ in 0..<100 { #expect(watched.record(.failure, generation: watched.permitted()) == nil) }
        #expect(watched.state == .forcedClosed)
        #expect(!watched.refuses)
    }

    @Test("ends with its limit, and counts from nothing then", arguments: [CircuitBreaker.Order.open, .closed])
    func limited(order: CircuitBreaker.Order) {
        let watched = Watched()
        watched.record(.failure, times: 4)
        watched.breaker.force(order, limit: .seconds(10), at: watched.now)
        let forced = watched.breaker.generation
        watched.pass(.milliseconds(9_999))
        #expect(watched.state == (order == .open ? .forcedOpen : .forcedClosed))
        watched.pass(.milliseconds(1))
        #expect(watched.state == .closed)
        #expect(!watched.refuses)
        watched.record(.failure, generation: forced)
        #expect(watched.permitted() != nil)
        watched.record(.failure, times: 4)
        #expect(watched.state == .closed)
        watched.record(.failure)
        #expect(watched.state == .open)
    }

    @Test("goes back to automatic from every state", arguments: [CircuitBreaker.Order.open, .closed, nil])
    func automatic(order: CircuitBreaker.Order?) {
        let watched = Watched.opened()
        if let order { watched.breaker.force(order, limit: nil, at: watched.now) }
        watched.breaker.force(.automatic, limit: nil, at: watched.now)
        #expect(watched.state == .closed)
        watched.record(.failure, times: 5)
        #expect(watched.state == .open)
    }

    @Test("drops what calls from before say", arguments: [CircuitBreaker.Order.open, .closed, .automatic])
    func late(order: CircuitBreaker.Order) {
        let watched = Watched.due()
        let probe = watched.permitted()
        watched.breaker.force(order, limit: nil, at: watched.now)
        let state = watched.state
        watched.record(.failure, generation: probe)
        #expect(watched.state == state)
    }
}

@Suite("The circuit breaker of a fleet")
struct SharedBreakerTests {
    @Test func `opens when the fleet does, for as long as is left`() {
        let watched = Watched()
        let before = watched.permitted()
        watched.adopt(7, .open, .seconds(20))
        #expect(watched.state == .open)
        #expect(watched.breaker.isShared)
        #expect(watched.breaker.sharedGeneration == 7)
        watched.record(.success, generation: before)
        #expect(watched.state == .open)
        watched.pass(.seconds(20))
        #expect(watched.permitted() != nil)
    }

    @Test func `closes when the fleet does`() {
        let watched = Watched()
        watched.adopt(7, .open, .seconds(20))
        watched.adopt(8, .closed)
        #expect(watched.state == .closed)
        #expect(!watched.breaker.isShared)
    }

    @Test func `stays open by its own calls while the fleet's is closed all the time`() {
        let watched = Watched()
        watched.adopt(3, .closed)
        watched.record(.failure, times: 5)
        watched.adopt(3, .closed)
        #expect(watched.state == .open)
        #expect(!watched.breaker.isShared)
    }

    @Test func `closes also what its own calls opened, by a new decision of the fleet`() {
        let watched = Watched.opened()
        watched.adopt(4, .closed)
        #expect(watched.state == .closed)
    }

    @Test func `loses no count when it hears that the fleet's is closed as its own`() {
        let watched = Watched()
        watched.record(.failure, times: 4)
        watched.adopt(4, .closed)
        #expect(watched.record(.failure) == .consecutiveFailures)
    }

    @Test func `keeps its probe valid when it hears of its own right to it`() {
        let watched = Watched()
        watched.adopt(7, .open, .zero)
        let probe = watched.permitted()
        watched.adopt(7, .halfOpen, .seconds(10))
        #expect(watched.state == .halfOpen)
        watched.record(.success, generation: probe)
        #expect(watched.state == .closed)
    }

    @Test func `leaves the probe to who has the right, until that ends`() {
        let watched = Watched()
        watched.adopt(7, .open, .zero)
        watched.adopt(7, .halfOpen, .seconds(10))
        #expect(watched.refuses)
        watched.pass(.seconds(10))
        #expect(watched.permitted() != nil)
    }

    @Test func `gives its right back when somebody else has it`() {
        let watched = Watched()
        watched.adopt(7, .open, .zero)
        #expect(watched.permitted() != nil)
        watched.breaker.postponeProbe(until: watched.now + .seconds(1))
        #expect(watched.permitted() == nil)
        watched.pass(.seconds(1))
        #expect(watched.permitted() != nil)
    }

    @Test func `drops its probe when the fleet decides anew meanwhile`() {
        let watched = Watched()
        watched.adopt(7, .open, .zero)
        let probe = watched.permitted()
        watched.adopt(8, .open, .seconds(60))
        watched.record(.success, generation: probe)
        #expect(watched.state == .open)
    }

    @Test("follows what the fleet was forced to, and its limit", arguments: [true, false])
    func forced(open: Bool) {
        let watched = Watched()
        watched.adopt(9, open ? .forcedOpen : .forcedClosed, .seconds(5))
        #expect(watched.refuses == open)
        watched.pass(.seconds(5))
        #expect(watched.state == .closed)
        watched.adopt(9, .closed)
        #expect(watched.state == .closed)
    }

    @Test func `opens its own after the fleet's went its way`() {
        let watched = Watched()
        watched.adopt(7, .open, .zero)
        watched.record(.failure, generation: watched.permitted())
        #expect(watched.state == .open)
        #expect(!watched.breaker.isShared)
        watched.adopt(7, .open, .seconds(3))
        #expect(watched.breaker.isShared)
        #expect(watched.breaker.remaining(at: watched.now) == .seconds(3))
    }

    @Test func `a time in the past is now`() {
        let watched = Watched()
        watched.adopt(7, .open, .seconds(-5))
        #expect(!watched.refuses)
        #expect(watched.breaker.remaining(at: watched.now) == .zero)
    }
}
