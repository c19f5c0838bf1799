import AdapterKit

/// What happens to a request that an expectation matches.
enum ExpectedAction: Sendable, Equatable {
    case response(ExpectedResponse)
    case template(VelocityTemplate, delayMilliseconds: Int)
    /// The connection ends without an answer.
    case drop(afterMilliseconds: Int)

    static let members: Set<String> = ["httpResponse", "httpResponseTemplate", "httpError"]

    /// Reads the one action of an expectation.
    init(of expectation: LocatedJSON) throws(ExpectationRefusal) {
        let present = Self.members.filter { expectation[$0] != nil }
        guard present.count == 1, let name = present.first else {
            throw expectation.refusal("needs exactly one of httpResponse, httpResponseTemplate and httpError")
        }
        let json = try expectation.required(name)
        switch name {
        case "httpResponse": self = .response(try ExpectedResponse(json))
        case "httpResponseTemplate": self = try Self.template(json)
        default: self = try Self.error(json)
        }
    }

    private static func template(_ json: LocatedJSON) throws(ExpectationRefusal) -> ExpectedAction {
        try json.expectObject(of: ["templateType", "template", "delay"])
        let type = try json.required("templateType")
        guard try type.text() == "VELOCITY" else {
            throw type.refusal("only VELOCITY is supported by mock-gateways")
        }
        let delay = try json["delay"].map { json throws(ExpectationRefusal) in try ExpectedResponse.delay(json) }
        return .template(try VelocityTemplate(try json.required("template")), delayMilliseconds: delay ?? 0)
    }

    private static func error(_ json: LocatedJSON) throws(ExpectationRefusal) -> ExpectedAction {
        try json.expectObject(of: ["dropConnection", "delay"])
        let drops = try json.required("dropConnection")
        guard try drops.flag() else { throw drops.refusal("false is not supported by mock-gateways") }
        let delay = try json["delay"].map { json throws(ExpectationRefusal) in try ExpectedResponse.delay(json) }
        return .drop(afterMilliseconds: delay ?? 0)
    }
}
