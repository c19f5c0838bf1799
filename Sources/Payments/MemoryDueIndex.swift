/// The memory store's due work, by time. Entries lie in slots of 100 ms: so a change costs the same however many there are, and
/// a look passes over nothing that is not due yet.
struct MemoryDueIndex {
    private struct Entry: Equatable {
        let at: Duration
        let lane: String
    }

    private static let slotMilliseconds: Int64 = 100

    private var entries: [WorkID: Entry] = [:]
    private var slots: [Int64: Set<WorkID>] = [:]
    /// The slots that hold something, in order.
    private var order: [Int64] = []

    /// - Parameter at: `nil` takes it out.
    mutating func set(_ work: WorkID, at: Duration?, lane: String) {
        let new = at.map { Entry(at: $0, lane: lane) }
        let old = entries[work]
        guard new != old else { return }
        if let old { remove(work, from: Self.slot(of: old.at)) }
        if let new { insert(work, into: Self.slot(of: new.at)) }
        entries[work] = new
    }

    /// Of everything that is ever due.
    var lanes: Set<String> { Set(entries.values.map(\.lane)) }

    /// Oldest first.
    func due(at now: Duration, limit: Int) -> [DueWork] {
        var found: [DueWork] = []
        for slot in order {
            guard slot <= Self.slot(of: now), found.count < limit else { break }
            found += due(in: slot, at: now)
        }
        return Array(found.prefix(max(0, limit)))
    }

    private func due(in slot: Int64, at now: Duration) -> [DueWork] {
        let listed = (slots[slot] ?? []).compactMap { work in entries[work].map { (work: work, entry: $0) } }
        // What is due at once comes in the order of the ids: a run that is repeated goes the same way.
        return listed.filter { $0.entry.at <= now }
            .sorted { ($0.entry.at, $0.work.description) < ($1.entry.at, $1.work.description) }
            .map { DueWork(id: $0.work, lane: $0.entry.lane) }
    }

    private mutating func insert(_ work: WorkID, into slot: Int64) {
        if slots[slot] == nil { order.insert(slot, at: place(of: slot)) }
        slots[slot, default: []].insert(work)
    }

    private mutating func remove(_ work: WorkID, from slot: Int64) {
        slots[slot]?.remove(work)
        guard slots[slot]?.isEmpty == true else { return }
        slots[slot] = nil
        order.remove(at: place(of: slot))
    }

    /// Where the slot stands in the order, or would.
    private func place(of slot: Int64) -> Int {
        var range = 0..<order.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = order[middle] < slot ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    private static func slot(of time: Duration) -> Int64 {
        let (seconds, attoseconds) = time.components
        return (seconds * 1_000 + attoseconds / 1_000_000_000_000_000) / slotMilliseconds
    }
}
