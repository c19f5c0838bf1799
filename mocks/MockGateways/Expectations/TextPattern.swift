/// How MockServer compares one string: equal, or matched as a whole by the text read as a regular expression, in either case.
struct TextPattern: Sendable, Equatable {
    let source: String
    /// Whether `source` has characters that mean more than themselves in a regular expression.
    private let isExpression: Bool

    private static let operators = Set<Character>("\\^$.|?*+()[]{}")

    /// A name of a header, parameter or field; what is no regular expression (`expand[]`) means itself, as in MockServer.
    init(name: String) {
        source = name
        isExpression = name.contains { Self.operators.contains($0) } && Self.isValid(name)
    }

    /// A value, method or path, read strictly: MockServer would take a broken expression for text that nothing equals.
    init(_ json: LocatedJSON) throws(ExpectationRefusal) {
        source = try json.text()
        guard source.first != "!", source.first != "?" else {
            throw json.refusal("a leading \(source.prefix(1)) (not, optional) is not supported by mock-gateways")
        }
        isExpression = source.contains { Self.operators.contains($0) }
        guard !isExpression || Self.isValid(source) else { throw json.refusal("not a regular expression") }
    }

    private static func isValid(_ expression: String) -> Bool { (try? Regex(expression)) != nil }

    /// An empty pattern matches everything.
    func matches(_ text: String) -> Bool {
        if source.isEmpty || text == source || text.lowercased() == source.lowercased() { return true }
        // Compiled anew each time: a compiled expression cannot be shared between threads.
        guard isExpression, let expression = try? Regex(source) else { return false }
        return text.wholeMatch(of: expression.ignoresCase().matchingSemantics(.unicodeScalar)) != nil
    }
}
