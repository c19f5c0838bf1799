import AdapterKit
import Foundation
import ProcessKit
import TestKit
import Testing

@Suite("A new adapter", .serialized, .timeLimit(.minutes(15)))
struct NewAdapterTests {
    /// The rows that are printed, put where they are said to belong.
    private static func addRows(_ printed: String, to copy: SourceCopy) throws {
        let rows = printed.split(separator: "\n").filter { $0.hasPrefix("    ") }.map { $0.drop { $0 == " " } }
        try #require(rows.count == 3, "\(printed)")
        try copy.edit(SourceCopy.manifest) {
            SourceCopy.adding("\n    \(rows[0])", to: $0, SourceCopy.manifestTable, at: "\n]")
        }
        try copy.edit(SourceCopy.catalog) {
            SourceCopy.adding("\n        \(rows[2])", to: $0, SourceCopy.catalogTable, at: "\n    ]")
                .replacing("\n\nextension", with: "\n\(rows[1])\n\nextension")
        }
    }

    @Test func `takes its folder, one row of Package.swift and one row with its import of the catalog, and nothing else`()
        async throws
    {
        let copy = try await SourceCopy()
        let run = try await RunningProgram.run(["adapters", "new", "zeta-bank", "--path", copy.path("adapters")])
        try #require(run.code == 0, "\(run.errors)")
        #expect(try await copy.git("status", "--porcelain") == ["?? adapters/zeta-bank/"])
        try Self.addRows(run.output, to: copy)

        #expect(
            try await copy.git("status", "--porcelain") == [
                " M \(SourceCopy.manifest)", " M \(SourceCopy.catalog)", "?? adapters/zeta-bank/",
            ])
        #expect(
            try await copy.git("diff", "--numstat") == ["1\t0\t\(SourceCopy.manifest)", "2\t0\t\(SourceCopy.catalog)"])
        let changed = [SourceCopy.manifest, SourceCopy.catalog, "adapters/zeta-bank"].map(copy.path)
        let lint = try await Self.lint(changed, format: copy.path(".swift-format"))
        #expect(lint.code == 0, "\(lint.errors)")
        try await Self.expectTargets(in: copy)

        let package = try GeneratedPackage(of: "zeta-bank", module: "ZetaBank", in: copy)
        try await package.build()
        #expect(try await package.failures() == [.rule("coversOperations"), .rule("encodesEveryOperation"), .summary])
        let catalog = try await package.typecheckCatalog()
        #expect(catalog.code == 0, "\(catalog.errors)")
    }

    private static func lint(_ paths: [String], format: String) async throws -> RunningProgram.Run {
        try await SourceCopy.run(
            ["swift", "format", "lint", "--strict", "--recursive", "--configuration", format] + paths)
    }

    /// What the row of Package.swift comes to.
    private static func expectTargets(in copy: SourceCopy) async throws {
        let run = try await SourceCopy.run(["swift", "package", "--package-path", copy.path(""), "dump-package"])
        let targets = try JSON(parsing: Array(run.output.utf8))["targets"]?.elements ?? []
        func target(_ name: String) -> JSON? { targets.first { $0["name"]?.text == name } }
        #expect(target("ZetaBank")?["path"]?.text == "adapters/zeta-bank/Sources")
        #expect(target("ZetaBankTests")?["path"]?.text == "adapters/zeta-bank/Tests")
        let used = target("Drawbridge")?["dependencies"]?.elements?.compactMap { $0["byName"]?.elements?.first?.text }
        #expect(used?.contains("ZetaBank") == true)
    }

    // MARK: Beside a copy of the manifest alone

    private static func bench() throws -> Folder {
        let folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder.path("adapters"), withIntermediateDirectories: false)
        let manifest = SourceCopy.repository.appending(path: SourceCopy.manifest).path
        try FileManager.default.copyItem(atPath: manifest, toPath: folder.path(SourceCopy.manifest))
        return folder
    }

    private static func new(_ name: String, in folder: Folder) async throws -> RunningProgram.Run {
        try await RunningProgram.run(["adapters", "new", name, "--path", folder.path("adapters")])
    }

    private static func written(in folder: Folder) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path("adapters")).sorted()
    }

    @Test(
        "is laid out as the sources are, whatever its name",
        arguments: ["a", "acme", "zeta-bank-2", "abcdefgh-abcdefgh-abcdefgh-abcde"])
    func layout(name: String) async throws {
        let folder = try Self.bench()
        #expect(try await Self.new(name, in: folder).code == 0)
        let format = SourceCopy.repository.appending(path: ".swift-format").path
        let lint = try await Self.lint([folder.path("adapters")], format: format)
        #expect(lint.code == 0 && lint.errors.isEmpty, "\(lint.errors)")
    }

    @Test func `never writes where something is`() async throws {
        let folder = try Self.bench()
        try FileManager.default.createDirectory(atPath: folder.path("adapters/begun"), withIntermediateDirectories: false)
        try folder.write("adapters/begun/README.md", "mine".utf8)
        let run = try await Self.new("begun", in: folder)
        #expect(run.code == 2)
        #expect(run.errors.contains("There is an adapter `begun` already."))
        #expect(try Self.written(in: folder) == ["begun", "begun/README.md"])
        #expect(try String(contentsOfFile: folder.path("adapters/begun/README.md"), encoding: .utf8) == "mine")
    }

    @Test("is refused", arguments: ["Bank", "a--b", "a-", "../bank", "", "payments", "crypto", "drawbridge-tests"])
    func refused(name: String) async throws {
        let folder = try Self.bench()
        let run = try await Self.new(name, in: folder)
        #expect(run.code == 2)
        #expect(run.errors.hasPrefix("Error: ") && run.output.isEmpty)
        #expect(try Self.written(in: folder).isEmpty)
    }

    @Test func `is refused where no adapters are`() async throws {
        let folder = try Folder()
        let run = try await RunningProgram.run(["adapters", "new", "bank", "--path", folder.path("")])
        #expect(run.code == 2)
        #expect(run.errors.contains("Package.swift does not stand beside it"))
    }

    @Test func `is a command beside the list`() async throws {
        let (list, plain) = try await (RunningProgram.run(["adapters", "list"]), RunningProgram.run(["adapters"]))
        #expect(list.code == 0 && list.output == plain.output && !plain.output.isEmpty)
    }
}
