import AdapterKit

/// A JSON value and where it stands, so that what is wrong with it can be named.
struct LocatedJSON: Sendable {
    let value: JSON
    let place: String

    init(_ value: JSON, at place: String) {
        self.value = value
        self.place = place
    }

    func refusal(_ problem: String) -> ExpectationRefusal { ExpectationRefusal(place: place, problem: problem) }

    private func place(of name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }

    subscript(name: String) -> LocatedJSON? { value[name].map { LocatedJSON($0, at: place(of: name)) } }

    func required(_ name: String) throws(ExpectationRefusal) -> LocatedJSON {
        guard let member = self[name] else { throw ExpectationRefusal(place: place(of: name), problem: "missing") }
        return member
    }

    /// Refuses every member that is not among the supported ones, by name.
    func expectObject(of supported: Set<String>) throws(ExpectationRefusal) {
        guard let members = value.members else { throw refusal("not an object") }
        for member in members where !supported.contains(member.name) { throw .unsupported(place(of: member.name)) }
    }

    func members() throws(ExpectationRefusal) -> [(name: String, value: LocatedJSON)] {
        guard let members = value.members else { throw refusal("not an object") }
        return members.map { ($0.name, LocatedJSON($0.value, at: place(of: $0.name))) }
    }

    func elements() throws(ExpectationRefusal) -> [LocatedJSON] {
        guard let elements = value.elements else { throw refusal("not an array") }
        return elements.enumerated().map { LocatedJSON($0.element, at: "\(place)[\($0.offset)]") }
    }

    func text() throws(ExpectationRefusal) -> String {
        guard let text = value.text else { throw refusal("not a string") }
        return text
    }

    func flag() throws(ExpectationRefusal) -> Bool {
        guard let flag = value.bool else { throw refusal("neither true nor false") }
        return flag
    }

    func integer(in range: ClosedRange<Int>) throws(ExpectationRefusal) -> Int {
        guard let integer = value.integer.flatMap({ Int(exactly: $0) }), range.contains(integer) else {
            throw refusal("not an integer of \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }
}
