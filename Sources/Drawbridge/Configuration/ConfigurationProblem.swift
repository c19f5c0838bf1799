/// One thing that is wrong with the configuration file. Never holds a value of the file: it could be a secret.
struct ConfigurationProblem: Error, Sendable, Equatable, CustomStringConvertible {
    let file: String
    /// Counted from 1; `nil` when the file itself cannot be read.
    let line: Int?
    /// Such as `gateways.bank-a.timeout.connect` or `routes[0].gateways[1]`; empty for the file as a whole.
    let key: String
    let expected: String

    var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return key.isEmpty ? "\(place): expected \(expected)" : "\(place): \(key): expected \(expected)"
    }
}

/// Everything that is wrong with the file, in the order of its lines; never empty.
struct ConfigurationProblems: Error, Sendable, Equatable, CustomStringConvertible {
    let all: [ConfigurationProblem]

    init(_ problems: [ConfigurationProblem]) {
        all = problems.enumerated()
            .sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
            .map(\.element)
    }

    var description: String { all.map(\.description).joined(separator: "\n") }
}
