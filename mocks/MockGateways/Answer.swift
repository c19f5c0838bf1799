import AdapterKit

/// What the bank means to say, before anything is done to it.
struct Answer: Sendable, Equatable {
    var status: Int
    var headers: [Header] = []
    var body: JSON

    struct Header: Sendable, Equatable {
        let name: String
        let value: String
    }

    static func ok(_ body: JSON) -> Answer { Answer(status: 200, body: body) }

    static func refusal(_ status: Int, _ code: String) -> Answer {
        Answer(status: status, body: .members([("code", .string(code)), ("message", .string("refused by the mock bank"))]))
    }

    /// The one answer that says "no such charge or refund" (protocols/bank-hmac.md, inquiry).
    static let notFound = refusal(404, "NOT_FOUND")
}
