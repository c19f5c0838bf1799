import AdapterKit

/// What waits for one endpoint, and what it was not told in the end. Both in the order of the feed.
struct MemoryBacklog {
    struct Waiting: Sendable {
        let event: FeedEvent
        var tries = 0
        var due: Duration
        /// Its event may have left the feed: it is delivered all the same.
        var isRedriven = false

        var id: EventID { event.id }
    }

    private let limits: FeedLimits
    private var waiting: [Waiting] = []
    private var dead: [DeadDelivery] = []
    private var known = EndpointStatus()
    var disabled: String?

    init(limits: FeedLimits) {
        self.limits = limits
    }

    var status: EndpointStatus {
        var status = known
        (status.pending, status.dead, status.disabled) = (waiting.count, dead.count, disabled)
        return status
    }

    // MARK: Waiting

    mutating func queue(_ event: FeedEvent, at now: Duration) {
        guard disabled == nil else { return }
        guard waiting.count < limits.pendingDeliveries else {
            disabled = FeedLimits.tooManyPending
            return
        }
        waiting.append(Waiting(event: event, due: now))
    }

    mutating func take(_ limit: Int, hold: Duration, at now: Duration) -> [Waiting] {
        guard disabled == nil else { return [] }
        var taken: [Waiting] = []
        for index in waiting.indices {
            guard taken.count < limit else { break }
            guard waiting[index].due <= now else { continue }
            taken.append(waiting[index])
            waiting[index].due = now + hold
        }
        return taken
    }

    /// Its event left the feed.
    mutating func expire(_ event: EventID, at now: Timestamp) {
        guard let index = index(of: event), !waiting[index].isRedriven else { return }
        bury(index, tries: waiting[index].tries, error: FeedLimits.expired, at: now)
    }

    // MARK: Finishing

    mutating func finish(_ delivery: Delivery, _ end: DeliveryEnd, status: Int?, at now: MemoryFeed.Moment) {
        guard let index = index(of: delivery.event.id) else { return }
        // Who lost the hold may still have delivered it; anything else was tried again since.
        guard end == .delivered || waiting[index].tries == delivery.tries else { return }
        note(end, status: status, at: now.wall)
        switch end {
        case .delivered: waiting.remove(at: index)
        case .failed(_, let pause):
            waiting[index].tries += 1
            waiting[index].due = now.monotonic + pause
        case .dead(let error): bury(index, tries: delivery.tries + 1, error: error, at: now.wall)
        }
    }

    private mutating func note(_ end: DeliveryEnd, status: Int?, at now: Timestamp) {
        known.lastAttempt = now
        known.lastStatus = status ?? known.lastStatus
        switch end {
        case .delivered: (known.lastSuccess, known.lastError) = (now, nil)
        case .failed(let error, _), .dead(let error): known.lastError = error
        }
    }

    // MARK: Dead letters

    private mutating func bury(_ index: Int, tries: Int, error: String, at now: Timestamp) {
        let event = waiting.remove(at: index).event
        let place = dead.firstIndex(after: event.id, by: \.event.id)
        dead.insert(DeadDelivery(event: event, tries: tries, error: error, at: now), at: place)
        dead.removeFirst(max(0, dead.count - limits.deadLetters))
    }

    func deadLetters(after: EventID?, limit: Int) -> [DeadDelivery] {
        let start = after.map { dead.firstIndex(after: $0, by: \.event.id) } ?? 0
        return Array(dead[start...].prefix(max(0, limit)))
    }

    /// No more than there is room for.
    mutating func redrive(_ event: EventID?, at now: MemoryFeed.Moment) -> Int {
        let wanted = event.map { event in dead.filter { $0.event.id == event } } ?? dead
        let redriven = wanted.prefix(max(0, limits.pendingDeliveries - waiting.count))
        let ids = Set(redriven.map(\.event.id))
        dead.removeAll { ids.contains($0.event.id) }
        waiting += redriven.map { Waiting(event: $0.event, due: now.monotonic, isRedriven: true) }
        waiting.sort { $0.id < $1.id }
        return redriven.count
    }

    private func index(of event: EventID) -> Int? {
        let index = waiting.firstIndex(after: event, by: \.id) - 1
        return index >= 0 && waiting[index].id == event ? index : nil
    }
}
