extension Configuration {
    /// Keys that are read and checked but change nothing yet; `*` stands for one name, `[*]` for one index.
    private static let patterns = [
        "tracing"
    ]

    /// Those that the file sets, so that nobody relies on them.
    var findingsWithoutEffect: [ConfigurationFinding] {
        let set = keys.filter { !$0.isEmpty && Self.patterns.contains(Self.pattern(of: $0.path)) }
        return set.map { finding(.note, $0.path, "read and checked, but without effect yet") }
    }

    /// `tenants.acme.jwt` → `tenants.*.jwt`.
    private static func pattern(of path: String) -> String {
        var steps = path.split(separator: ".").map(String.init)
        if steps.count > 1, ["gateways", "tenants"].contains(steps[0]) { steps[1] = "*" }
        return steps.joined(separator: ".")
    }
}
