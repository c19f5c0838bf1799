import AdapterKit

/// A JSON body compared as MockServer does.
struct JSONMatcher: Sendable, Equatable {
    enum MatchType: String, Sendable, CaseIterable {
        /// Nothing more and nothing else, arrays in their order.
        case strict = "STRICT"
        /// Further members and elements do not matter, nor the order of elements.
        case onlyMatchingFields = "ONLY_MATCHING_FIELDS"
    }

    let expected: JSON
    let matchType: MatchType

    /// Placeholders (`${json-unit.any-string}`) are refused.
    init(_ json: LocatedJSON, _ matchType: MatchType) throws(ExpectationRefusal) {
        guard !Self.hasPlaceholder(json.value) else {
            throw json.refusal("json-unit placeholders are not supported by mock-gateways")
        }
        expected = json.value.canonical
        self.matchType = matchType
    }

    private static func hasPlaceholder(_ json: JSON) -> Bool {
        switch json {
        case .string(let text): text.hasPrefix("${json-unit") || text.hasPrefix("#{json-unit")
        case .array(let elements): elements.contains(where: hasPlaceholder)
        case .object(let members): members.contains { hasPlaceholder($0.value) }
        default: false
        }
    }

    func matches(_ body: [UInt8]) -> Bool {
        guard let found = try? JSON(parsing: body) else { return false }
        return matchType == .strict ? expected == found.canonical : Self.isPart(expected, of: found)
    }

    private static func isPart(_ expected: JSON, of found: JSON) -> Bool {
        switch (expected, found) {
        case (.object(let members), .object):
            members.allSatisfy { member in found[member.name].map { isPart(member.value, of: $0) } ?? false }
        case (.array(let wanted), .array(let present)): areParts(wanted, of: present)
        default: expected == found
        }
    }

    /// Whether each wanted element has an element of its own (a matching in a bipartite graph, by augmenting paths).
    private static func areParts(_ wanted: [JSON], of present: [JSON]) -> Bool {
        guard wanted.count <= present.count else { return false }
        var takenBy: [Int?] = Array(repeating: nil, count: present.count)
        func place(_ index: Int, _ visited: inout Set<Int>) -> Bool {
            for candidate in present.indices where isPart(wanted[index], of: present[candidate]) {
                guard visited.insert(candidate).inserted else { continue }
                if let other = takenBy[candidate], !place(other, &visited) { continue }
                takenBy[candidate] = index
                return true
            }
            return false
        }
        return wanted.indices.allSatisfy { index in
            var visited: Set<Int> = []
            return place(index, &visited)
        }
    }
}
