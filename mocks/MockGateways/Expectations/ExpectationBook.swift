import AdapterKit

/// The expectations that wait for requests, in the order in which they came.
struct ExpectationBook: Sendable {
    static let mostExpectations = 1000

    struct Entry: Sendable, Equatable {
        let id: String
        let expectation: Expectation
        /// Requests that it still answers; `nil` is without end.
        var remaining: Int?
        /// From when on it answers none; `nil` is never.
        let end: Timestamp?

        var json: JSON { expectation.json(id: id, remaining: remaining) }
    }

    private(set) var entries: [Entry] = []
    /// Numbers those that came without an id.
    private var numbered = 0

    /// Adds all of them or none. One whose id is known takes the place of the known one.
    mutating func add(_ expectations: [Expectation], at now: Timestamp) throws(ExpectationRefusal) -> [Entry] {
        var book = self
        book.forgetEnded(at: now)
        let added = expectations.map { book.add($0, at: now) }
        guard book.entries.count <= Self.mostExpectations else {
            throw ExpectationRefusal(place: "", problem: "more than \(Self.mostExpectations) expectations")
        }
        self = book
        return added
    }

    private mutating func add(_ expectation: Expectation, at now: Timestamp) -> Entry {
        let end = expectation.lifetime.map { now + .milliseconds($0) }
        let entry = Entry(id: expectation.id ?? nextID(), expectation: expectation, remaining: expectation.times, end: end)
        if let index = entries.firstIndex(where: { $0.id == entry.id }) {
            entries[index] = entry
        } else {
            entries.append(entry)
        }
        return entry
    }

    private mutating func nextID() -> String {
        repeat { numbered += 1 } while entries.contains { $0.id == "expectation-\(numbered)" }
        return "expectation-\(numbered)"
    }

    mutating func forgetEnded(at now: Timestamp) {
        entries.removeAll { entry in entry.end.map { $0 <= now } ?? false }
    }

    /// The expectation that answers the request, with the path's parameters. One of its times is used up.
    mutating func take(
        _ request: ReceivedRequest, at now: Timestamp
    ) -> (expectation: Expectation, pathParameters: [String: String])? {
        forgetEnded(at: now)
        var best: (index: Int, parameters: [String: String])?
        for (index, entry) in entries.enumerated() {
            if let best, entries[best.index].expectation.priority >= entry.expectation.priority { continue }
            if let parameters = entry.expectation.request.match(request) { best = (index, parameters) }
        }
        guard let best else { return nil }
        let expectation = entries[best.index].expectation
        use(best.index)
        return (expectation, best.parameters)
    }

    private mutating func use(_ index: Int) {
        guard let remaining = entries[index].remaining else { return }
        if remaining > 1 { entries[index].remaining = remaining - 1 } else { entries.remove(at: index) }
    }

    /// Removes those meant, all of them without a matcher.
    mutating func remove(_ matcher: RequestMatcher?) {
        entries.removeAll { entry in matcher.map { $0.covers(entry.expectation.request) } ?? true }
    }

    mutating func remove(id: String) { entries.removeAll { $0.id == id } }

    func matching(_ matcher: RequestMatcher?) -> [Entry] {
        entries.filter { entry in matcher.map { $0.covers(entry.expectation.request) } ?? true }
    }

    subscript(id: String) -> Entry? { entries.first { $0.id == id } }
}
