import AdapterKit

/// Headers, query parameters, path parameters or form fields that a request must have; further ones do not matter.
struct FieldMatcher: Sendable, Equatable {
    struct Field: Sendable, Equatable {
        let name: TextPattern
        let value: TextPattern
    }

    let fields: [Field]

    /// Reads both of MockServer's forms: `{"name": ["value"]}`, also `{"name": "value"}`, and `[{"name": …, "values": […]}]`.
    ///
    /// One value for a name: MockServer's releases do not agree on what several mean.
    init(_ json: LocatedJSON) throws(ExpectationRefusal) {
        var fields: [Field] = []
        for (name, values) in try NamedValues.read(json) {
            guard name != "keyMatchStyle" else { throw .unsupported("\(json.place).\(name)") }
            guard let first = name.first, first != "!", first != "?" else {
                throw json.refusal("a name that is empty or begins with ! or ? is not supported by mock-gateways")
            }
            guard !fields.contains(where: { $0.name.source == name }) else { throw json.refusal("\(name) occurs twice") }
            guard values.count == 1 else { throw json.refusal("\(name) must have exactly one value") }
            fields.append(Field(name: TextPattern(name: name), value: try TextPattern(values[0])))
        }
        self.fields = fields
    }

    func matches(_ present: [FormFields.Field]) -> Bool {
        fields.allSatisfy { wanted in present.contains { wanted.name.matches($0.name) && wanted.value.matches($0.value) } }
    }
}
