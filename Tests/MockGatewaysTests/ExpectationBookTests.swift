import AdapterKit
import Testing

@testable import MockGateways

@Suite("The book of expectations")
struct ExpectationBookTests {
    private var book = ExpectationBook()

    /// An expectation that answers with the status.
    private static func expectation(_ status: Int, _ more: String = "", path: String = ".*") throws -> Expectation {
        try Sample.expectation(#"{\#(more)"httpRequest":{"path":"\#(path)"},"httpResponse":{"statusCode":\#(status)}}"#)
    }

    private mutating func add(_ expectations: Expectation..., at now: Timestamp = Sample.now) throws {
        _ = try book.add(expectations, at: now)
    }

    private mutating func status(_ path: String = "/", at now: Timestamp = Sample.now) -> Int? {
        guard case .response(let response) = book.take(Sample.request("GET", path), at: now)?.expectation.action else {
            return nil
        }
        return response.status
    }

    @Test("answers by the first that matches, and by none where none does")
    mutating func first() throws {
        try add(Self.expectation(201, path: "/a"), Self.expectation(202), Self.expectation(203))
        #expect(status("/a") == 201)
        #expect(status("/b") == 202)
        var empty = ExpectationBook()
        #expect(empty.take(Sample.request(), at: Sample.now) == nil)
    }

    @Test("prefers a higher priority to an older expectation")
    mutating func priority() throws {
        try add(
            Self.expectation(201), Self.expectation(202, #""priority":1,"#), Self.expectation(203, #""priority":1,"#),
            Self.expectation(204, #""priority":-1,"#), Self.expectation(205, #""priority":9,"#, path: "/other"))
        #expect(status() == 202)
    }

    @Test("uses an expectation up, then goes to the next")
    mutating func times() throws {
        try add(Self.expectation(201, #""times":{"remainingTimes":2},"#), Self.expectation(202))
        #expect(book.entries.map(\.remaining) == [2, nil])
        #expect([status(), status(), status(), status()] == [201, 201, 202, 202])
        #expect(book.entries.count == 1)
    }

    @Test("forgets an expectation when its time has come, neither before nor after")
    mutating func lifetime() throws {
        try add(Self.expectation(201, #""timeToLive":{"timeUnit":"SECONDS","timeToLive":10},"#))
        #expect(status(at: Sample.now + .milliseconds(9999)) == 201)
        #expect(status(at: Sample.now + .milliseconds(10_000)) == nil)
        #expect(book.entries.isEmpty)
    }

    @Test("replaces what has the same id, where it stood")
    mutating func replaces() throws {
        try add(Self.expectation(201, #""id":"a","times":{"remainingTimes":1},"#), Self.expectation(202))
        try add(Self.expectation(203, #""id":"a","#))
        #expect(book.entries.count == 2)
        #expect([status(), status()] == [203, 203])
    }

    @Test("gives an id that nobody has to those that come without")
    mutating func ids() throws {
        try add(Self.expectation(201, #""id":"expectation-1","#), Self.expectation(202), Self.expectation(203))
        #expect(book.entries.map(\.id) == ["expectation-1", "expectation-2", "expectation-3"])
    }

    @Test("is bounded, and takes all that are added at once or none")
    mutating func bounded() throws {
        let many = Array(repeating: try Self.expectation(201), count: ExpectationBook.mostExpectations)
        _ = try book.add(Array(many.dropLast()), at: Sample.now)
        #expect(throws: ExpectationRefusal(place: "", problem: "more than 1000 expectations")) {
            _ = try book.add(Array(many.prefix(2)), at: Sample.now)
        }
        #expect(book.entries.count == 999)
        _ = try book.add(Array(many.prefix(1)), at: Sample.now)
        #expect(book.entries.count == 1000)
    }

    @Test("shows an expectation as it was written, with its id and what is left of it")
    mutating func shown() throws {
        try add(Self.expectation(201, #""times":{"remainingTimes":2},"priority":3,"#, path: "/a"))
        _ = status("/a")
        let shown = try #require(book.entries.first).json
        let expected = try Sample.json(
            #"""
            {"id":"expectation-1","priority":3,"httpRequest":{"path":"/a"},"httpResponse":{"statusCode":201},
             "times":{"remainingTimes":1,"unlimited":false},"timeToLive":{"unlimited":true}}
            """#)
        #expect(shown.canonical == expected.canonical)
        // What is shown can be added again.
        _ = try Expectation(LocatedJSON(shown, at: ""))
    }

    @Test("keeps the newest requests, no more than its bounds")
    func log() {
        var log = RequestLog()
        for number in 0...RequestLog.mostRequests { log.append(Sample.request("GET", "/\(number)")) }
        #expect(log.requests.count == 9001)
        #expect(log.requests.first?.path == "/1000")
        #expect(log.requests.last?.path == "/10000")
        let large = String(repeating: "a", count: 1_048_576)
        for _ in 0..<40 { log.append(Sample.request("POST", "/large", large)) }
        #expect(log.requests.count <= 32)
        #expect(log.requests.last?.path == "/large")
    }
}
