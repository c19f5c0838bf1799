import AdapterKit
import Synchronization

/// The expectations of one gateway and the requests that came to it.
final class Expectations: Sendable {
    struct Contents: Sendable {
        var book = ExpectationBook()
        var log = RequestLog()
    }

    /// What to do with a request that an expectation matches.
    enum Action: Sendable, Equatable {
        case respond(ExpectedResponse)
        case drop(afterMilliseconds: Int)
    }

    private let contents = Mutex(Contents())
    private let now: @Sendable () -> Timestamp

    init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    func add(_ expectations: [Expectation]) throws(ExpectationRefusal) -> [ExpectationBook.Entry] {
        let now = now()
        return try contents.withLock { contents throws(ExpectationRefusal) in try contents.book.add(expectations, at: now) }
    }

    /// Records the request; `nil` when no expectation is for it.
    func answer(to request: ReceivedRequest) -> Action? {
        let now = now()
        let taken = contents.withLock { contents in
            contents.log.append(request)
            return contents.book.take(request, at: now)
        }
        guard let taken else { return nil }
        switch taken.expectation.action {
        case .response(let response): return .respond(response)
        case .drop(let delay): return .drop(afterMilliseconds: delay)
        case .template(let template, let delay): return .respond(Self.written(template, delay, request, taken.pathParameters))
        }
    }

    /// MockServer too answers 404 when a template fails.
    private static func written(
        _ template: VelocityTemplate, _ delay: Int, _ request: ReceivedRequest, _ parameters: [String: String]
    ) -> ExpectedResponse {
        do throws(VelocityTemplate.Failure) {
            var response = try template.response(to: request, pathParameters: parameters)
            response.delayMilliseconds += delay
            return response
        } catch { return ExpectedResponse(status: 404, body: Array("template: \(error.problem)".utf8)) }
    }

    func update<Result: Sendable, Failure: Error>(
        _ change: (inout Contents) throws(Failure) -> sending Result
    ) throws(Failure) -> Result {
        let now = now()
        return try contents.withLock { contents throws(Failure) in
            contents.book.forgetEnded(at: now)
            return try change(&contents)
        }
    }

    /// Forgets expectations and requests.
    func reset() { contents.withLock { $0 = Contents() } }
}
