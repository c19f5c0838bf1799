import AdapterKit
import Payments

/// One trail as text: a line for each entry, the same trail always the same bytes.
enum AuditFile {
    static func text(_ trail: AuditTrail) -> [UInt8] {
        let head = trail.head.map { JSON.members([("number", .integer(Int64($0.number))), ("link", .string($0.link))]) }
        var text = Array(#"{"subject":"#.utf8) + JSON.string(trail.subject.description).encoded()
        text += Array(#","head":"#.utf8) + (head ?? .null).encoded() + Array(#","entries":["#.utf8)
        for (index, row) in trail.rows.enumerated() {
            text += Array((index == 0 ? "\n" : ",\n").utf8) + json(row).encoded()
        }
        return text + Array("\n]}\n".utf8)
    }

    /// The entry itself is JSON in JSON: it is written by one writer only, so that what is read gives its bytes again.
    private static func json(_ row: AuditRow) -> JSON {
        let text = JSON.string(String(decoding: row.canonical, as: UTF8.self))
        return .members([
            ("number", .integer(Int64(row.number))), ("link", .string(row.link)), ("digest", .string(row.digest)),
            ("entry", (try? JSON(parsing: row.canonical)) ?? text),
        ])
    }

    /// `nil` where it is no export.
    static func trail(_ text: [UInt8]) -> AuditTrail? {
        guard let json = try? JSON(parsing: text), let subject = json["subject"]?.text.flatMap({ AuditSubject($0) }),
            let entries = json["entries"]?.elements
        else { return nil }
        let rows = entries.map { AuditRow($0, canonical: $0["entry"]?.encoded()) }
        guard !rows.contains(nil) else { return nil }
        return AuditTrail(of: subject, head: json["head"].flatMap(AuditHead.init), rows: rows.compactMap(\.self))
    }
}
