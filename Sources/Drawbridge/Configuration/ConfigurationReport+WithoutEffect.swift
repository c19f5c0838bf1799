extension Configuration {
    /// Keys that are read and checked but change nothing yet; `*` stands for one name, `[*]` for one index.
    private static let patterns = [
        "gateways.*.retry", "gateways.*.breaker", "gateways.*.limits", "gateways.*.inquiry", "gateways.*.callback",
        "gateways.*.allow_private_addresses", "listen.callbacks", "queue", "tenants.*.jwt", "tenants.*.rate",
        "tenants.*.webhooks",
        "routes[*].failover_on_declines", "tracing",
    ]

    /// Those that the file sets, so that nobody relies on them.
    var findingsWithoutEffect: [ConfigurationFinding] {
        let set = keys.filter { !$0.isEmpty && Self.patterns.contains(Self.pattern(of: $0.path)) }.map(\.path)
        return (set + secondaryGateways).map { finding(.note, $0, "read and checked, but without effect yet") }
    }

    private var secondaryGateways: [String] {
        routes.enumerated().filter { $0.element.gateways.count > 1 }.map { "routes[\($0.offset)].gateways[1]" }
    }

    /// `gateways.bank-a.retry` → `gateways.*.retry`, `routes[3].match` → `routes[*].match`.
    private static func pattern(of path: String) -> String {
        var steps = path.split(separator: ".").map(String.init)
        if steps.count > 1, ["gateways", "tenants"].contains(steps[0]) { steps[1] = "*" }
        if let bracket = steps.first?.firstIndex(of: "["), steps[0].last == "]" { steps[0] = steps[0][..<bracket] + "[*]" }
        return steps.joined(separator: ".")
    }
}
