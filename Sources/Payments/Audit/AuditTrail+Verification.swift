/// Verification: from what is stored alone, without a store, a key or a clock.
extension AuditTrail {
    /// All that is wrong with a whole trail; none: every entry is there as it was written, in its place.
    ///
    /// Entries before the newest `subject.limit` may be gone: from there on none may be.
    public var faults: [AuditFault] {
        guard let head else {
            guard let first = rows.first else { return [fault(.missing, "not one entry is there")] }
            return [fault(.wrongHead, at: first.number, "there is no head")] + ties + places
        }
        return ties + places + gaps(before: head) + ends(at: head)
    }

    private func fault(_ kind: AuditFault.Kind, at number: Int? = nil, _ detail: String) -> AuditFault {
        AuditFault(kind, in: subject, at: number, detail)
    }

    /// What entries say, and that each follows from the one before.
    private var ties: [AuditFault] {
        let links = Dictionary(rows.map { ($0.number, $0.link) }) { first, _ in first }
        return rows.compactMap { row in
            guard AuditChain.digest(of: row.canonical, in: subject) == row.digest else {
                return fault(.changed, at: row.number, "it does not say what its digest was made of")
            }
            // Without the one before, as where old ones went, its own link is what the next is held to.
            guard let last = row.number == 1 ? AuditChain.origin(of: subject) : links[row.number - 1] else { return nil }
            guard AuditChain.link(after: last, number: row.number, digest: row.digest) != row.link else { return nil }
            let before = row.number == 1 ? "the beginning of \(subject)" : "entry \(row.number - 1)"
            return fault(.changed, at: row.number, "its link does not follow from \(before)")
        }
    }

    private var places: [AuditFault] {
        var seen: Set<Int> = []
        var last = 0
        return rows.compactMap { row in
            defer { last = max(last, row.number) }
            guard seen.insert(row.number).inserted else { return fault(.repeated, at: row.number, "it has one number twice") }
            guard row.number < last else { return nil }
            return fault(.reordered, at: row.number, "it stands behind entry \(last)")
        }
    }

    private func gaps(before head: AuditHead) -> [AuditFault] {
        let numbers = Set(rows.map(\.number)).filter { (1...head.number).contains($0) }.sorted()
        let firstKept = max(1, head.number - subject.limit + 1)
        var next = min(numbers.first ?? firstKept, firstKept)
        var faults: [AuditFault] = []
        for number in numbers + [head.number + 1] {
            if number > next {
                faults.append(
                    fault(.dropped, at: next, number == next + 1 ? "it is not there" : "\(next) to \(number - 1) are not there"))
            }
            next = number + 1
        }
        return faults
    }

    private func ends(at head: AuditHead) -> [AuditFault] {
        var faults = rows.filter { $0.number > head.number || $0.number < 1 }.map { row in
            fault(.wrongHead, at: row.number, "the head counts \(head.number) entries")
        }
        if let last = rows.first(where: { $0.number == head.number }), last.link != head.link {
            faults.append(fault(.wrongHead, at: head.number, "the head has another link than it"))
        }
        return faults
    }
}
