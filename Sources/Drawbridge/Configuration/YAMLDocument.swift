import Yams

/// Reads the text of a configuration file into values with lines.
struct YAMLDocument {
    /// Values in one file, those that aliases repeat included: a few lines of aliases could otherwise stand for billions.
    static let maximumValues = 100_000
    /// Keys that may be repeated before reading stops looking for more.
    private static let maximumRepeatedKeys = 100

    struct Failure: Error, Equatable {
        let line: Int
        let expected: String
    }

    private var repeatedNames: [String] = []
    private var remaining = Self.maximumValues

    static func value(of text: String) throws(Failure) -> YAMLValue {
        var document = YAMLDocument()
        guard let root = try document.compose(text) else { return YAMLValue(line: 1, content: .null) }
        return try document.value(of: root)
    }

    /// Yams refuses a file at its first repeated key. Here that key gets a name of its own and reading goes on, so that all
    /// problems of the file can be told together.
    private mutating func compose(_ original: String) throws(Failure) -> Node? {
        var text = original
        while true {
            do {
                return try Yams.compose(yaml: text)
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                guard let name = names.first, repeatedNames.count < Self.maximumRepeatedKeys,
                    let renamed = Self.insert(Self.mark(repeatedNames.count), into: text, at: context.mark)
                else { throw Failure(line: max(context.mark.line, 1), expected: "every key once") }
                repeatedNames.append(name)
                text = renamed
            } catch {
                throw Self.failure(error)
            }
        }
    }

    /// Two characters of Unicode's private use area around a number: no key of ours begins so.
    private static func mark(_ number: Int) -> String { "\u{E000}\(number)\u{E001}" }

    private static func insert(_ mark: String, into text: String, at place: Mark) -> String? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.indices.contains(place.line - 1) else { return nil }
        var scalars = Array(lines[place.line - 1].unicodeScalars)
        guard scalars.indices.contains(place.column - 1) else { return nil }
        let quoted = scalars[place.column - 1] == "\"" || scalars[place.column - 1] == "'"
        scalars.insert(contentsOf: mark.unicodeScalars, at: place.column - (quoted ? 0 : 1))
        var line = String.UnicodeScalarView()
        line.append(contentsOf: scalars)
        lines[place.line - 1] = String(line)
        return lines.joined(separator: "\n")
    }

    /// The file's text, which Yams would quote, is left out: a secret may stand in it.
    private static func failure(_ error: any Error) -> Failure {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            Failure(line: max(mark.line, 1), expected: "valid YAML (\(problem))")
        case .reader(let problem, _, _, _): Failure(line: 1, expected: "valid YAML (\(problem))")
        default: Failure(line: 1, expected: "one document of valid YAML")
        }
    }

    private mutating func value(of node: Node) throws(Failure) -> YAMLValue {
        let line = max(node.mark?.line ?? 1, 1)
        remaining -= 1
        guard remaining > 0 else { throw Failure(line: line, expected: "at most \(Self.maximumValues) values in the file") }
        switch node {
        case .scalar(let scalar):
            let plain = scalar.style == .plain || scalar.style == .any
            return YAMLValue(line: line, content: plain ? .init(plain: scalar.string) : .text(scalar.string))
        case .sequence(let sequence):
            var elements: [YAMLValue] = []
            for element in sequence { elements.append(try value(of: element)) }
            return YAMLValue(line: line, content: .list(elements))
        case .mapping(let mapping):
            return YAMLValue(line: line, content: .mapping(try members(of: mapping)))
        case .alias:
            throw Failure(line: line, expected: "an alias of an anchor that stands before it")
        }
    }

    private mutating func members(of mapping: Node.Mapping) throws(Failure) -> [YAMLValue.Member] {
        var members: [YAMLValue.Member] = []
        var renamed: [String] = []
        for (key, node) in mapping {
            let line = max(key.mark?.line ?? 1, 1)
            guard let name = key.scalar?.string else { throw Failure(line: line, expected: "a key that is a text") }
            if let original = originalName(name) {
                renamed.append(original)
                continue
            }
            members.append(
                YAMLValue.Member(name: name, line: line, value: try value(of: node), isRepeated: renamed.contains(name)))
        }
        return members
    }

    private func originalName(_ name: String) -> String? {
        guard name.first == "\u{E000}", let end = name.firstIndex(of: "\u{E001}"),
            let number = Int(name[name.index(after: name.startIndex)..<end]), repeatedNames.indices.contains(number)
        else { return nil }
        return String(name[name.index(after: end)...])
    }
}
