import Resilience
import Testing

@Suite("The retry budget")
struct RetryBudgetTests {
    /// How many retries are allowed at one instant.
    private func retries(_ budget: inout RetryBudget, at now: Duration, of asked: Int = 1_000) -> Int {
        (0..<asked).count { _ in budget.takeRetry(at: now) }
    }

    private func called(_ budget: inout RetryBudget, times: Int, at now: Duration) {
        for _ in 0..<times { budget.called(at: now) }
    }

    @Test("allows so many retries a second to a gateway without calls", arguments: [0, 1, 3, 10])
    func minimum(perSecond: Int) {
        var budget = RetryBudget(ratio: 0.2, minimumPerSecond: perSecond)
        for second in 0..<30 {
            #expect(retries(&budget, at: .seconds(second)) == perSecond)
        }
    }

    @Test("allows a fifth of the calls of the last ten seconds", arguments: [(100, 20), (99, 19), (1_000, 200), (16, 3), (4, 3)])
    func share(calls: Int, allowed: Int) {
        var budget = RetryBudget()
        called(&budget, times: calls, at: .seconds(5))
        #expect(retries(&budget, at: .seconds(5)) == allowed)
    }

    @Test func `does not allow the share again in the next second`() {
        var budget = RetryBudget(ratio: 0.2, minimumPerSecond: 0)
        called(&budget, times: 100, at: .zero)
        #expect(retries(&budget, at: .zero) == 20)
        for second in 1..<10 {
            #expect(retries(&budget, at: .seconds(second)) == 0)
        }
    }

    @Test func `counts what the minimum allowed against the share`() {
        var budget = RetryBudget(ratio: 0.5, minimumPerSecond: 3)
        #expect(retries(&budget, at: .seconds(1)) == 3)
        called(&budget, times: 6, at: .milliseconds(1_500))
        #expect(retries(&budget, at: .milliseconds(1_500)) == 0)
    }

    @Test func `forgets calls after ten seconds, and no earlier`() {
        var budget = RetryBudget(ratio: 0.2, minimumPerSecond: 0)
        called(&budget, times: 100, at: .zero)
        var late = budget
        #expect(retries(&budget, at: .milliseconds(9_999)) == 20)
        #expect(retries(&late, at: .seconds(10)) == 0)
    }

    @Test func `forgets retries with the calls they were allowed for`() {
        var budget = RetryBudget(ratio: 0.2, minimumPerSecond: 0)
        called(&budget, times: 100, at: .zero)
        #expect(retries(&budget, at: .zero) == 20)
        called(&budget, times: 50, at: .seconds(10))
        #expect(retries(&budget, at: .seconds(10)) == 10)
    }

    @Test func `keeps attempts within a quarter more than requests while everything fails`() {
        var budget = RetryBudget(ratio: 0.2, minimumPerSecond: 3)
        var attempts = 0
        for request in 0..<60_000 {
            let now = Duration.milliseconds(request)
            budget.called(at: now)
            attempts += 1 + retries(&budget, at: now, of: 3)
        }
        #expect(attempts > 60_000)
        #expect(Double(attempts) < 60_000 * 1.25)
    }

    @Test func `takes instants before zero, where a clock may begin`() {
        var budget = RetryBudget(ratio: 0, minimumPerSecond: 1)
        #expect(retries(&budget, at: .milliseconds(-1_500)) == 1)
        #expect(retries(&budget, at: .milliseconds(-500)) == 1)
        #expect(retries(&budget, at: .milliseconds(-400)) == 0)
        #expect(retries(&budget, at: .milliseconds(400)) == 1)
    }
}
