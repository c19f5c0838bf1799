import AdapterKit

extension ConfigurationSection {
    /// The adapter that the section names, made from its `settings`.
    func adapter(from catalog: AdapterCatalog) -> (any GatewayAdapter)? {
        let known = catalog.entries.map(\.name).joined(separator: ", ")
        let name = required("adapter", .text("the name of an adapter; there are \(known)") { catalog[$0] != nil })
        let settings = given("settings")
        guard let entry = name.flatMap({ catalog[$0] }), let values = adapterSettings("settings", settings) else { return nil }
        do {
            return try entry.make(values)
        } catch {
            adapterProblem(error, in: "settings", settings?.value)
            return nil
        }
    }

    /// The adapter's own section for callbacks. What is the same for all adapters is checked here.
    func callback() -> AdapterSettings? {
        guard let member = given("callback"), let settings = adapterSettings("callback", member) else { return nil }
        let section = ConfigurationSection(member.value, path: keyPath("callback"), line: member.line, reading: reading)
        _ = section.value("tolerance", .duration(.seconds(1)...(.seconds(3_600))))
        _ = section.list("allowed_networks", of: .text)
        return settings
    }

    private func adapterSettings(_ name: String, _ member: YAMLValue.Member?) -> AdapterSettings? {
        guard let member else { return AdapterSettings(values: .object([]), secrets: reading.secrets.secret) }
        guard case .mapping = member.value.content else {
            problem(name, "a section of keys")
            return nil
        }
        refuseRepeatedKeys(in: member.value, path: keyPath(name))
        return AdapterSettings(values: member.value.json, secrets: reading.secrets.secret)
    }

    private func refuseRepeatedKeys(in value: YAMLValue, path: String) {
        switch value.content {
        case .mapping(let members):
            for member in members {
                let memberPath = "\(path).\(member.name)"
                if member.isRepeated { reading.problem(line: member.line, key: memberPath, expected: "every key once") }
                refuseRepeatedKeys(in: member.value, path: memberPath)
            }
        case .list(let elements):
            for (index, element) in elements.enumerated() { refuseRepeatedKeys(in: element, path: "\(path)[\(index)]") }
        default: break
        }
    }

    /// An adapter tells a path such as `keys/0/secret`; the file's reader is told `gateways.bank-a.settings.keys[0].secret`.
    private func adapterProblem(_ failure: SettingsFailure, in name: String, _ value: YAMLValue?) {
        guard let value else { return problem(name, "\(failure.path): \(failure.expected)") }
        let steps = failure.path.split(separator: "/").map(String.init)
        let key = steps.reduce(keyPath(name)) { path, step in Int(step) == nil ? "\(path).\(step)" : "\(path)[\(step)]" }
        reading.problem(line: value.line(at: steps[...]), key: key, expected: failure.expected)
    }
}
