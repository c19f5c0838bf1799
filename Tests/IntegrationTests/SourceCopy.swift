import Foundation
import ProcessKit
import TestKit

/// The sources of this package in a folder of their own, under a version control of their own, for a test to change.
struct SourceCopy {
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let manifest = "Package.swift"
    static let catalog = "Sources/Drawbridge/AdapterCatalog+BuiltIn.swift"
    /// Below the folder of the built program.
    static let modules = Bundle.main.bundleURL.appending(path: "Modules").path

    static let manifestTable = "let adapters: [(module: String, folder: String)] = ["
    static let catalogTable = "AdapterCatalog(["

    private let folder: Folder

    init() async throws {
        folder = try Folder()
        for name in [".gitignore", ".swift-format", Self.manifest, "Sources", "Tests", "adapters", "mocks"] {
            try FileManager.default.copyItem(
                atPath: Self.repository.appending(path: name).path, toPath: folder.path(name))
        }
        // As the format writes a list of more than one row.
        try edit(Self.manifest) { Self.endingRows($0, of: Self.manifestTable, at: "\n]") }
        try edit(Self.catalog) { Self.endingRows($0, of: Self.catalogTable, at: "\n    ]") }
        _ = try await git("init", "--quiet")
        _ = try await git("add", "--all")
        _ = try await git(
            "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message", "As it is")
    }

    func path(_ name: String) -> String { folder.path(name) }

    func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    func edit(_ name: String, _ change: (String) -> String) throws {
        try Data(change(try text(name)).utf8).write(to: URL(filePath: path(name)))
    }

    /// The text with a row more in the table that begins so, before what ends it.
    static func adding(_ row: String, to text: String, _ table: String, at end: String) -> String {
        guard let start = text.range(of: table), let stop = text.range(of: end, range: start.upperBound..<text.endIndex) else {
            return text
        }
        return text.replacingCharacters(in: stop, with: row + end)
    }

    private static func endingRows(_ text: String, of table: String, at end: String) -> String {
        adding(",", to: text, table, at: end).replacing(",,", with: ",")
    }

    /// - Returns: what git printed, by lines.
    func git(_ arguments: String...) async throws -> [String] {
        let run = try await Self.run(["git", "-C", path("")] + arguments)
        guard run.code == 0 else { throw Failed(output: run.output + run.errors) }
        return run.output.split(separator: "\n").map(String.init)
    }

    struct Failed: Error {
        let output: String
    }

    static func run(_ command: [String]) async throws -> RunningProgram.Run {
        let program = try RunningProgram("/usr/bin/env", command)
        let code = await program.ended()
        return RunningProgram.Run(code: code, output: program.output.text, errors: program.errors.text)
    }
}
