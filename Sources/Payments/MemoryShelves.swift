/// The memory store's shelves: what lies on each in the order in which it came, and how much.
struct MemoryShelves {
    private struct Place {
        let shelf: Shelf
        let number: UInt64
    }

    private struct Row {
        let work: WorkID
        let number: UInt64
    }

    private(set) var tally: [Shelf: Int] = [:]
    private var places: [WorkID: Place] = [:]
    /// Also rows of work that has left since; cleared away when they are the greater part.
    private var rows: [Shelf.Kind: [Row]] = [:]
    private var last: UInt64 = 0

    /// - Parameter shelf: `nil` takes it off. Work that lies there already keeps its place.
    mutating func put(_ work: WorkID, on shelf: Shelf?) {
        let old = places[work]?.shelf
        guard old != shelf else { return }
        if let old { remove(work, from: old) }
        if let shelf { add(work, to: shelf) }
    }

    /// Behind that cursor, or from the first on.
    /// - Throws: `.refused` when it is no cursor of this store.
    func works(on kind: Shelf.Kind, after cursor: String?, limit: Int) throws(StoreFailure) -> (works: [WorkID], next: String?) {
        guard let after = cursor.map({ UInt64($0) }) ?? 0 else {
            throw StoreFailure(code: .refused, detail: "not a cursor of this store")
        }
        let rows = rows[kind] ?? []
        var found: [Row] = []
        for row in rows[place(behind: after, in: rows)...] where isCurrent(row) {
            guard found.count < limit else { return (found.map(\.work), found.last.map { String($0.number) } ?? cursor) }
            found.append(row)
        }
        return (found.map(\.work), nil)
    }

    private func isCurrent(_ row: Row) -> Bool { places[row.work]?.number == row.number }

    private func place(behind number: UInt64, in rows: [Row]) -> Int {
        var range = 0..<rows.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = rows[middle].number <= number ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    private mutating func add(_ work: WorkID, to shelf: Shelf) {
        last += 1
        places[work] = Place(shelf: shelf, number: last)
        rows[shelf.kind, default: []].append(Row(work: work, number: last))
        tally[shelf, default: 0] += 1
    }

    private mutating func remove(_ work: WorkID, from shelf: Shelf) {
        places[work] = nil
        tally[shelf] = tally[shelf].flatMap { $0 > 1 ? $0 - 1 : nil }
        let current = tally.reduce(0) { $0 + ($1.key.kind == shelf.kind ? $1.value : 0) }
        guard let kept = rows[shelf.kind], kept.count > 2 * current else { return }
        rows[shelf.kind] = kept.filter(isCurrent)
    }
}
