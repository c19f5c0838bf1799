import AdapterKit

/// A path as text, as a regular expression, or with `{name}` parts that `pathParameters` describes.
struct PathMatcher: Sendable, Equatable {
    let source: String
    private let parts: Parts

    private enum Parts: Sendable, Equatable {
        case whole(TextPattern)
        case separate([Part])
    }

    private enum Part: Sendable, Equatable {
        case fixed(TextPattern)
        case parameter(name: String, TextPattern)
    }

    /// `{id}` without `pathParameters` is refused: MockServer 5 takes it for a broken expression that matches nothing.
    init(_ path: LocatedJSON, parameters: LocatedJSON?) throws(ExpectationRefusal) {
        source = try path.text()
        let described = try parameters.map { json throws(ExpectationRefusal) in try FieldMatcher(json).fields } ?? []
        let names = source.split(separator: "/").compactMap(Self.parameterName)
        guard names == described.map(\.name.source) else {
            throw path.refusal("has the parameters \(names), pathParameters describes \(described.map(\.name.source))")
        }
        guard !names.isEmpty else {
            parts = .whole(try TextPattern(path))
            return
        }
        var separate: [Part] = []
        for part in source.split(separator: "/").map(String.init) {
            if let described = described.first(where: { $0.name.source == Self.parameterName(part) }) {
                separate.append(.parameter(name: described.name.source, described.value))
            } else {
                separate.append(.fixed(try TextPattern(LocatedJSON(.string(part), at: path.place))))
            }
        }
        parts = .separate(separate)
    }

    private static func parameterName(_ part: some StringProtocol) -> String? {
        guard part.first == "{", part.last == "}", part.count > 2 else { return nil }
        let name = part.dropFirst().dropLast()
        // A part such as {2} is a quantifier, if anything.
        return name.contains(where: \.isLetter) ? String(name) : nil
    }

    /// The path's parameters, or `nil` when it does not match.
    func parameters(of path: String) -> [String: String]? {
        switch parts {
        case .whole(let pattern): return pattern.matches(path) ? [:] : nil
        case .separate(let wanted):
            let present = path.split(separator: "/").map(String.init)
            guard present.count == wanted.count else { return nil }
            var parameters: [String: String] = [:]
            for (part, text) in zip(wanted, present) {
                switch part {
                case .fixed(let pattern): guard pattern.matches(text) else { return nil }
                case .parameter(let name, let pattern):
                    guard pattern.matches(text) else { return nil }
                    parameters[name] = text
                }
            }
            return parameters
        }
    }

    /// Whether expectations for `other` are meant when this is asked for.
    func covers(_ other: PathMatcher) -> Bool {
        if source == other.source { return true }
        if case .whole(let pattern) = parts { return pattern.matches(other.source) }
        return false
    }
}
