import Resilience
import Testing

@Suite("The rate limit")
struct TokenBucketTests {
    private let later = Duration.seconds(3_600)

    private func waits(_ bucket: inout TokenBucket, _ times: Int, at now: Duration = .zero) -> [Duration?] {
        (0..<times).map { _ in bucket.take(at: now, until: later) }
    }

    @Test func `lets a burst pass at once and spaces what follows`() {
        var bucket = TokenBucket(perSecond: 10, burst: 3)
        #expect(waits(&bucket, 6) == [.zero, .zero, .zero, .milliseconds(100), .milliseconds(200), .milliseconds(300)])
    }

    @Test func `refuses who would have to wait too long, and takes nothing for it`() {
        var bucket = TokenBucket(perSecond: 10, burst: 1)
        #expect(bucket.take(at: .zero, until: .zero) == .zero)
        for _ in 0..<100 {
            #expect(bucket.take(at: .zero, until: .milliseconds(99)) == nil)
        }
        #expect(bucket.take(at: .zero, until: .milliseconds(100)) == .milliseconds(100))
    }

    @Test func `refuses everybody whose time is over`() {
        var bucket = TokenBucket(perSecond: 10, burst: 5)
        #expect(bucket.take(at: .seconds(1), until: .milliseconds(999)) == nil)
    }

    @Test func `gathers no more than a burst in a rest, however long`() {
        var bucket = TokenBucket(perSecond: 10, burst: 2)
        _ = waits(&bucket, 4)
        #expect(waits(&bucket, 4, at: .seconds(1_000)) == [.zero, .zero, .milliseconds(100), .milliseconds(200)])
    }

    @Test func `gives the turn that was given back to the next`() {
        var bucket = TokenBucket(perSecond: 1, burst: 1)
        #expect(waits(&bucket, 2) == [.zero, .seconds(1)])
        bucket.giveBack()
        #expect(waits(&bucket, 1) == [.seconds(1)])
    }

    @Test func `giving back to a fresh limit changes nothing`() {
        var bucket = TokenBucket(perSecond: 1, burst: 1)
        bucket.giveBack()
        #expect(waits(&bucket, 2) == [.zero, .seconds(1)])
    }

    @Test("lets no more pass in a second than the rate and its burst", arguments: [(5.0, 1), (100, 10), (0.5, 1)])
    func rate(perSecond: Double, burst: Int) {
        var bucket = TokenBucket(perSecond: perSecond, burst: burst)
        let passed = (0..<10_000).count { bucket.take(at: .milliseconds($0), until: .milliseconds($0)) != nil }
        #expect(passed <= Int(perSecond * 10) + burst)
        #expect(passed >= Int(perSecond * 10))
    }
}
