import AdapterKit

extension Configuration {
    /// Bytes of the largest configuration file that is read.
    static let maximumLength = 1_048_576

    /// Reads and checks a file. Certificates and keys are opened later: by `ConfigurationReport`, or where they are used.
    ///
    /// - Parameters:
    ///   - path: of the YAML file; what it names is relative to its folder.
    ///   - environment: where `env:` secrets come from.
    /// - Throws: all problems of the file together.
    static func load(path: String, environment: [String: String], adapters: AdapterCatalog) throws(ConfigurationProblems)
        -> Configuration
    {
        let file = LocalFile(path: path)
        let text: String
        do {
            guard let decoded = String(validating: try file.read(upTo: maximumLength), as: UTF8.self) else {
                throw ConfigurationProblems(file: path, line: nil, expected: "text in UTF-8")
            }
            text = decoded
        } catch let problems as ConfigurationProblems {
            throw problems
        } catch {
            throw ConfigurationProblems(
                file: path, line: nil, expected: "a file that can be read, of at most \(maximumLength) bytes")
        }
        return try read(text, file: file, environment: environment, adapters: adapters)
    }

    /// The same for a text that would stand in `file`.
    static func read(
        _ text: String, file: LocalFile, environment: [String: String], adapters: AdapterCatalog
    ) throws(ConfigurationProblems) -> Configuration {
        let root: YAMLValue
        do { root = try YAMLDocument.value(of: text) } catch {
            throw ConfigurationProblems(file: file.path, line: error.line, expected: error.expected)
        }
        let files = WatchedFiles()
        let secrets = SecretResolver(folder: file.folder, environment: environment, files: files, allowsText: true)
        let reading = ConfigurationReading(file: file.path, secrets: secrets)
        let section = ConfigurationSection(root, path: "", line: root.line, reading: reading)
        var configuration = Configuration(section, adapters: adapters)
        section.refuseUnknownKeys()
        configuration.checkExposure(section)
        configuration.checkFailovers(section)
        configuration.checkMethods(section)
        configuration.checkCallbacks(section)
        guard reading.problems.isEmpty else { throw ConfigurationProblems(reading.problems) }
        configuration.file = file.path
        configuration.text = text
        configuration.files = files
        configuration.keys = reading.keys
        return configuration
    }
}

extension ConfigurationProblems {
    fileprivate init(file: String, line: Int?, expected: String) {
        self.init([ConfigurationProblem(file: file, line: line, key: "", expected: expected)])
    }
}
