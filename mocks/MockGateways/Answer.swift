import AdapterKit

/// A status and a body of JSON.
struct Answer: Sendable, Equatable {
    var status: Int
    var headers: [Header] = []
    var body: JSON

    struct Header: Sendable, Equatable {
        let name: String
        let value: String
    }

    static func ok(_ body: JSON) -> Answer { Answer(status: 200, body: body) }

    static func refusal(_ status: Int, _ code: String, _ headers: [Header] = []) -> Answer {
        let body = JSON.members([("code", .string(code)), ("message", .string("refused by the mock bank"))])
        return Answer(status: status, headers: headers, body: body)
    }
}
