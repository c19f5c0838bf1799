import Payments

extension RedisFields {
    /// `nil` where there is none; one that cannot be read counts nothing, so that verification names what it should have counted.
    static func auditHead(_ reply: RedisReply?) -> AuditHead? {
        guard let words = reply?.text?.split(separator: " ", omittingEmptySubsequences: false) else { return nil }
        guard words.count == 3, let number = Int(words[0]), number > 0 else { return AuditHead(number: 0, link: "") }
        return AuditHead(number: number, link: String(words[1]))
    }

    /// One that cannot be read keeps its place: its digest fits nothing.
    static func auditRow(_ bytes: [UInt8], under number: Int) -> AuditRow {
        let parts = bytes.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let own = Int(String(decoding: parts[0], as: UTF8.self)) else {
            return AuditRow(number: number, link: "", digest: "", canonical: bytes)
        }
        return AuditRow(
            number: own, link: String(decoding: parts[1], as: UTF8.self), digest: String(decoding: parts[2], as: UTF8.self),
            canonical: Array(parts[3]))
    }

    /// The whole hash, in the order of its numbers.
    static func auditTrail(_ reply: RedisReply?, of subject: AuditSubject) -> AuditTrail {
        let words = reply?.elements ?? []
        var head: AuditHead?
        var rows: [(place: Int, row: AuditRow)] = []
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            guard let name = words[index].text else { continue }
            if name == "head" {
                head = auditHead(words[index + 1])
            } else if let place = Int(name), let bytes = words[index + 1].bytes {
                rows.append((place, auditRow(bytes, under: place)))
            }
        }
        return AuditTrail(of: subject, head: head, rows: rows.sorted { $0.place < $1.place }.map(\.row))
    }

    /// The reply of `RedisAuditScript.read`.
    static func auditPage(_ reply: RedisReply?, of subject: AuditSubject) throws(StoreFailure) -> AuditTrail {
        guard let parts = reply?.elements else { throw RedisPaymentStore.unexpected }
        let rows = parts.dropFirst().compactMap { $0.bytes.map { auditRow($0, under: 0) } }
        return AuditTrail(of: subject, head: auditHead(parts.first), rows: rows)
    }
}
