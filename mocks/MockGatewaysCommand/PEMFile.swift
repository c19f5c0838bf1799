import ArgumentParser
import FoundationEssentials

/// A small file named on the command line.
enum PEMFile {
    /// Bytes that are read: certificates and keys are far smaller.
    private static let maximumBytes = 1_048_576

    /// - Throws: `ValidationError` that names the file and never its content.
    static func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else { throw ValidationError("cannot read \(path)") }
        guard data.count <= maximumBytes else { throw ValidationError("\(path) is larger than 1 MiB") }
        return [UInt8](data)
    }
}
