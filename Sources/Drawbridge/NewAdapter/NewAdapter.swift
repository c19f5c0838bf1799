/// A gateway adapter that somebody is about to write.
struct NewAdapter: Equatable {
    /// One of its files, relative to its folder.
    struct File: Equatable {
        let path: String
        let text: String
    }

    /// What is there already and must not be met again.
    struct Taken: Equatable {
        /// Adapters and folders.
        var names: Set<String>
        /// Words in quotes of the manifest: targets and products, whose modules have their names.
        var modules: Set<String>
    }

    enum Refusal: Error, Equatable, CustomStringConvertible {
        case malformedName(String)
        case takenName(String)
        case takenModule(String)
        case notAdapters(path: String)

        var description: String {
            switch self {
            case .malformedName(let name):
                "`\(name)` is no adapter's name: 1 to \(NewAdapter.maximumName) lower-case letters, digits and single hyphens, "
                    + "a letter first and no hyphen last."
            case .takenName(let name): "There is an adapter `\(name)` already. Nothing was written."
            case .takenModule(let module): "The module would be called \(module), which something else is. Nothing was written."
            case .notAdapters(let path):
                "`\(path)` is not the adapters' folder of Drawbridge's sources: Package.swift does not stand beside it. "
                    + "Run this from the repository's root, or name the folder with --path."
            }
        }
    }

    static let maximumName = 32
    /// Modules of the toolchain, and words that no module can be called.
    private static let reserved: Set = [
        "any", "type", "self", "protocol", "swift", "foundation", "testing", "xctest", "glibc", "dispatch", "synchronization",
        "observation", "regexbuilder", "main",
    ]

    let name: String
    /// The name without hyphens, each of its words begun with a capital.
    let module: String

    init(name: String, besides taken: Taken) throws(Refusal) {
        guard name.utf8.count <= Self.maximumName, name.wholeMatch(of: #/[a-z][a-z0-9]*(?:-[a-z0-9]+)*/#) != nil else {
            throw .malformedName(name)
        }
        let module = name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        guard !taken.names.contains(name) else { throw .takenName(name) }
        let modules = Set(taken.modules.map { $0.lowercased() })
        guard modules.union(Self.reserved).isDisjoint(with: [module.lowercased(), "\(module)Tests".lowercased()]) else {
            throw .takenModule(module)
        }
        self.name = name
        self.module = module
    }

    // MARK: What makes it part of the build

    var manifestRow: String { "(\"\(module)\", \"\(name)\")," }
    var importLine: String { "import \(module)" }
    var catalogRow: String { "\(module)Adapter.self," }

    // MARK: What is written

    var files: [File] {
        [
            File(path: "README.md", text: readme),
            File(path: "Sources/\(module)Adapter.swift", text: adapterSource),
            File(path: "Sources/\(module)Adapter+Request.swift", text: requestSource),
            File(path: "Sources/\(module)Adapter+Outcome.swift", text: outcomeSource),
            File(path: "Sources/DeclineCodes.swift", text: codesSource),
            File(path: "Tests/SampleAdapter.swift", text: sampleTest),
            File(path: "Tests/ConformanceTests.swift", text: conformanceTest),
            File(path: "Tests/Fixtures/payment.unknown.unexpected_status.500.json", text: fixture),
        ]
    }
}
