import FoundationEssentials

/// One `.json` file of an adapter's fixtures.
struct FixtureFile {
    /// The file's, without `.json`.
    let name: String
    let bytes: [UInt8]

    var isCallback: Bool { name.hasPrefix("callback.") }

    /// In order of name.
    static func all(in directory: String) throws -> [FixtureFile] {
        let files = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".json") }.sorted()
        return try files.map { file in
            let bytes = try Data(contentsOf: URL(filePath: directory + "/" + file))
            return FixtureFile(name: String(file.dropLast(".json".count)), bytes: Array(bytes))
        }
    }
}
