import AdapterKit

/// The members of a JSON object, each of a name that is known.
struct Fields {
    private let json: JSON
    /// What messages call the object.
    private let owner: String

    /// - Parameter json: `nil` and `null` count as an object without members.
    init(_ json: JSON?, of owner: String, known: [String]) throws(APIFailure) {
        let json = json == .null ? .object([]) : json ?? .object([])
        guard let members = json.members else { throw .badBody("\(owner) is not an object") }
        if let unknown = members.first(where: { !known.contains($0.name) }) {
            throw .badBody("\(owner) has no \(unknown.name)")
        }
        (self.json, self.owner) = (json, owner)
    }

    subscript(name: String) -> JSON? { json[name] == .null ? nil : json[name] }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(APIFailure) -> Int {
        guard let value = self[name] else { return try bounded(0, name, range) }
        guard let integer = value.integer else { throw .badBody("\(name) of \(owner) is not an integer") }
        return try bounded(Int(integer), name, range)
    }

    private func bounded(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws(APIFailure) -> Int {
        guard range.contains(value) else {
            throw .badBody("\(name) of \(owner) is not from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func text(_ name: String) throws(APIFailure) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.text else { throw .badBody("\(name) of \(owner) is not a string") }
        return text
    }

    func flag(_ name: String) throws(APIFailure) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.bool else { throw .badBody("\(name) of \(owner) is not true or false") }
        return flag
    }

    /// A share, from 0 to 1.
    func share(_ name: String) throws(APIFailure) -> Double? {
        let share: Double? =
            switch self[name] {
            case nil: nil
            case .integer(let value): Double(value)
            case .number(let lexeme): Double(lexeme) ?? .nan
            default: .nan
            }
        guard let share else { return nil }
        guard (0...1).contains(share) else { throw .badBody("\(name) of \(owner) is not a number from 0 to 1") }
        return share
    }
}
