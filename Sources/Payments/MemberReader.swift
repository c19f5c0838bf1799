import AdapterKit

/// Reads the members of one object and collects every rule that is broken, each with its pointer.
struct MemberReader {
    private let members: [JSON.Member]
    let pointer: String
    private(set) var errors: [Problem.Entry] = []

    /// Members that are not allowed are errors already.
    init(_ json: JSON, at pointer: String, allowing allowed: [String]) {
        self.pointer = pointer
        self.members = json.members ?? []
        if json.members == nil { errors.append(.init(pointer, "must be an object")) }
        for member in members where !allowed.contains(member.name) {
            errors.append(
                .init(
                    self.pointer(to: member.name), "is not a member of this object; there are \(allowed.joined(separator: ", "))")
            )
        }
    }

    func pointer(to name: String) -> String { "\(pointer)/\(JSON.pointerToken(name))" }

    func value(_ name: String) -> JSON? { members.first { $0.name == name }?.value }

    mutating func fail(_ name: String, _ message: String) { errors.append(.init(pointer(to: name), message)) }

    mutating func adopt(_ other: [Problem.Entry]) { errors += other }

    /// Code points are counted, as JSON Schema does.
    mutating func text(
        _ name: String, _ length: ClosedRange<Int>, required: Bool = false, where allowed: (String) -> Bool = { _ in true },
        saying rule: String? = nil
    ) -> String? {
        guard let value = value(name) else {
            if required { fail(name, "is required") }
            return nil
        }
        guard case .string(let text) = value else {
            fail(name, "must be a string")
            return nil
        }
        guard length.contains(text.unicodeScalars.count), allowed(text) else {
            fail(name, rule ?? "must have \(length.lowerBound) to \(length.upperBound) characters")
            return nil
        }
        return text
    }

    mutating func integer(_ name: String, _ range: ClosedRange<Int64>, required: Bool = false) -> Int64? {
        guard let value = value(name) else {
            if required { fail(name, "is required") }
            return nil
        }
        guard let number = value.wholeNumber, range.contains(number) else {
            fail(name, "must be an integer from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Word.Type, required: Bool = false
    ) -> Word? where Word.RawValue == String {
        guard let value = value(name) else {
            if required { fail(name, "is required") }
            return nil
        }
        guard case .string(let text) = value, let word = Word(rawValue: text) else {
            fail(name, "must be one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        return word
    }
}

extension JSON {
    /// An integer as JSON Schema means it: `1000`, and `1000.0` too.
    fileprivate var wholeNumber: Int64? {
        switch self {
        case .integer(let number): return number
        case .number(let lexeme):
            let parts = lexeme.split(separator: ".", omittingEmptySubsequences: false)
            return parts.count == 2 && parts[1].allSatisfy { $0 == "0" } ? Int64(parts[0]) : nil
        default: return nil
        }
    }
}
