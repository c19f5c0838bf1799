/// Keys by the time at which each is due, the earliest first: a binary heap.
struct MemoryDeadlines<Key> {
    private var entries: [(key: Key, at: Duration)] = []

    mutating func append(_ key: Key, at: Duration) {
        entries.append((key, at))
        var child = entries.count - 1
        while child > 0, entries[child].at < entries[(child - 1) / 2].at {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the earliest out, if its time has come.
    mutating func popFirst(dueAt now: Duration) -> Key? {
        guard let first = entries.first, first.at <= now else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        sink()
        return first.key
    }

    private mutating func sink() {
        var parent = 0
        while true {
            let children = (2 * parent + 1..<2 * parent + 3).filter { $0 < entries.count }
            guard let least = children.min(by: { entries[$0].at < entries[$1].at }), entries[least].at < entries[parent].at else {
                return
            }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
