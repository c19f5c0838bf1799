import AdapterKit

/// What `drawbridge check` has to say about a configuration: problems, warnings and notes, problems first.
struct ConfigurationReport: Sendable, Equatable {
    let file: String
    let findings: [ConfigurationFinding]
    /// Which payments may move on to another gateway (O9).
    let failovers: [RouteFailover]

    /// Whether `serve` would start: exit code 0, otherwise 2.
    var isServable: Bool { findings.allSatisfy { $0.severity != .problem } }

    /// Opens every certificate and key that the configuration names.
    init(_ configuration: Configuration, now: Timestamp) {
        let findings =
            configuration.fileFindings(at: now) + configuration.durabilityFindings + configuration.timeFindings
            + configuration.secretFindings
            + configuration.exposureFindings + configuration.addressFindings + configuration.tenantFindings(at: now)
            + configuration.callbackFindings(at: now) + configuration.failoverFindings
            + configuration.findingsWithoutEffect
        self.init(file: configuration.file, findings: findings, failovers: configuration.failovers)
    }

    /// For a file that could not be loaded.
    init(_ problems: ConfigurationProblems) {
        self.init(
            file: problems.all.first?.file ?? "",
            findings: problems.all.map {
                ConfigurationFinding(severity: .problem, key: $0.key, line: $0.line, message: "expected \($0.expected)")
            }, failovers: [])
    }

    private init(file: String, findings: [ConfigurationFinding], failovers: [RouteFailover]) {
        self.file = file
        self.failovers = failovers
        self.findings = ConfigurationFinding.Severity.allCases.flatMap { severity in findings.filter { $0.severity == severity } }
    }
}

extension Configuration {
    func finding(_ severity: ConfigurationFinding.Severity, _ key: String, _ message: String) -> ConfigurationFinding {
        ConfigurationFinding(severity: severity, key: key, line: line(of: key), message: message)
    }
}
