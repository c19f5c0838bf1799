import AdapterKit
import Signing

/// A request as expectations see it and as the log keeps it.
struct ReceivedRequest: Sendable, Equatable {
    let method: String
    /// Decoded, without the query.
    let path: String
    let query: FormFields
    /// Names as they were sent.
    let headers: [FormFields.Field]
    let body: [UInt8]

    init(method: String, target: String, headers: [(name: String, value: String)], body: [UInt8]) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        path = FormFields.decoded(parts[0], plusIsSpace: false)
        query = FormFields(parts.count > 1 ? parts[1] : "")
        self.headers = headers.map { FormFields.Field(name: $0.name, value: $0.value) }
        self.body = body
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// Bytes that keeping it costs, about.
    var size: Int {
        path.utf8.count + body.count + (headers + query.fields).reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }

    /// As `retrieve` shows it.
    var json: JSON {
        var members: [(String, JSON)] = [("method", .string(method)), ("path", .string(path))]
        if !query.fields.isEmpty { members.append(("queryStringParameters", Self.listed(query.fields))) }
        members.append(("headers", Self.listed(headers)))
        if !body.isEmpty { members.append(("body", bodyJSON)) }
        return .members(members)
    }

    private static func listed(_ fields: [FormFields.Field]) -> JSON {
        var names: [String] = []
        for field in fields where !names.contains(field.name) { names.append(field.name) }
        return .members(
            names.map { name in (name, .array(fields.filter { $0.name == name }.map { .string($0.value) })) })
    }

    private var bodyJSON: JSON {
        if let json = try? JSON(parsing: body) { return .members([("type", .string("JSON")), ("json", json)]) }
        if let text = String(validating: body, as: UTF8.self) { return .string(text) }
        return .members([("type", .string("BINARY")), ("base64Bytes", .string(Base64.encode(body)))])
    }
}
