import AdapterKit

/// One expectation as MockServer's files and its API write it: which requests, how often, until when, and what then.
struct Expectation: Sendable, Equatable {
    let id: String?
    /// The highest goes first; of equals the oldest.
    let priority: Int
    let request: RequestMatcher
    let action: ExpectedAction
    /// `nil` is without end.
    let times: Int?
    /// Milliseconds from when it was taken; `nil` is without end.
    let lifetime: Int?
    /// As it was written.
    let source: JSON

    private static let mostTimes = 1_000_000
    private static let longestLifetime = 365 * 86_400_000

    init(_ json: LocatedJSON) throws(ExpectationRefusal) {
        try json.expectObject(
            of: ExpectedAction.members.union(["id", "priority", "httpRequest", "times", "timeToLive"]))
        id = try json["id"].map { json throws(ExpectationRefusal) in try Self.id(json) }
        priority = try json["priority"]?.integer(in: -1_000_000...1_000_000) ?? 0
        request = try RequestMatcher(try json.required("httpRequest"))
        action = try ExpectedAction(of: json)
        times = try Self.times(json["times"])
        lifetime = try Self.lifetime(json["timeToLive"])
        source = json.value
    }

    /// What a file or a `PUT /mockserver/expectation` holds: one expectation or an array of them.
    static func several(_ json: JSON) throws(ExpectationRefusal) -> [Expectation] {
        guard json.elements != nil else { return [try Expectation(LocatedJSON(json, at: ""))] }
        var expectations: [Expectation] = []
        for element in try LocatedJSON(json, at: "").elements() { expectations.append(try Expectation(element)) }
        return expectations
    }

    static func id(_ json: LocatedJSON) throws(ExpectationRefusal) -> String {
        let id = try json.text()
        guard (1...256).contains(id.utf8.count) else { throw json.refusal("not 1 to 256 bytes") }
        return id
    }

    private static func times(_ json: LocatedJSON?) throws(ExpectationRefusal) -> Int? {
        guard let json else { return nil }
        try json.expectObject(of: ["remainingTimes", "unlimited"])
        if try json["unlimited"]?.flag() == true {
            guard json["remainingTimes"] == nil else { throw json.refusal("both unlimited and limited") }
            return nil
        }
        return try json.required("remainingTimes").integer(in: 1...mostTimes)
    }

    private static func lifetime(_ json: LocatedJSON?) throws(ExpectationRefusal) -> Int? {
        guard let json else { return nil }
        try json.expectObject(of: ["timeUnit", "timeToLive", "unlimited"])
        if try json["unlimited"]?.flag() == true {
            guard json["timeToLive"] == nil else { throw json.refusal("both unlimited and limited") }
            return nil
        }
        return try TimeSpan.read(json, "timeToLive", upTo: longestLifetime)
    }

    /// As the API shows it, with what is left of its times.
    func json(id: String, remaining: Int?) -> JSON {
        let shown: Set<String> = ["id", "priority", "times", "timeToLive"]
        let given = (source.members ?? []).filter { !shown.contains($0.name) }.map { ($0.name, $0.value) }
        let times: JSON = .members(
            remaining.map { [("remainingTimes", .integer(Int64($0))), ("unlimited", .bool(false))] }
                ?? [("unlimited", .bool(true))])
        return .members(
            [("id", .string(id)), ("priority", .integer(Int64(priority)))] + given + [
                ("times", times), ("timeToLive", source["timeToLive"] ?? .members([("unlimited", .bool(true))])),
            ])
    }
}
