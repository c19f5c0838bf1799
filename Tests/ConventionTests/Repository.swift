import Foundation

/// The working copy that this test was built from.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Read once for all tests.
    private static let scanned = Result {
        try ["Sources", "adapters", "mocks", "Tests"].flatMap(files).sorted { $0.path < $1.path }
    }

    /// Every Swift file below the folders that are ours, in order of path.
    static func sources() throws -> [SourceFile] { try scanned.get() }

    static func manifest() throws -> String { try text(of: "Package.swift") }

    /// The adapters' folders that hold sources.
    static func adapterFolders() throws -> [String] {
        let folders = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "adapters").path())
        return folders.filter { FileManager.default.fileExists(atPath: root.appending(path: "adapters/\($0)/Sources").path()) }
            .sorted()
    }

    private static func files(below folder: String) throws -> [SourceFile] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path())
        return try paths.filter { $0.hasSuffix(".swift") }.map { path in
            let whole = folder + "/" + path
            return SourceFile(path: whole, text: try text(of: whole))
        }
    }

    private static func text(of path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
    }
}
