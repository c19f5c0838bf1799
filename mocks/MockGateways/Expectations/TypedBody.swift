import AdapterKit

/// A body written as an object: MockServer reads its `type`, or takes the whole object for the JSON that is meant.
enum TypedBody {
    private static let types: Set<String> = [
        "STRING", "JSON", "REGEX", "PARAMETERS", "BINARY", "XML", "XML_SCHEMA", "XPATH", "JSON_SCHEMA", "JSON_PATH", "JSON_RPC",
        "GRAPHQL", "FILE", "MULTIPART", "ALL_OF", "WASM",
    ]
    /// Members by which MockServer guesses a type, in its order of the whole object's members.
    private static let telling: Set<String> = [
        "string", "regex", "json", "jsonFile", "jsonSchema", "jsonPath", "xml", "xmlSchema", "xpath", "base64Bytes", "rawBytes",
        "parameters", "not", "optional", "contentType", "charset", "filePath",
    ]

    /// `nil` when the object itself is the JSON. Refused is an object that MockServer would have to guess about.
    static func type(of json: LocatedJSON) throws(ExpectationRefusal) -> String? {
        if let type = json["type"]?.value.text, types.contains(type) { return type }
        let lowered = Set(telling.map { $0.lowercased() })
        for (name, value) in try json.members() where name == "type" || lowered.contains(name.lowercased()) {
            throw value.refusal("ambiguous in a body without a type; write {\"type\": \"JSON\", \"json\": …}")
        }
        return nil
    }

    /// The `json` member: JSON, or a string that holds its text.
    static func json(_ body: LocatedJSON) throws(ExpectationRefusal) -> LocatedJSON {
        let json = try body.required("json")
        guard let text = json.value.text else { return json }
        guard let parsed = try? JSON(parsing: Array(text.utf8)) else { throw json.refusal("a string that holds no JSON") }
        return LocatedJSON(parsed, at: json.place)
    }
}
