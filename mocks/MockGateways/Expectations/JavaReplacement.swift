/// The second argument of Java's `replaceAll`: text and groups, `$0` to `$9`.
struct JavaReplacement: Sendable, Equatable {
    private enum Piece: Sendable, Equatable {
        case text(String)
        case group(Int)
    }

    private let pieces: [Piece]

    /// `nil` for what Java would read as something else: a backslash, or a `$` without a digit.
    init?(_ source: String) {
        var pieces: [Piece] = []
        var rest = source[...]
        while let character = rest.popFirst() {
            switch character {
            case "\\": return nil
            case "$":
                guard let digit = rest.popFirst()?.wholeNumberValue, rest.first?.wholeNumberValue == nil else { return nil }
                pieces.append(.group(digit))
            default: pieces.append(.text(String(character)))
            }
        }
        self.pieces = pieces
    }

    /// The highest group that is named.
    var highestGroup: Int {
        pieces.reduce(0) { highest, piece in if case .group(let number) = piece { max(highest, number) } else { highest } }
    }

    func applied(to text: String, pattern: String) -> String {
        guard let expression = try? Regex(pattern).matchingSemantics(.unicodeScalar) else { return text }
        return text.replacing(expression) { match in pieces.map { Self.text($0, in: match.output) }.joined() }
    }

    private static func text(_ piece: Piece, in groups: AnyRegexOutput) -> String {
        switch piece {
        case .text(let text): text
        case .group(let number): groups.indices.contains(number) ? String(groups[number].substring ?? "") : ""
        }
    }
}
