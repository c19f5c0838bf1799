import Foundation
package import TestKit

extension RunningProgram {
    /// Built beside the tests, as their target depends on it.
    private static let drawbridge = Bundle.main.bundleURL.appending(path: "drawbridge").path

    /// The built `drawbridge`.
    package convenience init(_ arguments: [String], environment: [String: String] = [:]) throws {
        try self.init(Self.drawbridge, arguments, environment: environment)
    }

    /// What a run of a program came to.
    package struct Run {
        package let code: Int32?
        package let output: String
        package let errors: String

        package init(code: Int32?, output: String, errors: String) {
            self.code = code
            self.output = output
            self.errors = errors
        }
    }

    /// Runs `drawbridge` to its end.
    package static func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Run {
        try await run(arguments, environment: environment)
    }

    package static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Run {
        let program = try RunningProgram(arguments, environment: environment)
        let code = await program.ended()
        return Run(code: code, output: program.output.text, errors: program.errors.text)
    }
}
