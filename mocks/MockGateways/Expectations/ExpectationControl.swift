import AdapterKit

/// The part of MockServer's control API that mock-gateways has: `PUT /mockserver/…`.
struct ExpectationControl: Sendable {
    struct Reply: Sendable, Equatable {
        let status: Int
        var contentType: String?
        var body: [UInt8] = []

        static func json(_ status: Int, _ json: JSON) -> Reply {
            Reply(status: status, contentType: "application/json", body: json.encoded())
        }

        static func text(_ status: Int, _ text: String) -> Reply {
            Reply(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
        }
    }

    static let prefix = "/mockserver/"

    let expectations: Expectations
    /// Where the gateway listens.
    let port: Int

    /// `nil` when the path is not MockServer's.
    func answer(method: String, target: String, body: [UInt8]) -> Reply? {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].hasPrefix(Self.prefix) else { return nil }
        let call = "\(method) \(parts[0])"
        let query = FormFields(parts.count > 1 ? parts[1] : "")
        do throws(ExpectationRefusal) { return try reply(to: call, query, body) } catch { return .text(400, error.description) }
    }

    private func reply(to call: String, _ query: FormFields, _ body: [UInt8]) throws(ExpectationRefusal) -> Reply {
        switch call {
        case "PUT /mockserver/expectation":
            let expectations = try Expectation.several(try Self.json(body))
            return .json(201, .array(try self.expectations.add(expectations).map(\.json)))
        case "PUT /mockserver/reset":
            expectations.reset()
            return Reply(status: 200)
        case "PUT /mockserver/status": return .json(200, .members([("ports", .array([.integer(Int64(port))]))]))
        case "PUT /mockserver/clear": return try clear(query, body)
        case "PUT /mockserver/retrieve": return try retrieve(query, body)
        case "PUT /mockserver/verify": return try verify(body)
        default: return .text(501, "\(call): not supported by mock-gateways")
        }
    }

    private static func json(_ body: [UInt8]) throws(ExpectationRefusal) -> JSON {
        do throws(JSONFailure) { return try JSON(parsing: body) } catch {
            throw ExpectationRefusal(place: error.pointer, problem: "\(error.reason.rawValue), at byte \(error.offset)")
        }
    }
}

// MARK: - Asking and clearing

extension ExpectationControl {
    /// What a call is about.
    private enum Filter {
        case everything
        case request(RequestMatcher)
        case expectation(id: String)

        init(_ body: [UInt8]) throws(ExpectationRefusal) {
            guard !body.isEmpty else {
                self = .everything
                return
            }
            let json = LocatedJSON(try ExpectationControl.json(body), at: "")
            if let id = json["id"] {
                try json.expectObject(of: ["id"])
                self = .expectation(id: try Expectation.id(id))
            } else {
                self = .request(try RequestMatcher(json))
            }
        }
    }

    private func clear(_ query: FormFields, _ body: [UInt8]) throws(ExpectationRefusal) -> Reply {
        let parameters = try Self.parameters(query, ["type"])
        let type = parameters["type"]?.lowercased() ?? "all"
        guard ["all", "log", "expectations"].contains(type) else { throw .unsupported("type=\(type)") }
        let filter = try Filter(body)
        try expectations.update { contents throws(ExpectationRefusal) in
            let matcher = try Self.matcher(filter, contents)
            if type != "log" { try Self.remove(filter, matcher, &contents) }
            if type != "expectations" { contents.log.remove(matcher) }
        }
        return Reply(status: 200)
    }

    private static func remove(
        _ filter: Filter, _ matcher: RequestMatcher?, _ contents: inout Expectations.Contents
    ) throws(ExpectationRefusal) {
        if case .expectation(let id) = filter { return contents.book.remove(id: id) }
        try expectFilterOfExpectations(matcher)
        contents.book.remove(matcher)
    }

    private func retrieve(_ query: FormFields, _ body: [UInt8]) throws(ExpectationRefusal) -> Reply {
        let parameters = try Self.parameters(query, ["type", "format"])
        guard parameters["format"].map({ $0.lowercased() == "json" }) ?? true else {
            throw .unsupported("format=\(parameters["format"] ?? "")")
        }
        let type = parameters["type"]?.uppercased() ?? "REQUESTS"
        let filter = try Filter(body)
        let found = try expectations.update { contents throws(ExpectationRefusal) -> [JSON] in
            let matcher = try Self.matcher(filter, contents)
            switch type {
            case "REQUESTS": return contents.log.matching(matcher).map(\.json)
            case "ACTIVE_EXPECTATIONS": return try Self.entries(filter, matcher, contents).map(\.json)
            default: throw .unsupported("type=\(type)")
            }
        }
        return .json(200, .array(found))
    }

    private static func entries(
        _ filter: Filter, _ matcher: RequestMatcher?, _ contents: Expectations.Contents
    ) throws(ExpectationRefusal) -> [ExpectationBook.Entry] {
        if case .expectation(let id) = filter { return contents.book[id].map { [$0] } ?? [] }
        try expectFilterOfExpectations(matcher)
        return contents.book.matching(matcher)
    }

    private func verify(_ body: [UInt8]) throws(ExpectationRefusal) -> Reply {
        let verification = try Verification(LocatedJSON(try Self.json(body), at: ""))
        let count = try expectations.update { contents throws(ExpectationRefusal) -> Int in
            let matcher: RequestMatcher =
                switch verification.subject {
                case .request(let matcher): matcher
                case .expectation(let id): try Self.entry(id, contents).expectation.request
                }
            return contents.log.matching(matcher).count
        }
        return verification.complaint(about: count).map { .text(406, $0) } ?? Reply(status: 202)
    }

    /// Which requests are meant; those of the expectation when its id is given.
    private static func matcher(
        _ filter: Filter, _ contents: Expectations.Contents
    ) throws(ExpectationRefusal) -> RequestMatcher? {
        switch filter {
        case .everything: nil
        case .request(let matcher): matcher
        case .expectation(let id): try entry(id, contents).expectation.request
        }
    }

    private static func entry(
        _ id: String, _ contents: Expectations.Contents
    ) throws(ExpectationRefusal) -> ExpectationBook.Entry {
        guard let entry = contents.book[id] else { throw ExpectationRefusal(place: "id", problem: "no such expectation") }
        return entry
    }

    /// Expectations are looked for by method and path alone.
    private static func expectFilterOfExpectations(_ matcher: RequestMatcher?) throws(ExpectationRefusal) {
        guard let matcher else { return }
        if matcher.query != nil { throw .unsupported("queryStringParameters in a filter of expectations") }
        if matcher.headers != nil { throw .unsupported("headers in a filter of expectations") }
        if matcher.body != nil { throw .unsupported("body in a filter of expectations") }
    }

    private static func parameters(
        _ query: FormFields, _ known: Set<String>
    ) throws(ExpectationRefusal) -> [String: String] {
        var parameters: [String: String] = [:]
        for field in query.fields {
            guard known.contains(field.name) else { throw .unsupported("?\(field.name)") }
            parameters[field.name] = field.value
        }
        return parameters
    }
}
