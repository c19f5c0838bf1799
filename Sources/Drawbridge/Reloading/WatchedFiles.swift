import Crypto
import Synchronization

/// The files beside the configuration that it was read with: certificates, keys, secrets, key sets. Noted while it is read.
final class WatchedFiles: Sendable, Equatable {
    /// Bytes of the largest file that is looked at; what is beyond is never used either.
    private static let maximumLength = Configuration.maximumRevocationLength

    private let noted = Mutex<[String: LocalFile]>([:])

    func note(_ file: LocalFile) { noted.withLock { $0[file.path] = file } }

    /// What they hold now, as a digest for each path; a file that cannot be read has an empty one.
    func digests() -> [String: [UInt8]] {
        noted.withLock { $0 }.mapValues { file in
            guard let bytes = try? file.read(upTo: Self.maximumLength) else { return [] }
            return Array(SHA256.hash(data: bytes))
        }
    }

    static func == (left: WatchedFiles, right: WatchedFiles) -> Bool { left === right }
}
