public import AdapterKit

/// An answer of a gateway and what it must map to, one per file:
///
///     {"operation": "payment",
///      "response": {"status": 200, "headers": {}, "body": {…}},
///      "expect": {"kind": "approved", "state": "captured", …}}
///
/// A `body` that is a text is sent as it stands. `expect` is complete: every member that the answer has, and no other.
/// The file is named after it, such as `payment.declined.insufficient_funds.51.json`.
public struct AdapterFixture: Sendable {
    public let name: String
    public let operation: SampleOperation
    public let response: GatewayResponse
    public let expected: JSON

    public struct Malformed: Error, CustomStringConvertible {
        public let name: String
        public var description: String { "\(name) is not a fixture" }
    }

    /// - Throws: `Malformed` for a file that is not of the shape above.
    public init(name: String, json bytes: [UInt8]) throws {
        let json = try JSON(parsing: bytes)
        guard let operation = json["operation"]?.text.flatMap(SampleOperation.init), let response = json["response"],
            let status = response["status"]?.integer, let headers = response["headers"]?.members, let body = response["body"],
            let expected = json["expect"]
        else { throw Malformed(name: name) }
        self.name = name
        self.operation = operation
        self.response = GatewayResponse(
            status: Int(status), headers: Headers(headers.map { ($0.name, $0.value.text ?? "") }),
            body: body.text.map { Array($0.utf8) } ?? body.encoded())
        self.expected = expected
    }

    /// Reads every `.json` file of a folder that is not of a callback, in order of name.
    public static func all(in directory: String) throws -> [AdapterFixture] {
        try FixtureFile.all(in: directory).filter { !$0.isCallback }.map { try AdapterFixture(name: $0.name, json: $0.bytes) }
    }

    /// What the file's name must begin with: the operation, the kind of answer and what tells it from others of its kind.
    var namePrefix: String { ([operation.rawValue] + Self.words(of: expected)).joined(separator: ".") }

    static func words(of expected: JSON) -> [String] {
        let kind = expected["kind"]?.text ?? ""
        if let found = expected["outcome"] { return [kind] + words(of: found) }
        let mark = ["state", "category", "type", "reason", "cause"].lazy.compactMap { expected[$0]?.text }.first
        return [kind] + [mark].compactMap { $0 }
    }
}
