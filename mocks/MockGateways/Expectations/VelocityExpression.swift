import AdapterKit

/// A reference of a template, resolved against one request.
indirect enum VelocityExpression: Sendable, Equatable {
    case method
    case path
    case body
    case header(String)
    case pathParameter(String)
    case queryParameter(String)
    /// `$json.parse($!request.body)`.
    case parsedBody
    case variable(String)
    case member(VelocityExpression, String)
    case element(VelocityExpression, Int)
    /// `.replaceAll('expression', 'replacement')`, as Java's.
    case replaced(VelocityExpression, pattern: String, JavaReplacement)
    /// `$esc.unurl(…)`: percent-encoding undone.
    case unescapedURL(VelocityExpression)
    /// `$esc.java(…)`: fit for the inside of a JSON string.
    case escapedJava(VelocityExpression)

    struct Context {
        let request: ReceivedRequest
        let pathParameters: [String: String]
        var variables: [String: JSON] = [:]
    }

    /// `nil` is Velocity's null, which `$!` shows as nothing.
    func value(in context: Context) -> JSON? {
        switch self {
        case .method: .string(context.request.method)
        case .path: .string(context.request.path)
        case .body: .string(context.request.text)
        case .header(let name): Self.first(name, in: context.request.headers)
        case .queryParameter(let name): Self.first(name, in: context.request.query.fields)
        case .pathParameter(let name): context.pathParameters[name].map { .string($0) }
        case .parsedBody: try? JSON(parsing: context.request.body)
        case .variable(let name): context.variables[name]
        case .member(let object, let name): object.value(in: context)?[name]
        case .element(let array, let index): Self.element(index, of: array.value(in: context))
        case .replaced(let text, let pattern, let replacement):
            text.value(in: context)?.text.map { .string(replacement.applied(to: $0, pattern: pattern)) }
        case .unescapedURL(let text): text.value(in: context)?.text.map { .string(FormFields.decoded($0)) }
        case .escapedJava(let text): text.value(in: context)?.text.map { .string(Self.escaped($0)) }
        }
    }

    /// The template's map has the names as they were sent.
    private static func first(_ name: String, in fields: [FormFields.Field]) -> JSON? {
        fields.first { $0.name == name }.map { .string($0.value) }
    }

    private static func element(_ index: Int, of array: JSON?) -> JSON? {
        guard let elements = array?.elements, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    private static func escaped(_ text: String) -> String {
        String(decoding: JSON.string(text).encoded().dropFirst().dropLast(), as: UTF8.self)
    }
}
