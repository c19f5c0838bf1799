import AdapterKit
import Signing

/// What is answered when an expectation matches.
struct ExpectedResponse: Sendable, Equatable {
    var status = 200
    /// What HTTP/1.1 says after the status; `nil` is the usual phrase.
    var reason: String?
    var headers: [FormFields.Field] = []
    var body: [UInt8] = []
    var delayMilliseconds = 0
    /// Whether the connection ends after the answer.
    var closesConnection = false

    static let longestDelay = 600_000
    private static let largestBody = 1_048_576
    /// What the server itself says about the message.
    private static let reserved: Set<String> = ["content-length", "transfer-encoding", "connection"]

    init(status: Int, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }

    init(_ json: LocatedJSON) throws(ExpectationRefusal) {
        try json.expectObject(of: ["statusCode", "reasonPhrase", "headers", "body", "delay", "connectionOptions"])
        if let status = json["statusCode"] { self.status = try status.integer(in: 200...599) }
        if let reason = json["reasonPhrase"] { self.reason = try Self.fieldText(reason) }
        if let headers = json["headers"] { try readHeaders(headers) }
        if let body = json["body"] { try readBody(body) }
        if let delay = json["delay"] { delayMilliseconds = try Self.delay(delay) }
        if let options = json["connectionOptions"] {
            try options.expectObject(of: ["closeSocket"])
            closesConnection = try options.required("closeSocket").flag()
        }
    }

    static func delay(_ json: LocatedJSON) throws(ExpectationRefusal) -> Int {
        try json.expectObject(of: ["timeUnit", "value"])
        return try TimeSpan.read(json, "value", upTo: longestDelay)
    }

    private static func fieldText(_ json: LocatedJSON) throws(ExpectationRefusal) -> String {
        let text = try json.text()
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw json.refusal("has control characters")
        }
        return text
    }

    private static func isFieldName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    private mutating func readHeaders(_ json: LocatedJSON) throws(ExpectationRefusal) {
        for (name, values) in try NamedValues.read(json) {
            guard Self.isFieldName(name) else { throw json.refusal("not the name of a header field: \(name)") }
            guard !Self.reserved.contains(name.lowercased()) else { throw .unsupported("\(json.place).\(name)") }
            for value in values { headers.append(FormFields.Field(name: name, value: try Self.fieldText(value))) }
        }
    }

    private mutating func readBody(_ json: LocatedJSON) throws(ExpectationRefusal) {
        switch json.value {
        case .string(let text): body = Array(text.utf8)
        case .array: setBody(json.value.encoded(), type: "application/json")
        case .object: try readTypedBody(json)
        default: throw json.refusal("neither a string, an object nor an array")
        }
        guard body.count <= Self.largestBody else { throw json.refusal("larger than 1 MiB") }
        guard body.isEmpty || (status != 204 && status != 304) else { throw json.refusal("not with status \(status)") }
    }

    private mutating func readTypedBody(_ json: LocatedJSON) throws(ExpectationRefusal) {
        guard let type = try TypedBody.type(of: json) else {
            return setBody(json.value.encoded(), type: "application/json")
        }
        let contentType = try json["contentType"].map { json throws(ExpectationRefusal) in try Self.fieldText(json) }
        switch type {
        case "STRING":
            try json.expectObject(of: ["type", "string", "contentType"])
            setBody(Array(try json.required("string").text().utf8), type: contentType)
        case "JSON":
            try json.expectObject(of: ["type", "json", "contentType"])
            setBody(try TypedBody.json(json).value.encoded(), type: contentType ?? "application/json")
        case "BINARY":
            try json.expectObject(of: ["type", "base64Bytes", "contentType"])
            let encoded = try json.required("base64Bytes")
            guard let bytes = Base64.decode(try encoded.text()) else { throw encoded.refusal("not base64") }
            setBody(bytes, type: contentType)
        default: throw json.refusal("type \(type) is not supported by mock-gateways")
        }
    }

    private mutating func setBody(_ bytes: [UInt8], type: String?) {
        body = bytes
        guard let type, !headers.contains(where: { $0.name.lowercased() == "content-type" }) else { return }
        headers.append(FormFields.Field(name: "Content-Type", value: type))
    }
}
