import Resilience
import Testing

@Suite struct BackoffTests {
    private let backoff = Backoff(base: .milliseconds(100), ceiling: .seconds(5))

    @Test(
        "the step doubles from the base up to the ceiling",
        arguments: [(1, 100), (2, 200), (3, 400), (6, 3_200), (7, 5_000), (8, 5_000), (10_000, 5_000), (.max, 5_000)])
    func doubles(attempt: Int, milliseconds: Int) {
        #expect(backoff.delay(afterAttempt: attempt, unit: 1) == .milliseconds(milliseconds))
    }

    @Test("the wait is the drawn share of the step", arguments: [(0.0, 0), (0.25, 100), (0.5, 200), (0.75, 300)])
    func jitter(unit: Double, milliseconds: Int) {
        #expect(backoff.delay(afterAttempt: 3, unit: unit) == .milliseconds(milliseconds))
    }

    @Test("an attempt before the first counts as the first", arguments: [0, -1, Int.min])
    func early(attempt: Int) {
        #expect(backoff.delay(afterAttempt: attempt, unit: 1) == .milliseconds(100))
    }

    @Test func `a base above the ceiling waits no longer than the ceiling`() {
        let backoff = Backoff(base: .seconds(60), ceiling: .seconds(5))
        #expect(backoff.delay(afterAttempt: 1, unit: 1) == .seconds(5))
    }

    @Test func `a factor of one stays at the base`() {
        let backoff = Backoff(base: .seconds(2), factor: 1, ceiling: .seconds(5))
        #expect(backoff.delay(afterAttempt: 40, unit: 1) == .seconds(2))
    }

    @Test func `a great factor and ceiling do not overflow`() {
        let backoff = Backoff(base: .seconds(1), factor: 1_000, ceiling: .seconds(30 * 86_400))
        // A share of a Duration is taken in floating point: exact to well below a millisecond, no further.
        let error = backoff.delay(afterAttempt: 100, unit: 1) - backoff.ceiling
        #expect((.milliseconds(-1) ... .milliseconds(1)).contains(error))
    }

    // MARK: Jitter

    @Test("half of the step is certain with equal jitter", arguments: [(0.0, 200), (0.5, 300), (1.0, 400)])
    func equalJitter(unit: Double, milliseconds: Int) {
        let backoff = Backoff(base: .milliseconds(100), ceiling: .seconds(5), jitter: .equal)
        #expect(backoff.delay(afterAttempt: 3, unit: unit) == .milliseconds(milliseconds))
    }

    @Test("without jitter nothing is left to chance", arguments: [0.0, 0.3, 0.999])
    func noJitter(unit: Double) {
        let backoff = Backoff(base: .seconds(1), ceiling: .seconds(8), jitter: .none)
        #expect((1...5).map { backoff.delay(afterAttempt: $0, unit: unit) } == [1, 2, 4, 8, 8].map { .seconds($0) })
    }

    @Test func `the jitter is full unless something else is asked for`() {
        #expect(backoff == Backoff(base: .milliseconds(100), ceiling: .seconds(5), jitter: .full))
        #expect(backoff.delay(afterAttempt: 3, unit: 0) == .zero)
    }
}
