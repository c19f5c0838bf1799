import AdapterKit

/// MockServer's two ways to write names that have values.
enum NamedValues {
    static func read(_ json: LocatedJSON) throws(ExpectationRefusal) -> [(name: String, values: [LocatedJSON])] {
        if json.value.elements != nil { return try listed(json) }
        var result: [(name: String, values: [LocatedJSON])] = []
        for (name, value) in try json.members() { result.append((name, try values(value))) }
        return result
    }

    private static func listed(_ json: LocatedJSON) throws(ExpectationRefusal) -> [(name: String, values: [LocatedJSON])] {
        var result: [(name: String, values: [LocatedJSON])] = []
        for element in try json.elements() {
            try element.expectObject(of: ["name", "values"])
            result.append((try element.required("name").text(), try element.required("values").elements()))
        }
        return result
    }

    private static func values(_ json: LocatedJSON) throws(ExpectationRefusal) -> [LocatedJSON] {
        json.value.elements == nil ? [json] : try json.elements()
    }
}
