import ArgumentParser

struct NewAdapterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write the folder of a new gateway adapter.",
        discussion: """
            It builds as it is, and its conformance suite fails where the gateway's own facts are to be filled in. Nothing that is \
            there already is changed: the rows that make it part of the build are printed.
            """)

    @Argument(help: "Its name in the configuration: lower-case letters, digits, hyphens, such as my-bank.") var name: String
    @Option(help: "The adapters' folder of Drawbridge's sources.") var path = "adapters"

    func run() throws {
        let folder = AdaptersFolder(path: path)
        do {
            let adapter = try NewAdapter(name: name, besides: try folder.taken())
            try folder.write(adapter)
            CommandOutput.line(Self.text(of: adapter, in: folder))
        } catch let refusal as NewAdapter.Refusal {
            throw ValidationError(refusal.description)
        }
    }

    private static func text(of adapter: NewAdapter, in folder: AdaptersFolder) -> String {
        """
        Written:
        \(adapter.files.map { "  \(folder.path)/\(adapter.name)/\($0.path)" }.joined(separator: "\n"))

        To make it part of the build, add
          to the table `adapters` of Package.swift:
            \(adapter.manifestRow)
          to Sources/Drawbridge/AdapterCatalog+BuiltIn.swift, above and in the list:
            \(adapter.importLine)
            \(adapter.catalogRow)

        Then `swift test --filter \(adapter.module)Tests` says what is to be filled in; adapters/README.md says how.
        """
    }
}
