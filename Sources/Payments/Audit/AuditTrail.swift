/// One entry as it is stored: what it says, its place, and the link that ties it to the one before.
public struct AuditRow: Sendable, Equatable {
    /// From 1, without gaps.
    public let number: Int
    public let link: String
    public let digest: String
    /// `HistoryEntry.canonical`.
    public let canonical: [UInt8]

    public init(number: Int, link: String, digest: String, canonical: [UInt8]) {
        self.number = number
        self.link = link
        self.digest = digest
        self.canonical = canonical
    }

    /// `nil` where it cannot be read.
    public var entry: HistoryEntry? { HistoryEntry(canonical: canonical) }
}

/// Where a trail ends: kept beside its entries, so that the newest cannot vanish unseen.
public struct AuditHead: Sendable, Equatable {
    public let number: Int
    public let link: String

    public init(number: Int, link: String) {
        self.number = number
        self.link = link
    }
}

/// The entries about one subject, or some of them, in the order in which they are stored.
public struct AuditTrail: Sendable, Equatable {
    public let subject: AuditSubject
    /// `nil` where nothing was ever written.
    public private(set) var head: AuditHead?
    public private(set) var rows: [AuditRow]

    public init(of subject: AuditSubject, head: AuditHead? = nil, rows: [AuditRow] = []) {
        self.subject = subject
        self.head = head
        self.rows = rows
    }

    public mutating func append(_ entry: HistoryEntry) {
        let json = entry.canonical
        let digest = AuditChain.digest(of: json, in: subject)
        let number = (head?.number ?? 0) + 1
        let link = AuditChain.link(after: head?.link ?? AuditChain.origin(of: subject), number: number, digest: digest)
        rows.append(AuditRow(number: number, link: link, digest: digest, canonical: json))
        rows.removeFirst(max(0, rows.count - subject.limit))
        head = AuditHead(number: number, link: link)
    }

    /// Those behind a number, and no more than `limit`.
    public func page(after number: Int, limit: Int) -> AuditTrail {
        AuditTrail(of: subject, head: head, rows: Array(rows.filter { $0.number > number }.prefix(max(0, limit))))
    }

    /// - Throws: `unreadable`, where one of them cannot be read.
    public var entries: [HistoryEntry] {
        get throws(StoreFailure) {
            try rows.map { row throws(StoreFailure) in
                guard let entry = row.entry else {
                    throw StoreFailure(code: .unreadable, detail: "an entry of the audit trail cannot be read")
                }
                return entry
            }
        }
    }
}
