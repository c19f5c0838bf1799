import AdapterKit

/// Rows of text under headings, in columns as wide as they need, for people.
struct TextTable {
    private let headings: [String]
    private var rows: [[String]] = []

    init(_ headings: [String]) { self.headings = headings }

    /// A row of the members of these names; `-` where there is none.
    mutating func add(_ object: JSON, _ members: [String]) {
        rows.append(members.map { object[$0]?.shown ?? "-" })
    }

    var text: String {
        let all = [headings] + rows
        let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}

extension JSON {
    /// As a cell of a table: free of what would break its line or steer a terminal.
    fileprivate var shown: String {
        switch self {
        case .null: "-"
        case .bool(let value): value ? "yes" : "no"
        case .integer(let value): String(value)
        case .number(let lexeme): lexeme
        case .string(let text):
            String(
                String.UnicodeScalarView(
                    text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "?" : $0 }))
        case .array(let elements): String(elements.count)
        case .object: "…"
        }
    }
}
