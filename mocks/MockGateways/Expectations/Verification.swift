import AdapterKit

/// A question whether requests came as often as they should have.
struct Verification: Sendable, Equatable {
    enum Subject: Sendable, Equatable {
        case request(RequestMatcher)
        /// What the expectation of this id would answer.
        case expectation(id: String)
    }

    let subject: Subject
    let atLeast: Int?
    let atMost: Int?

    private static let mostTimes = 1_000_000

    init(_ json: LocatedJSON) throws(ExpectationRefusal) {
        try json.expectObject(of: ["httpRequest", "expectationId", "times"])
        if let id = json["expectationId"] {
            guard json["httpRequest"] == nil else { throw json.refusal("both httpRequest and expectationId") }
            try id.expectObject(of: ["id"])
            subject = .expectation(id: try Expectation.id(try id.required("id")))
        } else {
            subject = .request(try RequestMatcher(try json.required("httpRequest")))
        }
        guard let times = json["times"] else {
            (atLeast, atMost) = (1, nil)
            return
        }
        try times.expectObject(of: ["atLeast", "atMost"])
        atLeast = try times["atLeast"]?.integer(in: 0...Self.mostTimes)
        atMost = try times["atMost"]?.integer(in: 0...Self.mostTimes)
        guard atLeast != nil || atMost != nil else { throw times.refusal("neither atLeast nor atMost") }
        guard atLeast ?? 0 <= atMost ?? .max else { throw times.refusal("atLeast is more than atMost") }
    }

    /// What is said of a number of requests that is not as it should be; `nil` when it is.
    func complaint(about count: Int) -> String? {
        guard count < atLeast ?? 0 || count > atMost ?? .max else { return nil }
        return "Request not found \(expected), but \(count) times"
    }

    private var expected: String {
        switch (atLeast, atMost) {
        case (let least?, let most?) where least == most: "exactly \(least) times"
        case (let least?, let most?): "between \(least) and \(most) times"
        case (let least?, nil): "at least \(least) times"
        case (nil, let most): "at most \(most ?? 0) times"
        }
    }
}
