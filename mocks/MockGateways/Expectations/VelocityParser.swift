import AdapterKit

/// Reads the part of Velocity that mock-gateways supports. All else that Velocity would interpret is refused.
struct VelocityParser {
    struct Failure: Error, Equatable {
        let problem: String
    }

    private static let reserved: Set<String> = ["request", "json", "esc"]

    private var rest: Substring
    private var variables: Set<String> = []

    init(_ template: String) { rest = template[...] }

    mutating func pieces() throws(Failure) -> [VelocityTemplate.Piece] {
        var pieces: [VelocityTemplate.Piece] = []
        var text = ""
        while let character = rest.first {
            let piece: VelocityTemplate.Piece?
            switch character {
            case "#": piece = try directive()
            case "$": piece = try output()
            case "\\": piece = try backslash()
            default: piece = nil
            }
            if let piece {
                pieces.append(.text(text))
                pieces.append(piece)
                text = ""
            } else {
                text.append(rest.removeFirst())
            }
        }
        return pieces + [.text(text)]
    }

    private func unsupported(_ what: String) -> Failure { Failure(problem: "\(what) is not supported by mock-gateways") }

    /// Before `$` and `#` a backslash escapes.
    private func backslash() throws(Failure) -> VelocityTemplate.Piece? {
        let next = rest.dropFirst().first
        guard next != "$", next != "#" else { throw unsupported("\\\(next.map(String.init) ?? "")") }
        return nil
    }

    // MARK: - Directives

    /// `#set($name = …)`; the line it stands on goes with it.
    private mutating func directive() throws(Failure) -> VelocityTemplate.Piece? {
        let next = rest.dropFirst().first
        guard let next, next.isLetter || "#*[{@".contains(next) else { return nil }
        guard take("#set") else { throw unsupported("#" + rest.dropFirst().prefix { $0.isLetter || "#*[{@".contains($0) }) }
        skipBlanks()
        try expect("(")
        skipBlanks()
        try expect("$")
        let name = try identifier()
        guard !Self.reserved.contains(name) else { throw unsupported("#set of $\(name)") }
        skipBlanks()
        try expect("=")
        skipBlanks()
        let value = try reference()
        skipBlanks()
        try expect(")")
        variables.insert(name)
        skipBlanks()
        if rest.first == "\n" || rest.first == "\r\n" { rest.removeFirst() }
        return .assignment(name, value)
    }

    // MARK: - References

    /// `$!…` and `$!{…}`; other dollar signs that begin a reference are refused, the rest is text.
    private mutating func output() throws(Failure) -> VelocityTemplate.Piece? {
        let next = rest.dropFirst().first
        guard let next, next.isLetter || "!{_".contains(next) else { return nil }
        guard next == "!" else {
            throw Failure(problem: "write $!\(rest.dropFirst().prefix(20)): only quiet references are supported")
        }
        return .output(try reference())
    }

    /// `$request…`, `$!request…`, `$!{request…}`, as an output, an argument or a value.
    private mutating func reference() throws(Failure) -> VelocityExpression {
        try expect("$")
        _ = take("!")
        guard take("{") else { return try path() }
        let expression = try path()
        try expect("}")
        return expression
    }

    private mutating func path() throws(Failure) -> VelocityExpression {
        var expression: VelocityExpression
        let name = try identifier()
        switch name {
        case "request": expression = try request()
        case "json": expression = try parsedBody()
        case "esc": expression = try escape()
        default:
            guard variables.contains(name) else { throw unsupported("$\(name)") }
            expression = .variable(name)
        }
        while let next = try step(from: expression) { expression = next }
        return expression
    }

    /// `.name`, `[0]` or `.replaceAll(…)`.
    private mutating func step(from expression: VelocityExpression) throws(Failure) -> VelocityExpression? {
        if rest.first == "[" { return .element(expression, try index()) }
        guard rest.first == ".", let letter = rest.dropFirst().first, letter.isLetter || letter == "_" else { return nil }
        rest.removeFirst()
        let name = try identifier()
        guard rest.first == "(" else { return .member(expression, name) }
        guard name == "replaceAll" else { throw unsupported(".\(name)(…)") }
        rest.removeFirst()
        return try replacement(in: expression)
    }

    private mutating func replacement(in text: VelocityExpression) throws(Failure) -> VelocityExpression {
        let pattern = try quoted()
        skipBlanks()
        try expect(",")
        skipBlanks()
        let written = try quoted()
        try expect(")")
        guard let replacement = JavaReplacement(written) else { throw unsupported("the replacement '\(written)'") }
        // The empty alternative always matches, so that its match tells the number of groups.
        guard let expression = try? Regex("|(?:\(pattern))"), let match = "".prefixMatch(of: expression) else {
            throw Failure(problem: "'\(pattern)' is not a regular expression")
        }
        guard replacement.highestGroup < match.output.count else {
            throw Failure(problem: "'\(pattern)' has no group \(replacement.highestGroup)")
        }
        return .replaced(text, pattern: pattern, replacement)
    }

    private mutating func request() throws(Failure) -> VelocityExpression {
        try expect(".")
        let field = try identifier()
        switch field {
        case "method": return .method
        case "path": return .path
        case "body": return .body
        case "headers": return .header(try firstOfNamed())
        case "pathParameters": return .pathParameter(try firstOfNamed())
        case "queryStringParameters": return .queryParameter(try firstOfNamed())
        default: throw unsupported("$request.\(field)")
        }
    }

    /// `['name'][0]`.
    private mutating func firstOfNamed() throws(Failure) -> String {
        try expect("[")
        let name = try quoted()
        try expect("]")
        guard try index() == 0 else { throw unsupported("another value than [0]") }
        return name
    }

    private mutating func parsedBody() throws(Failure) -> VelocityExpression {
        try expect(".parse(")
        guard try reference() == .body else { throw unsupported("$json.parse of anything but $!request.body") }
        try expect(")")
        return .parsedBody
    }

    private mutating func escape() throws(Failure) -> VelocityExpression {
        try expect(".")
        let name = try identifier()
        guard ["unurl", "java"].contains(name) else { throw unsupported("$esc.\(name)") }
        try expect("(")
        let text = try reference()
        try expect(")")
        return name == "unurl" ? .unescapedURL(text) : .escapedJava(text)
    }

    // MARK: - Words

    private mutating func take(_ word: String) -> Bool {
        guard rest.hasPrefix(word) else { return false }
        rest = rest.dropFirst(word.count)
        return true
    }

    private mutating func expect(_ word: String) throws(Failure) {
        guard take(word) else { throw Failure(problem: "expected \(word) before \"\(rest.prefix(20))\"") }
    }

    private mutating func skipBlanks() { rest = rest.drop { $0 == " " || $0 == "\t" } }

    /// Velocity's, with hyphens as MockServer sets it.
    private mutating func identifier() throws(Failure) -> String {
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
        guard let first = name.first, first.isLetter || first == "_" else {
            throw Failure(problem: "expected a name before \"\(rest.prefix(20))\"")
        }
        rest = rest.dropFirst(name.count)
        return String(name)
    }

    private mutating func index() throws(Failure) -> Int {
        try expect("[")
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard let index = Int(digits), index < 1000 else {
            throw Failure(problem: "expected a number before \"\(rest.prefix(20))\"")
        }
        rest = rest.dropFirst(digits.count)
        try expect("]")
        return index
    }

    /// In single quotes, between which Velocity interprets nothing.
    private mutating func quoted() throws(Failure) -> String {
        try expect("'")
        guard let end = rest.firstIndex(of: "'") else { throw Failure(problem: "a quotation that does not end") }
        let text = String(rest[..<end])
        rest = rest[rest.index(after: end)...]
        return text
    }
}
