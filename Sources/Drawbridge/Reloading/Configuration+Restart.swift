extension Configuration {
    /// Keys that this one sets otherwise than a running program's, and that only a start takes in.
    func needsRestart(after running: Configuration) -> [String] {
        let changes: [(key: String, isChanged: Bool)] = [
            ("deployment", deployment != running.deployment),
            ("listen.api.address", listen.api.address != running.listen.api.address),
            ("listen.api.tls", (listen.api.tls == nil) != (running.listen.api.tls == nil)),
            ("listen.callbacks.address", listen.callbacks.address != running.listen.callbacks.address),
            ("listen.callbacks.tls", (listen.callbacks.tls == nil) != (running.listen.callbacks.tls == nil)),
            ("listen.admin.address", listen.admin.address != running.listen.admin.address),
            ("state.backend", state.backend != running.state.backend),
            ("state.redis", state.redis != running.state.redis),
            // Without keys, memory is sealed under one that only this process has.
            ("encryption.keys", encryption.keys.isEmpty != running.encryption.keys.isEmpty),
            ("log", log != running.log),
            ("tracing", tracing != running.tracing),
        ]
        return changes.filter(\.isChanged).map(\.key)
    }
}
