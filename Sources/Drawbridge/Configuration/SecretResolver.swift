import AdapterKit
import Foundation

/// Turns `env:NAME`, `file:PATH` and, where it is allowed, `text:VALUE` into secrets.
struct SecretResolver: Sendable {
    /// Bytes of the largest secret that is read from a file.
    static let maximumLength = 65_536

    let folder: String
    let environment: [String: String]
    /// Told of every file that a secret is read from.
    var files = WatchedFiles()
    /// Only when every listener is on a loopback address.
    var allowsText: Bool

    /// - Throws: what was expected; never the reference, which might be the secret itself.
    func secret(_ reference: String) throws(AdapterSettings.SecretFailure) -> Secret {
        guard let colon = reference.firstIndex(of: ":") else { throw unreadable }
        let source = reference[reference.index(after: colon)...]
        switch reference[..<colon] {
        case "env": return try variable(String(source))
        case "file": return try file(String(source))
        case "text": return try text(String(source))
        default: throw unreadable
        }
    }

    private var unreadable: AdapterSettings.SecretFailure {
        failure("a secret as env:NAME, file:PATH or, on loopback, text:VALUE")
    }

    private func failure(_ expected: String) -> AdapterSettings.SecretFailure { .init(expected: expected) }

    private func variable(_ name: String) throws(AdapterSettings.SecretFailure) -> Secret {
        guard let value = environment[name], !value.isEmpty else {
            throw failure("the environment variable that env: names to be set and not empty")
        }
        return Secret(text: value)
    }

    private func file(_ path: String) throws(AdapterSettings.SecretFailure) -> Secret {
        let file = LocalFile(path: path, relativeTo: folder)
        files.note(file)
        guard let bytes = try? file.read(upTo: Self.maximumLength) else {
            throw failure("the file that file: names to be there, readable and at most \(Self.maximumLength) bytes")
        }
        let trimmed = Self.trimmed(bytes)
        guard !trimmed.isEmpty else { throw failure("the file that file: names not to be empty") }
        return Secret(trimmed)
    }

    private func text(_ value: String) throws(AdapterSettings.SecretFailure) -> Secret {
        guard allowsText else {
            throw failure("a secret as env:NAME or file:PATH; text: only where every listener is on loopback")
        }
        guard !value.isEmpty else { throw failure("a secret that is not empty") }
        return Secret(text: value)
    }

    /// Without the one newline that editors put at the end.
    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes[...]
        if bytes.last == UInt8(ascii: "\n") { bytes = bytes.dropLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
        return Array(bytes)
    }
}
