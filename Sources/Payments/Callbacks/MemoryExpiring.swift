/// Values that each last for a time of their own; no more of them than a bound.
struct MemoryExpiring<Key: Hashable, Value> {
    private struct Slot {
        /// `nil`: taken away. The slot stays until its turn, so that it stands in line only once.
        var value: Value?
        var until: Duration
    }

    /// Slots looked at by one sweep, so that no call waits long.
    private static var sweepStep: Int { 16 }

    private let maximum: Int
    private var slots: [Key: Slot] = [:]
    /// Each slot once. One whose time was put off meanwhile goes back into line.
    private var deadlines = MemoryDeadlines<Key>()

    init(maximum: Int) { self.maximum = maximum }

    func value(of key: Key, now: Duration) -> Value? {
        guard let slot = slots[key], now < slot.until else { return nil }
        return slot.value
    }

    /// - Throws: `.full` when there are as many as there may be.
    mutating func set(_ value: Value, of key: Key, until: Duration) throws(StoreFailure) {
        if slots[key] == nil {
            guard slots.count < maximum else {
                throw StoreFailure(code: .full, detail: "as many callbacks' marks as memory may hold")
            }
            deadlines.append(key, at: until)
        }
        slots[key] = Slot(value: value, until: until)
    }

    mutating func remove(_ key: Key) { slots[key]?.value = nil }

    /// Clears away a few whose time is over.
    mutating func sweep(now: Duration) {
        for _ in 0..<Self.sweepStep {
            guard let key = deadlines.popFirst(dueAt: now) else { return }
            if let slot = slots[key], slot.value != nil, now < slot.until {
                deadlines.append(key, at: slot.until)
            } else {
                slots[key] = nil
            }
        }
    }
}
