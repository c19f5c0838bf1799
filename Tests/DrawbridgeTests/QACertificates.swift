import Foundation

/// What `config/make-certificates.sh` leaves in its folder: the text of each file by its name.
enum QACertificates {
    struct Failure: Error {}

    static let made = Result { try make() }

    private static func make() throws -> [String: String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "qa-certificates-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        process.executableURL = QASetup.repository.appending(path: "config/make-certificates.sh")
        process.arguments = [folder.path, QASetup.proxyService]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure() }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) })
    }
}
