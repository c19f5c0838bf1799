import AdapterKit

/// A response template in the part of Velocity that mock-gateways reads (mocks/expectations/README.md); it writes an `httpResponse`.
struct VelocityTemplate: Sendable, Equatable {
    enum Piece: Sendable, Equatable {
        case text(String)
        case assignment(String, VelocityExpression)
        /// `$!…`: nothing where there is null.
        case output(VelocityExpression)
    }

    private let pieces: [Piece]

    /// Where an object or array would be written, whose text is nowhere defined, or what came out is no response.
    struct Failure: Error, Equatable {
        let problem: String
    }

    /// Refuses what is outside the subset, and what writes no response when every reference holds 200.
    init(_ json: LocatedJSON) throws(ExpectationRefusal) {
        var parser = VelocityParser(try json.text())
        do throws(VelocityParser.Failure) { pieces = try parser.pieces() } catch { throw json.refusal(error.problem) }
        let sample = pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .assignment: ""
            case .output: "200"
            }
        }
        do throws(Failure) { _ = try Self.response(sample.joined()) } catch { throw json.refusal(error.problem) }
    }

    func response(
        to request: ReceivedRequest, pathParameters: [String: String]
    ) throws(Failure) -> ExpectedResponse {
        var context = VelocityExpression.Context(request: request, pathParameters: pathParameters)
        var output = ""
        for piece in pieces {
            switch piece {
            case .text(let text): output += text
            case .assignment(let name, let expression): context.variables[name] = expression.value(in: context)
            case .output(let expression): output += try Self.text(expression.value(in: context))
            }
        }
        return try Self.response(output)
    }

    private static func text(_ value: JSON?) throws(Failure) -> String {
        switch value {
        case nil, .null: return ""
        case .string(let text): return text
        case .bool(let flag): return String(flag)
        case .integer(let number): return String(number)
        case .number(let lexeme): return lexeme
        case .array, .object: throw Failure(problem: "an object or array cannot be written")
        }
    }

    private static func response(_ text: String) throws(Failure) -> ExpectedResponse {
        guard let json = try? JSON(parsing: Array(text.utf8)) else { throw Failure(problem: "does not write JSON") }
        do throws(ExpectationRefusal) { return try ExpectedResponse(LocatedJSON(json, at: "response")) } catch {
            throw Failure(problem: error.description)
        }
    }
}
