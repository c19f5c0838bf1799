/// The callbacks that the memory store keeps, in the order in which they came.
struct MemoryKeptCallbacks {
    private struct Row {
        let number: Int64
        let callback: KeptCallback
    }

    private(set) var tally: [KeptCallbackShelf: Int] = [:]
    private var numbers: [CallbackID: Int64] = [:]
    /// By number, of all kinds.
    private var rows: [Row] = []
    private var last: Int64 = 0

    subscript(id: CallbackID) -> KeptCallback? { numbers[id].map { rows[place(behind: $0 - 1)].callback } }

    mutating func keep(_ callback: KeptCallback, limit: Int) -> KeepResult {
        guard numbers[callback.id] == nil else { return .keptBefore }
        let count = tally.reduce(0) { $0 + ($1.key.gateway == callback.gateway ? $1.value : 0) }
        guard count < limit else { return .full }
        last += 1
        numbers[callback.id] = last
        rows.append(Row(number: last, callback: callback))
        tally[shelf(of: callback), default: 0] += 1
        return .kept
    }

    mutating func drop(_ id: CallbackID) {
        guard let number = numbers.removeValue(forKey: id) else { return }
        let shelf = shelf(of: rows.remove(at: place(behind: number - 1)).callback)
        tally[shelf] = tally[shelf].flatMap { $0 > 1 ? $0 - 1 : nil }
    }

    func listed(_ kind: KeptCallback.Kind, after cursor: CallbackCursor?, limit: Int) -> KeptCallbackPage {
        var found: [Row] = []
        for row in rows[place(behind: cursor?.number ?? 0)...] where row.callback.kind == kind {
            guard found.count < limit else {
                return KeptCallbackPage(
                    callbacks: found.map(\.callback), next: found.last.map { CallbackCursor(number: $0.number).text })
            }
            found.append(row)
        }
        return KeptCallbackPage(callbacks: found.map(\.callback), next: nil)
    }

    private func shelf(of callback: KeptCallback) -> KeptCallbackShelf {
        KeptCallbackShelf(gateway: callback.gateway, kind: callback.kind)
    }

    /// The first place with a greater number.
    private func place(behind number: Int64) -> Int {
        var range = 0..<rows.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = rows[middle].number <= number ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
