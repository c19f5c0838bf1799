import AdapterKit
import Foundation
import Logging
import Payments
import Synchronization

/// One line per entry on standard output: JSON for machines, or text for people.
struct LineLogHandler: LogHandler {
    enum Format: Sendable { case json, text }

    private static let fixedNames = ["time", "level", "message"]
    private static let output = Mutex(FileHandle.standardOutput)

    let label: String
    let format: Format
    let time: any TimeSource
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let own = event.metadata ?? [:]
        let all = (metadata.isEmpty ? own : metadata.merging(own) { _, new in new }).sorted { $0.key < $1.key }
        let line = format == .json ? json(event, all) : text(event, all)
        Self.output.withLock { $0.write(Data(line + [0x0A])) }
    }

    private func json(_ event: LogEvent, _ metadata: [(key: String, value: Logger.MetadataValue)]) -> [UInt8] {
        let fixed: [(String, JSON)] = [
            ("time", .string(time.now().rfc3339)), ("level", .string(event.level.rawValue)),
            ("message", .string("\(event.message)")),
        ]
        return JSON.members(
            fixed + metadata.filter { !Self.fixedNames.contains($0.key) }.map { ($0.key, .string("\($0.value)")) }
        )
        .encoded()
    }

    private func text(_ event: LogEvent, _ metadata: [(key: String, value: Logger.MetadataValue)]) -> [UInt8] {
        let details = metadata.map { " \($0.key)=\(Self.oneLine("\($0.value)"))" }.joined()
        return Array(
            "\(time.now().rfc3339) \(event.level.rawValue.uppercased()) \(Self.oneLine("\(event.message)"))\(details)".utf8)
    }

    /// Nobody writes a second line into the log.
    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }
}
