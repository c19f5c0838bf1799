import AdapterKit

/// A callback of a gateway and what it must be read as, one per file:
///
///     {"callback": {"target": "/callbacks/bank-a", "headers": {}, "event_id": "evt_1", "body": {…}},
///      "expect": {"events": [{"id": "evt_1", "kind": "charge", "charge": "pay_1", "gateway_reference": "bnk_1",
///                             "amount": 1000, "currency": "BRL", "outcome": {"kind": "approved", …}}]}}
///
/// `event_id` is the one that is signed outside the body; it, `target` and `headers` may be left out. A `body` that is a text is
/// sent as it stands. `expect` is complete, its outcomes in the words of `AdapterFixture`; of a body that cannot be read it is
/// `{"failure": "unreadable_body"}`, of one without news `{"events": []}`.
/// The file is named after it: `callback.charge.approved.captured.json`, `callback.failure.unreadable_body.no_type.json`,
/// `callback.no_news.json`.
public struct CallbackFixture: Sendable {
    public let name: String
    let target: String
    let headers: Headers
    let eventID: String?
    let body: [UInt8]
    let expected: JSON

    /// - Throws: `AdapterFixture.Malformed` for a file that is not of the shape above.
    public init(name: String, json bytes: [UInt8]) throws {
        let json = try JSON(parsing: bytes)
        guard let callback = json["callback"], let body = callback["body"], let expected = json["expect"],
            expected["events"]?.elements != nil || expected["failure"]?.text != nil
        else { throw AdapterFixture.Malformed(name: name) }
        self.name = name
        target = callback["target"]?.text ?? "/callbacks/gateway"
        headers = Headers((callback["headers"]?.members ?? []).map { ($0.name, $0.value.text ?? "") })
        eventID = callback["event_id"]?.text
        self.body = body.text.map { Array($0.utf8) } ?? body.encoded()
        self.expected = expected
    }

    /// Reads every `.json` file of a folder whose name begins with `callback.`, in order of name.
    public static func all(in directory: String) throws -> [CallbackFixture] {
        try FixtureFile.all(in: directory).filter(\.isCallback).map { try CallbackFixture(name: $0.name, json: $0.bytes) }
    }

    /// What the file's name must begin with: what is spoken of and what became of it, or why it cannot be read.
    var namePrefix: String {
        let words: [String] =
            if let failure = expected["failure"]?.text {
                ["failure", failure]
            } else if let event = expected["events"]?.elements?.first {
                [event["kind"]?.text ?? ""] + AdapterFixture.words(of: event["outcome"] ?? .null)
            } else {
                ["no_news"]
            }
        return (["callback"] + words).joined(separator: ".")
    }

    var hasNews: Bool { expected["events"]?.elements?.isEmpty == false }
}
