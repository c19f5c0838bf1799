import Crypto
import Synchronization

/// The files beside the configuration that it is read with: certificates, keys, secrets, key sets. Each is noted before it is read,
/// with what it holds then: so a change that comes while it is read is seen later, and never taken for what was read.
final class WatchedFiles: Sendable, Equatable {
    /// Bytes of the largest file that is looked at; what is beyond is never used either.
    private static let maximumLength = Configuration.maximumRevocationLength

    private struct Noted {
        let file: LocalFile
        let digest: [UInt8]
    }

    private let noted = Mutex<[String: Noted]>([:])

    func note(_ file: LocalFile) {
        let digest = Self.digest(of: file)
        noted.withLock { noted in
            if noted[file.path] == nil { noted[file.path] = Noted(file: file, digest: digest) }
        }
    }

    /// What they held when they were noted, by path.
    var read: [String: [UInt8]] { noted.withLock { $0.mapValues(\.digest) } }

    /// What they hold now.
    func present() -> [String: [UInt8]] { noted.withLock { $0 }.mapValues { Self.digest(of: $0.file) } }

    /// Paths of those that hold something else than with the configuration before, or were not there.
    func changed(since earlier: WatchedFiles) -> [String] {
        let before = earlier.read
        return read.filter { before[$0.key] != $0.value }.keys.sorted()
    }

    /// Empty for a file that cannot be read.
    private static func digest(of file: LocalFile) -> [UInt8] {
        guard let bytes = try? file.read(upTo: maximumLength) else { return [] }
        return Array(SHA256.hash(data: bytes))
    }

    static func == (left: WatchedFiles, right: WatchedFiles) -> Bool { left === right }
}
