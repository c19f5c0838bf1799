import AdapterKit

// MARK: - What names what

extension ConfigurationSection {
    /// Notes what routes and tenants may refer to, also those whose own section is wrong; there must be something to use.
    func noteNames() {
        reading.gatewayNames = names("gateways")
        reading.tenantNames = names("tenants")
        for name in ["tenants", "gateways", "routes"] where isEmpty(name) { problem(name, "at least one; it is required") }
    }

    private func names(_ name: String) -> [String] {
        guard case .mapping(let members)? = given(name)?.value.content else { return [] }
        return members.map(\.name)
    }

    private func isEmpty(_ name: String) -> Bool {
        switch given(name)?.value.content {
        case nil, .list([]), .mapping([]): true
        default: false
        }
    }

    var gatewayName: ValueSyntax<String> { .reference(to: "gateway", among: reading.gatewayNames) }
    var tenantName: ValueSyntax<String> { .reference(to: "tenant", among: reading.tenantNames) }
}

extension ValueSyntax<String> {
    fileprivate static func reference(to noun: String, among names: [String]) -> Self {
        text("the name of a \(noun) of this file; there are \(names.joined(separator: ", "))") { names.contains($0) }
    }
}

// MARK: - What may be reached from elsewhere

extension Configuration {
    /// What is fit for development alone is refused where others can reach a listener.
    func checkExposure(_ root: ConfigurationSection) {
        let reading = root.reading
        if state.backend == .memory, !listen.isLoopback {
            reading.problem(at: "state.backend", expected: "redis; memory only where every listener is on loopback")
        }
        if state.backend == .redis, encryption.keys.isEmpty, !reading.hasProblem(below: "encryption") {
            reading.problem(
                at: "encryption.keys", expected: "at least one key, as {id, key}; it is required with redis")
        }
        for tenant in tenants where tenant.auth == .none && !listen.api.address.isLoopback {
            reading.problem(
                at: "tenants.\(tenant.id).auth", expected: "hmac or jwt; none only where the api listener is on loopback")
        }
    }
}
