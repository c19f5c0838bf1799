import Foundation

/// A directory of a test's own; gone with the last reference.
package final class Folder: Sendable {
    private let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "drawbridge-integration-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    package func path(_ name: String) -> String { url.appending(path: name).path }

    package func write(_ name: String, _ content: some Collection<UInt8>) throws {
        try Data(content).write(to: url.appending(path: name))
    }
}
