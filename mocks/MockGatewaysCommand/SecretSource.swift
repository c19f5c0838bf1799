import AdapterKit
import ArgumentParser
import FoundationEssentials

/// Where a secret comes from, in the configuration file's notation.
enum SecretSource: Equatable, ExpressibleByArgument {
    case text(String)
    case environment(String)
    case file(String)

    init?(argument: String) {
        let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty else { return nil }
        switch parts[0] {
        case "text": self = .text(parts[1])
        case "env": self = .environment(parts[1])
        case "file": self = .file(parts[1])
        default: return nil
        }
    }

    /// - Throws: `ValidationError` that says what is missing and never the secret.
    func read() throws -> Secret {
        switch self {
        case .text(let value): return Secret(text: value)
        case .environment(let name):
            guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
                throw ValidationError("the environment has no \(name)")
            }
            return Secret(text: value)
        case .file(let path):
            var bytes = try PEMFile.read(path)
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            guard !bytes.isEmpty else { throw ValidationError("\(path) is empty") }
            return Secret(bytes)
        }
    }
}
