import AdapterKit

@testable import MockGateways

/// Swift Testing has one too.
typealias Expectation = MockGateways.Expectation

/// Expectations and requests as tests write them.
enum Sample {
    static let now = Timestamp(seconds: 1_767_323_045)

    static func json(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    static func expectation(_ text: String) throws -> Expectation { try Expectation(LocatedJSON(json(text), at: "")) }

    static func matcher(_ text: String) throws -> RequestMatcher { try RequestMatcher(LocatedJSON(json(text), at: "")) }

    static func request(
        _ method: String = "GET", _ target: String = "/", headers: [(name: String, value: String)] = [], _ body: String = ""
    ) -> ReceivedRequest {
        ReceivedRequest(method: method, target: target, headers: headers, body: Array(body.utf8))
    }

    /// What is said about a text that should be refused; `nil` when it is taken.
    static func refusal(_ text: String) -> String? {
        do {
            _ = try Expectation.several(try json(text))
            return nil
        } catch { return "\(error)" }
    }
}
