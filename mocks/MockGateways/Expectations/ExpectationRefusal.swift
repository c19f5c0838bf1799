/// Why an expectation, or a question about requests, is not taken: where in its JSON, and what is wrong there.
public struct ExpectationRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// As MockServer's users write it: `[3].httpRequest.path`; empty for the whole text.
    public let place: String
    public let problem: String

    public var description: String { place.isEmpty ? problem : "\(place): \(problem)" }

    static func unsupported(_ place: String) -> ExpectationRefusal {
        ExpectationRefusal(place: place, problem: "not supported by mock-gateways")
    }
}
