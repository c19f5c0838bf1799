import AdapterKit

/// What a request's body has to be.
enum BodyMatcher: Sendable, Equatable {
    case text(String)
    case containing(String)
    case expression(TextPattern)
    case json(JSONMatcher)
    case form(FieldMatcher)

    init(_ json: LocatedJSON) throws(ExpectationRefusal) {
        switch json.value {
        case .string(let text): self = .text(text)
        case .array: self = .json(try JSONMatcher(json, .onlyMatchingFields))
        case .object: self = try Self.object(json)
        default: throw json.refusal("neither a string, an object nor an array")
        }
    }

    private static func object(_ json: LocatedJSON) throws(ExpectationRefusal) -> BodyMatcher {
        switch try TypedBody.type(of: json) {
        case nil: return .json(try JSONMatcher(json, .onlyMatchingFields))
        case "STRING":
            try json.expectObject(of: ["type", "string", "subString"])
            let text = try json.required("string").text()
            return try json["subString"]?.flag() == true ? .containing(text) : .text(text)
        case "REGEX":
            try json.expectObject(of: ["type", "regex"])
            return .expression(try TextPattern(try json.required("regex")))
        case "JSON":
            try json.expectObject(of: ["type", "json", "matchType"])
            return .json(try JSONMatcher(try TypedBody.json(json), try matchType(json["matchType"])))
        case "PARAMETERS":
            try json.expectObject(of: ["type", "parameters"])
            return .form(try FieldMatcher(try json.required("parameters")))
        case let type?: throw json.refusal("type \(type) is not supported by mock-gateways")
        }
    }

    private static func matchType(_ json: LocatedJSON?) throws(ExpectationRefusal) -> JSONMatcher.MatchType {
        guard let json else { return .onlyMatchingFields }
        guard let type = JSONMatcher.MatchType(rawValue: try json.text()) else {
            throw json.refusal("neither STRICT nor ONLY_MATCHING_FIELDS")
        }
        return type
    }

    func matches(_ body: [UInt8]) -> Bool {
        let text = String(decoding: body, as: UTF8.self)
        return switch self {
        case .text(let expected): expected.isEmpty || text == expected
        case .containing(let part): part.isEmpty || text.contains(part)
        case .expression(let pattern): pattern.matches(text)
        case .json(let matcher): matcher.matches(body)
        case .form(let matcher): matcher.matches(FormFields(text).fields)
        }
    }
}
