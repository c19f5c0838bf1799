import AdapterKit

/// A value of the file and the line it begins on. Plain words are read as YAML 1.2's core schema does: `yes` is a text.
struct YAMLValue: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        case null
        case bool(Bool)
        case integer(Int64)
        /// A number that is not an integer of 64 bits, as it was written.
        case number(String)
        case text(String)
        case list([YAMLValue])
        case mapping([Member])
    }

    struct Member: Sendable, Equatable {
        let name: String
        /// The line of the key.
        let line: Int
        let value: YAMLValue
        /// Whether the name already stood in this mapping.
        var isRepeated = false
    }

    let line: Int
    let content: Content
}

extension YAMLValue.Content {
    /// What a word without quotes means.
    init(plain word: String) {
        switch word {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .bool(true)
        case "false", "False", "FALSE": self = .bool(false)
        default: self = Self.numeric(word) ?? .text(word)
        }
    }

    private static func numeric(_ word: String) -> Self? {
        let digits = Set("0123456789")
        guard let last = word.last, digits.contains(last), word.allSatisfy({ digits.contains($0) || "+-.eE".contains($0) }),
            let value = Double(word), value.isFinite
        else { return nil }
        return Int64(word).map { .integer($0) } ?? .number(word)
    }
}

extension YAMLValue {
    /// The value without its lines, as adapters read their settings.
    var json: JSON {
        switch content {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let word): .number(word)
        case .text(let text): .string(text)
        case .list(let elements): .array(elements.map(\.json))
        case .mapping(let members): .object(members.map { JSON.Member($0.name, $0.value.json) })
        }
    }

    /// The line of what lies at `path` below this value, or of the nearest thing above it that is there.
    func line(at path: ArraySlice<String>) -> Int {
        guard let first = path.first else { return line }
        switch content {
        case .mapping(let members):
            guard let member = members.first(where: { $0.name == first }) else { return line }
            return path.count == 1 ? member.line : member.value.line(at: path.dropFirst())
        case .list(let elements):
            guard let index = Int(first), elements.indices.contains(index) else { return line }
            return elements[index].line(at: path.dropFirst())
        default: return line
        }
    }
}
