extension Configuration {
    /// Keys that are read and checked but change nothing yet.
    private static let withoutEffect = ["tracing"]

    /// Those that the file sets, so that nobody relies on them.
    var findingsWithoutEffect: [ConfigurationFinding] {
        keys.filter { !$0.isEmpty && Self.withoutEffect.contains($0.path) }.map {
            finding(.note, $0.path, "read and checked, but without effect yet")
        }
    }
}
