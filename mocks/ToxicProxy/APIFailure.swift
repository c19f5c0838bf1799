import AdapterKit

/// Why a request is refused, in the form of Toxiproxy's API: `{"error":...,"status":...}`.
struct APIFailure: Error, Equatable, CustomStringConvertible {
    let status: Int
    let message: String

    static let proxyNotFound = APIFailure(status: 404, message: "proxy not found")
    static let toxicNotFound = APIFailure(status: 404, message: "toxic not found")
    static let proxyAlreadyExists = APIFailure(status: 409, message: "proxy already exists")
    static let toxicAlreadyExists = APIFailure(status: 409, message: "toxic already exists")
    static let invalidStream = APIFailure(status: 400, message: "stream was invalid, can be either upstream or downstream")
    static let pathNotFound = APIFailure(status: 404, message: "path not found")
    static let methodNotAllowed = APIFailure(status: 405, message: "method not allowed")
    static let bodyTooLarge = APIFailure(status: 413, message: "request body too large")
    static let browser = APIFailure(status: 403, message: "user agent not allowed")

    static func badBody(_ reason: String) -> APIFailure { APIFailure(status: 400, message: "bad request body: \(reason)") }
    static func missing(_ field: String) -> APIFailure { APIFailure(status: 400, message: "missing required field: \(field)") }
    static func invalidToxicType(_ name: String) -> APIFailure {
        APIFailure(status: 400, message: "invalid toxic type: \(name)")
    }
    /// The system refused, as when an address is taken.
    static func system(_ reason: String) -> APIFailure { APIFailure(status: 500, message: reason) }

    var description: String { message }
    var json: JSON { .members([("error", .string(message)), ("status", .integer(Int64(status)))]) }
}
