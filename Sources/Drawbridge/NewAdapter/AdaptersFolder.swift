import Foundation

/// The folder of the sources in which every adapter has one of its own.
struct AdaptersFolder {
    let path: String

    private var url: URL { URL(filePath: path, directoryHint: .isDirectory) }
    private var manifest: URL { url.standardizedFileURL.deletingLastPathComponent().appending(path: "Package.swift") }

    /// - Throws: `Refusal.notAdapters` where this is not that folder.
    func taken() throws(NewAdapter.Refusal) -> NewAdapter.Taken {
        guard let manifest = try? String(contentsOf: manifest, encoding: .utf8),
            let folders = try? FileManager.default.contentsOfDirectory(atPath: url.path)
        else { throw .notAdapters(path: path) }
        return NewAdapter.Taken(
            names: Set(folders + AdapterCatalog.builtIn.entries.map(\.name)),
            modules: Set(manifest.matches(of: #/"(\w+)"/#).map { String($0.output.1) }))
    }

    /// Writes the adapter's folder, whole or not at all.
    func write(_ adapter: NewAdapter) throws {
        let folder = url.appending(path: adapter.name, directoryHint: .isDirectory)
        do {
            // Refuses a folder that is there, also one that was made since the name was found free.
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        } catch {
            throw RuntimeFailure("\(folder.path) cannot be made: \(error.localizedDescription)")
        }
        do {
            for file in adapter.files { try Self.write(file, in: folder) }
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw RuntimeFailure("\(folder.path) cannot be written: \(error.localizedDescription)")
        }
    }

    private static func write(_ file: NewAdapter.File, in folder: URL) throws {
        let place = folder.appending(path: file.path)
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(file.text.utf8).write(to: place, options: .withoutOverwriting)
    }
}
