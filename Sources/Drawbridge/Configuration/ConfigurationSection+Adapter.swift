import AdapterKit

extension ConfigurationSection {
    /// The adapter that the section names, made from its `settings`.
    func adapter(from catalog: AdapterCatalog) -> (any GatewayAdapter)? {
        let known = catalog.entries.map(\.name).joined(separator: ", ")
        let name = required("adapter", .text("the name of an adapter; there are \(known)") { catalog[$0] != nil })
        let settings = given("settings")
        guard let entry = name.flatMap({ catalog[$0] }), let values = adapterSettings(settings) else { return nil }
        do {
            return try entry.make(values)
        } catch {
            adapterProblem(error, path: keyPath("settings"), settings?.value)
            return nil
        }
    }

    private func adapterSettings(_ member: YAMLValue.Member?) -> AdapterSettings? {
        guard let member else { return adapterSettings(.object([])) }
        guard case .mapping = member.value.content else {
            problem("settings", "a section of keys")
            return nil
        }
        refuseRepeatedKeys(in: member.value, path: keyPath("settings"))
        return adapterSettings(member.value.json)
    }

    func adapterSettings(_ values: JSON) -> AdapterSettings {
        AdapterSettings(values: values, secrets: reading.secrets.secret)
    }

    func refuseRepeatedKeys(in value: YAMLValue, path: String) {
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
    func adapterProblem(_ failure: SettingsFailure, path: String, _ value: YAMLValue?) {
        let steps = failure.path.split(separator: "/").map(String.init)
        guard let value else { return reading.problem(at: path, expected: "\(failure.path): \(failure.expected)") }
        let key = steps.reduce(path) { path, step in Int(step) == nil ? "\(path).\(step)" : "\(path)[\(step)]" }
        reading.problem(line: value.line(at: steps[...]), key: key, expected: failure.expected)
    }
}
