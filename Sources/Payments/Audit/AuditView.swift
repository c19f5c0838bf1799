import AdapterKit

/// What operators see of trails.
extension HistoryEntry {
    var json: JSON { .members(members) }

    fileprivate var members: [(String, JSON)] {
        [
            ("at", .string(at.rfc3339)), ("version", .integer(Int64(version))), ("event", .string(event)),
            ("cause", .string(cause.rawValue)), ("actor", .optional(actor)), ("operation", .optional(operation?.text)),
            ("gateway", .optional(gateway)), ("object", .optional(object)), ("from", .optional(from)), ("to", .optional(to)),
            ("amount", amount.map { .integer($0) } ?? .null), ("captured", captured?.json ?? .null),
            ("refunded", refunded?.json ?? .null), ("reason", .optional(reason)),
        ]
    }
}

extension AuditRow {
    /// What the entry says, where it can be read, and all that verification needs: `canonical` is the text as it is stored.
    var json: JSON {
        let link: [(String, JSON)] = [
            ("number", .integer(Int64(number))), ("link", .string(self.link)), ("digest", .string(digest)),
            ("canonical", .string(text)),
        ]
        return .members((entry?.members ?? []) + link)
    }

    private var text: String { String(decoding: canonical, as: UTF8.self) }
}

extension AuditTrail {
    /// - Parameters:
    ///   - next: the number that the next page begins behind; `nil`: there is none.
    ///   - since: when a payment came.
    func json(next: Int?, since: Timestamp? = nil) -> JSON {
        var members: [(String, JSON)] = [("subject", .string(subject.description))]
        if case .payment(let id) = subject { members.append(("payment", .string(id.text))) }
        if let since { members.append(("created_at", .string(since.rfc3339))) }
        return .members(
            members + [
                ("head", head?.json ?? .null), ("data", .array(rows.map(\.json))),
                ("next", next.map { .integer(Int64($0)) } ?? .null),
            ])
    }
}

extension AuditHead {
    var json: JSON { .members([("number", .integer(Int64(number))), ("link", .string(link))]) }
}
