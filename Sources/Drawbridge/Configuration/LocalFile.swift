import Foundation

/// A file that the configuration names.
struct LocalFile: Sendable, Equatable {
    /// Absolute, or relative to the working directory where the configuration file itself was named so.
    let path: String

    init(path: String) { self.path = path }

    init(path: String, relativeTo folder: String) {
        self.path = path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
    }

    var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    enum Failure: Error { case unreadable, tooLarge }

    /// - Parameter limit: bytes; a larger file is not read to its end.
    func read(upTo limit: Int) throws(Failure) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw .unreadable }
        defer { try? handle.close() }
        let data: Data
        do { data = try handle.read(upToCount: limit + 1) ?? Data() } catch { throw .unreadable }
        guard data.count <= limit else { throw .tooLarge }
        return Array(data)
    }
}
