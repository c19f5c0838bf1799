/// Counts over the recent past, kept in equal buckets: the oldest falls out as a whole.
struct SlidingCounts: Sendable, Equatable {
    struct Total: Sendable, Equatable {
        var all = 0
        /// Those among them, or beside them, that the owner marks: failures, retries.
        var marked = 0
    }

    private struct Bucket: Sendable, Equatable {
        var number: Int64
        var total = Total()
    }

    private let width: Duration
    private let count: Int
    private var buckets: [Bucket] = []

    /// - Parameters:
    ///   - window: more than 0; what is less counts as a millisecond.
    ///   - buckets: 1 or more.
    init(window: Duration, buckets: Int) {
        count = max(1, buckets)
        width = max(window, .milliseconds(1)) / count
    }

    mutating func add(all: Int = 0, marked: Int = 0, at now: Duration) {
        let number = number(at: now)
        let oldest = number - Int64(count) + 1
        buckets.removeAll { $0.number < oldest }
        let index = buckets.firstIndex { $0.number == number } ?? buckets.endIndex
        if index == buckets.endIndex { buckets.append(Bucket(number: number)) }
        buckets[index].total.all += all
        buckets[index].total.marked += marked
    }

    /// Of the whole window.
    func total(at now: Duration) -> Total {
        let number = number(at: now)
        return buckets.reduce(into: Total()) { sum, bucket in
            guard bucket.number > number - Int64(count) else { return }
            sum.all += bucket.total.all
            sum.marked += bucket.total.marked
        }
    }

    /// Of the newest bucket alone.
    func current(at now: Duration) -> Total {
        let number = number(at: now)
        return buckets.first { $0.number == number }?.total ?? Total()
    }

    mutating func clear() { buckets.removeAll(keepingCapacity: true) }

    private func number(at now: Duration) -> Int64 { Int64((now / width).rounded(.down)) }
}
