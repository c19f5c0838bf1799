import AdapterKit

/// What is found while one file is read.
final class ConfigurationReading {
    let file: String
    var secrets: SecretResolver
    var gatewayNames: [String] = []
    var tenantNames: [String] = []
    private(set) var problems: [ConfigurationProblem] = []
    /// The lines of all keys that the file sets to something, in the order they were read.
    private(set) var keys: [ConfiguredKey] = []
    private var lines: [String: Int] = [:]

    init(file: String, secrets: SecretResolver) {
        self.file = file
        self.secrets = secrets
    }

    func problem(line: Int, key: String, expected: String) {
        problems.append(ConfigurationProblem(file: file, line: line, key: key, expected: expected))
    }

    func found(_ path: String, line: Int, isEmpty: Bool = false) {
        guard lines.updateValue(line, forKey: path) == nil else { return }
        keys.append(ConfiguredKey(path: path, line: line, isEmpty: isEmpty))
    }

    /// Tells a problem at a key, on its line or on that of the nearest section above it that the file sets.
    func problem(at key: String, expected: String) {
        problem(line: line(of: key), key: key, expected: expected)
    }

    private func line(of key: String) -> Int {
        if let line = lines[key] { return line }
        return key.lastIndex(of: ".").map { line(of: String(key[..<$0])) } ?? 1
    }

    func hasProblem(below key: String) -> Bool { problems.contains { $0.key.hasPrefix(key) } }
}

/// A key that the file sets, and where.
struct ConfiguredKey: Sendable, Equatable {
    let path: String
    let line: Int
    /// Whether an empty list or section stands there.
    let isEmpty: Bool
}

/// One mapping of the file while it is read. A value that is wrong is noted as a problem and read as its default, so that one
/// run names all problems. A key set to `null` counts as not set.
final class ConfigurationSection {
    let reading: ConfigurationReading
    let path: String
    private let line: Int
    private let members: [YAMLValue.Member]
    private var asked: [String] = []

    init(_ value: YAMLValue, path: String, line: Int, reading: ConfigurationReading) {
        self.reading = reading
        self.path = path
        self.line = line
        switch value.content {
        case .mapping(let members): self.members = members
        case .null: members = []
        default:
            members = []
            reading.problem(line: value.line, key: path, expected: "a section of keys")
        }
        for member in members where member.isRepeated {
            reading.problem(line: member.line, key: keyPath(member.name), expected: "every key once")
        }
    }

    func keyPath(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// A rule that spans several values is told at one of them.
    func problem(_ name: String, _ expected: String) {
        reading.problem(line: member(name)?.line ?? line, key: keyPath(name), expected: expected)
    }

    private func member(_ name: String) -> YAMLValue.Member? { members.first { $0.name == name } }

    /// What stands under the key, if it is set. Asking makes the key a known one.
    func given(_ name: String) -> YAMLValue.Member? {
        if !asked.contains(name) { asked.append(name) }
        guard let member = member(name), member.value.content != .null else { return nil }
        let isEmpty = member.value.content == .list([]) || member.value.content == .mapping([])
        reading.found(keyPath(name), line: member.line, isEmpty: isEmpty)
        return member
    }

    /// To be called when everything was asked for.
    func refuseUnknownKeys() {
        for member in members where !asked.contains(member.name) {
            let expected = "a known key; there are \(asked.sorted().joined(separator: ", "))"
            reading.problem(line: member.line, key: keyPath(member.name), expected: expected)
        }
    }
}

// MARK: - Single values

extension ConfigurationSection {
    func value<Value>(_ name: String, _ syntax: ValueSyntax<Value>) -> Value? {
        guard let member = given(name) else { return nil }
        if let value = syntax.parse(member.value.content) { return value }
        problem(name, syntax.expected)
        return nil
    }

    func read<Value>(_ name: String, _ syntax: ValueSyntax<Value>, into target: inout Value) {
        if let value = value(name, syntax) { target = value }
    }

    /// Two durations that the file both sets must stand in order. Where it sets one, the other's default gives way.
    func order(_ shorter: (name: String, value: Duration), _ longer: (name: String, value: Duration)) {
        guard longer.value < shorter.value, given(shorter.name) != nil, given(longer.name) != nil else { return }
        problem(longer.name, "at least as long as \(shorter.name) (\(shorter.value.written))")
    }

    func required<Value>(_ name: String, _ syntax: ValueSyntax<Value>) -> Value? {
        guard given(name) != nil else {
            problem(name, "\(syntax.expected); it is required")
            return nil
        }
        return value(name, syntax)
    }

    /// - Parameter valid: judges the secret; what was expected instead, or `nil`.
    func secret(_ name: String, required: Bool = false, invalid: (Secret) -> String? = { _ in nil }) -> Secret? {
        let syntax = ValueSyntax<String>.text("a secret as env:NAME, file:PATH or, on loopback, text:VALUE") { _ in true }
        guard let reference = required ? self.required(name, syntax) : value(name, syntax) else { return nil }
        do {
            let secret = try reading.secrets.secret(reference)
            guard let expected = invalid(secret) else { return secret }
            problem(name, expected)
        } catch {
            problem(name, error.expected)
        }
        return nil
    }

    /// A path, relative to the folder of the configuration file; `file:` may stand before it.
    func file(_ name: String) -> LocalFile? {
        value(name, .text("a path") { !$0.hasPrefix("env:") && !$0.hasPrefix("text:") && $0 != "file:" }).map { text in
            let file = LocalFile(
                path: text.hasPrefix("file:") ? String(text.dropFirst(5)) : text, relativeTo: reading.secrets.folder)
            // `system` is a word, not a file.
            if text != "system" { reading.secrets.files.note(file) }
            return file
        }
    }
}

// MARK: - Values of values

extension ConfigurationSection {
    func section<Value>(_ name: String, _ read: (ConfigurationSection) -> Value) -> Value? {
        guard let member = given(name) else { return nil }
        return child(member.value, path: keyPath(name), line: member.line, read)
    }

    func read<Value>(_ name: String, into target: inout Value, _ read: (ConfigurationSection) -> Value) {
        if let value = section(name, read) { target = value }
    }

    private func child<Value>(_ value: YAMLValue, path: String, line: Int, _ read: (ConfigurationSection) -> Value) -> Value {
        let section = ConfigurationSection(value, path: path, line: line, reading: reading)
        defer { section.refuseUnknownKeys() }
        return read(section)
    }

    private func elements(_ name: String) -> [YAMLValue]? {
        guard let member = given(name) else { return nil }
        if case .list(let elements) = member.value.content { return elements }
        problem(name, "a list")
        return nil
    }

    /// The elements that are right; `nil` where there is no list. An element may stand only once.
    func list<Value: Hashable>(_ name: String, of syntax: ValueSyntax<Value>) -> [Value]? {
        var seen: Set<Value> = []
        return elements(name)?.enumerated().compactMap { index, element in
            let value = syntax.parse(element.content)
            reading.found("\(keyPath(name))[\(index)]", line: element.line)
            guard let value, seen.insert(value).inserted else {
                let expected = value == nil ? syntax.expected : "every element once"
                reading.problem(line: element.line, key: "\(keyPath(name))[\(index)]", expected: expected)
                return nil
            }
            return value
        }
    }

    /// A list of sections.
    func sections<Value>(_ name: String, _ read: (ConfigurationSection) -> Value?) -> [Value]? {
        elements(name)?.enumerated().compactMap { index, element in
            let path = "\(keyPath(name))[\(index)]"
            reading.found(path, line: element.line)
            return child(element, path: path, line: element.line, read)
        }
    }

    /// A section whose keys are names, such as `tenants`.
    func named<Value>(_ name: String, _ read: (String, ConfigurationSection) -> Value?) -> [Value] {
        guard let member = given(name) else { return [] }
        guard case .mapping(let members) = member.value.content else {
            problem(name, "a section of keys")
            return []
        }
        return members.compactMap { member in
            let path = "\(keyPath(name)).\(member.name)"
            if member.isRepeated { reading.problem(line: member.line, key: path, expected: "every key once") }
            guard ValueSyntax<String>.isName(member.name) else {
                reading.problem(line: member.line, key: path, expected: ValueSyntax<String>.nameExpected)
                return nil
            }
            reading.found(path, line: member.line)
            return child(member.value, path: path, line: member.line) { read(member.name, $0) }
        }
    }
}
