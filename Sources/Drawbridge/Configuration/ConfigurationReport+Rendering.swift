import AdapterKit

extension ConfigurationReport {
    /// For people: one line per finding and per failover, then the verdict.
    /// - Parameter color: with the terminal's colours.
    func text(color: Bool) -> String {
        (findings.map { line(for: $0, color: color) } + failovers.map { "failover: \($0.text)" } + [verdict]).joined(
            separator: "\n")
    }

    private func line(for finding: ConfigurationFinding, color: Bool) -> String {
        let place = finding.line.map { "\(file):\($0)" } ?? file
        let word = color ? finding.severity.coloredWord : finding.severity.rawValue
        return "\(word): \(place): " + (finding.key.isEmpty ? finding.message : "\(finding.key): \(finding.message)")
    }

    private var verdict: String {
        let counts = ConfigurationFinding.Severity.allCases.compactMap { severity -> String? in
            let count = findings.count { $0.severity == severity }
            return count == 0 ? nil : "\(count) \(severity.rawValue)\(count == 1 ? "" : "s")"
        }
        return "\(file): \(isServable ? "ok" : "refused")" + (counts.isEmpty ? "" : " (\(counts.joined(separator: ", ")))")
    }

    /// For programs: `{"file", "ok", "findings": [{"severity", "key", "line", "message"}], "failovers": [{"route", "from", "to", …}]}`.
    var json: JSON {
        .members([
            ("file", .string(file)), ("ok", .bool(isServable)), ("findings", .array(findings.map(\.json))),
            ("failovers", .array(failovers.map(\.json))),
        ])
    }
}

extension ConfigurationProblems {
    /// In the shape of a report.
    var json: JSON { ConfigurationReport(self).json }
}

extension ConfigurationFinding {
    fileprivate var json: JSON {
        .members([
            ("severity", .string(severity.rawValue)), ("key", .string(key)), ("line", line.map { .integer(Int64($0)) } ?? .null),
            ("message", .string(message)),
        ])
    }
}

extension ConfigurationFinding.Severity {
    /// Red, yellow or cyan, then back to the terminal's own.
    fileprivate var coloredWord: String {
        let code =
            switch self {
            case .problem: 31
            case .warning: 33
            case .note: 36
            }
        return "\u{1B}[\(code)m\(rawValue)\u{1B}[0m"
    }
}
