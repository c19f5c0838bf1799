import TestKit
import Testing

@testable import Payments

@Suite("A tenant's bucket of tokens")
struct QuotaBucketTests {
    /// A bucket that is asked and not held: an expectation takes no values that change.
    private final class Kept {
        var bucket = Quota.Bucket()

        func take(of quota: Quota, now: Duration) -> Quota.Standing? { bucket.take(of: quota, now: now) }

        /// Tokens that can be had at one instant.
        func spendAll(of quota: Quota, at now: Duration, atMost limit: Int = 2_000_000) -> Int {
            var count = 0
            while count < limit, take(of: quota, now: now) == nil { count += 1 }
            return count
        }
    }

    @Test("holds its burst, to the last of a million")
    func huge() {
        let bucket = Kept()
        #expect(bucket.spendAll(of: Quota(perSecond: 1, burst: 1_000_000), at: .seconds(9)) == 1_000_000)
    }

    @Test(
        "gets each token in its own microsecond, also where a second has no whole number of them", arguments: [1, 3, 7, 999_983])
    func exact(perSecond: Int) throws {
        let quota = Quota(perSecond: perSecond, burst: 1)
        let bucket = Kept()
        var now = Duration.seconds(1)
        #expect(bucket.take(of: quota, now: now) == nil)
        let standing = try #require(bucket.take(of: quota, now: now))
        #expect(standing.untilNext == .microseconds((1_000_000 + perSecond - 1) / perSecond))
        now += standing.untilNext - .microseconds(1)
        #expect(bucket.take(of: quota, now: now)?.untilNext == .microseconds(1))
        now += .microseconds(1)
        #expect(bucket.take(of: quota, now: now) == nil)
    }

    @Test("loses nothing by being asked often: in a minute it gives burst and rate, no more and no fewer")
    func asked() {
        let quota = Quota(perSecond: 7, burst: 3)
        let bucket = Kept()
        var count = 0
        for millisecond in 0..<60_000 where bucket.take(of: quota, now: .milliseconds(millisecond)) == nil { count += 1 }
        // The last comes at 60 s, and the burst was there at the start.
        #expect(count == 3 + 7 * 60 - 1)
    }

    @Test("is full after any time, however long", arguments: [Duration.seconds(10), .seconds(1_000_000_000)])
    func long(pause: Duration) {
        let quota = Quota(perSecond: 1_000_000, burst: 1_000_000)
        let bucket = Kept()
        _ = bucket.spendAll(of: quota, at: .zero)
        #expect(bucket.spendAll(of: quota, at: pause) == 1_000_000)
    }

    @Test("gives nothing for a clock that goes back, and goes on from there")
    func back() {
        let quota = Quota(perSecond: 10, burst: 2)
        let bucket = Kept()
        #expect(bucket.spendAll(of: quota, at: .seconds(100)) == 2)
        #expect(bucket.take(of: quota, now: .seconds(50)) != nil)
        #expect(bucket.take(of: quota, now: .seconds(101)) == nil)
    }

    @Test("a rate or a burst of nothing is one: a tenant that may do nothing is not configured")
    func least() {
        #expect(Quota(perSecond: 0, burst: -5) == Quota(perSecond: 1, burst: 1))
    }

    @Test("tells whole seconds, rounded up", arguments: [(1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2), (59_000_001, 60)])
    func seconds(missing: Int64, told: Int) {
        #expect(Quota.Standing(Quota(perSecond: 1, burst: 1), missing: missing).secondsUntilNext == told)
    }
}
