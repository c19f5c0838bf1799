import AdapterKit

/// One tenant's feed and what of it is on its way to the tenant's endpoints.
struct MemoryFeed {
    struct Moment: Sendable {
        let wall: Timestamp
        let monotonic: Duration
    }

    private struct Appended {
        let version: Int
        let until: Duration
    }

    private let limits: FeedLimits
    private var events = MemoryLine<FeedEvent>()
    private var last = EventID(major: 0, minor: 0)
    /// A cursor that stands here misses nothing: the next one is kept.
    private var lastTrimmed: EventID?
    /// The last version of each object.
    private var appended: [String: Appended] = [:]
    private var forgetting = MemoryLine<(object: String, until: Duration)>()
    /// By the endpoint's name.
    var backlogs: [String: MemoryBacklog] = [:]

    init(limits: FeedLimits) {
        self.limits = limits
    }

    // MARK: Appending

    /// - Returns: whether it was not appended before.
    mutating func append(_ event: PaymentEvent, to endpoints: [String], at now: Moment) -> Bool {
        forget(now.monotonic)
        guard event.version > appended[event.object]?.version ?? .min else { return false }
        remember(event, until: now.monotonic + limits.memory)
        last = next(now.wall)
        let entry = FeedEvent(id: last, event: event)
        events.append(entry)
        for name in endpoints { backlogs[name, default: MemoryBacklog(limits: limits)].queue(entry, at: now.monotonic) }
        trim(now)
        return true
    }

    private func next(_ wall: Timestamp) -> EventID {
        let now = UInt64(max(0, wall.milliseconds))
        return now > last.major ? EventID(major: now, minor: 0) : EventID(major: last.major, minor: last.minor + 1)
    }

    private mutating func remember(_ event: PaymentEvent, until: Duration) {
        appended[event.object] = Appended(version: event.version, until: until)
        forgetting.append((event.object, until))
    }

    private mutating func forget(_ now: Duration) {
        while let old = forgetting.popFirst(where: { $0.until <= now }) {
            if let kept = appended[old.object], kept.until <= now { appended[old.object] = nil }
        }
    }

    // MARK: Trimming

    private mutating func trim(_ now: Moment) {
        let oldest = now.wall.milliseconds - limits.age.wholeMilliseconds
        while let old = events.popFirst(where: { Int64(clamping: $0.id.major) <= oldest }) { expire(old, now) }
        while events.rest.count > limits.events, let old = events.popFirst(where: { _ in true }) { expire(old, now) }
    }

    private mutating func expire(_ event: FeedEvent, _ now: Moment) {
        lastTrimmed = event.id
        for name in backlogs.keys { backlogs[name]?.expire(event.id, at: now.wall) }
    }

    // MARK: Reading

    mutating func page(after: EventID?, limit: Int, at now: Moment) -> FeedPage {
        trim(now)
        var rest = events.rest
        if let after {
            let next = rest.firstIndex(after: after, by: \.id)
            guard after == lastTrimmed || rest[..<next].last?.id == after else { return .cursorNotKept }
            rest = rest[next...]
        }
        let page = rest.prefix(max(0, limit))
        return .page(Array(page), hasMore: rest.count > page.count)
    }

    mutating func take(for endpoint: String, limit: Int, hold: Duration, at now: Moment) -> [MemoryBacklog.Waiting] {
        trim(now)
        return backlogs[endpoint]?.take(limit, hold: hold, at: now.monotonic) ?? []
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first element behind the id, in a collection that is sorted by ids.
    func firstIndex(after id: EventID, by name: (Element) -> EventID) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if name(self[middle]) <= id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
