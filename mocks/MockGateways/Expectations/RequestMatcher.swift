import AdapterKit

/// Which requests are meant; what is not said does not matter.
struct RequestMatcher: Sendable, Equatable {
    private(set) var method: TextPattern?
    private(set) var path: PathMatcher?
    private(set) var query: FieldMatcher?
    private(set) var headers: FieldMatcher?
    private(set) var body: BodyMatcher?

    init(_ json: LocatedJSON) throws(ExpectationRefusal) {
        try json.expectObject(of: ["method", "path", "pathParameters", "queryStringParameters", "headers", "body"])
        if let method = json["method"] { self.method = try TextPattern(method) }
        if let path = json["path"] {
            self.path = try PathMatcher(path, parameters: json["pathParameters"])
        } else if let parameters = json["pathParameters"] {
            throw parameters.refusal("without a path")
        }
        if let query = json["queryStringParameters"] { self.query = try FieldMatcher(query) }
        if let headers = json["headers"] { self.headers = try FieldMatcher(headers) }
        if let body = json["body"] { self.body = try BodyMatcher(body) }
    }

    /// The path's parameters, or `nil` when the request is not meant.
    func match(_ request: ReceivedRequest) -> [String: String]? {
        guard method?.matches(request.method) ?? true, query?.matches(request.query.fields) ?? true,
            headers?.matches(request.headers) ?? true
        else { return nil }
        let parameters = path.map { $0.parameters(of: request.path) } ?? [:]
        guard let parameters, body?.matches(request.body) ?? true else { return nil }
        return parameters
    }

    /// Whether an expectation for `other` is meant, by method and path.
    func covers(_ other: RequestMatcher) -> Bool {
        let coversMethod = method.map { $0.matches(other.method?.source ?? "") } ?? true
        let coversPath = path.map { wanted in other.path.map { wanted.covers($0) } ?? false } ?? true
        return coversMethod && coversPath
    }
}
