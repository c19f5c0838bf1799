/// The body is not what the protocol describes. What was found in it is not carried along: it may be personal.
public struct UnreadableAnswer: Error, Sendable {
    public init() {}
}

/// Reads the members of one JSON object: of the right type and within bounds, or not at all. A member that is `null` is missing.
public struct AnswerReader: Sendable {
    private let object: JSON

    /// - Throws: where the bytes are not one JSON object.
    public init(_ bytes: [UInt8]) throws(UnreadableAnswer) {
        guard let value = try? JSON(parsing: bytes) else { throw UnreadableAnswer() }
        try self.init(value)
    }

    public init(_ value: JSON) throws(UnreadableAnswer) {
        guard case .object = value else { throw UnreadableAnswer() }
        object = value
    }

    private func present(_ name: String) -> JSON? {
        let value = object[name]
        if case .null = value { return nil }
        return value
    }

    public func text(_ name: String) throws(UnreadableAnswer) -> String {
        guard let text = present(name)?.text else { throw UnreadableAnswer() }
        return text
    }

    /// A text that only means something when it is whole: one over the limit (in bytes) is unreadable.
    public func wholeText(_ name: String, limit: Int) throws(UnreadableAnswer) -> String? {
        guard let value = present(name) else { return nil }
        guard let text = value.text, text.utf8.count <= limit else { throw UnreadableAnswer() }
        return text
    }

    /// A text for people or statistics: cut at the limit, counted in Unicode scalars.
    public func shortText(_ name: String, limit: Int) throws(UnreadableAnswer) -> String? {
        guard let value = present(name) else { return nil }
        guard let text = value.text else { throw UnreadableAnswer() }
        // A scalar takes a byte or more.
        guard text.utf8.count > limit else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
    }

    public func integer(_ name: String) throws(UnreadableAnswer) -> Int64 {
        guard let value = present(name)?.integer else { throw UnreadableAnswer() }
        return value
    }

    public func optionalInteger(_ name: String) throws(UnreadableAnswer) -> Int64? {
        guard let value = present(name) else { return nil }
        guard let integer = value.integer else { throw UnreadableAnswer() }
        return integer
    }

    public func flag(_ name: String) throws(UnreadableAnswer) -> Bool {
        guard let value = present(name)?.bool else { throw UnreadableAnswer() }
        return value
    }

    public func section(_ name: String) throws(UnreadableAnswer) -> AnswerReader? {
        guard let value = present(name) else { return nil }
        return try AnswerReader(value)
    }

    /// A list of objects; `nil` where there is none.
    public func sections(_ name: String) throws(UnreadableAnswer) -> [AnswerReader]? {
        guard let value = present(name) else { return nil }
        guard let elements = value.elements else { throw UnreadableAnswer() }
        var sections: [AnswerReader] = []
        for element in elements { sections.append(try AnswerReader(element)) }
        return sections
    }

    public func word<Word: RawRepresentable<String>>(_ name: String) throws(UnreadableAnswer) -> Word {
        guard let word = Word(rawValue: try text(name)) else { throw UnreadableAnswer() }
        return word
    }
}
