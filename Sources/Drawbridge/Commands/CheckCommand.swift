import AdapterKit
import ArgumentParser
import Foundation

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a configuration file, and every certificate and key it names.",
        discussion: "Nothing is started or sent. Exit code 0: it can be served; 2: it cannot.")

    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print JSON for machines.") var json = false

    func run() async throws {
        let configuration: Configuration
        do { configuration = try self.configuration.load() } catch let problems as ConfigurationProblems where json {
            CommandOutput.line(String(decoding: problems.json.encoded(), as: UTF8.self))
            throw ExitCode(2)
        }
        let report = ConfigurationReport(configuration, now: SystemTime().now())
        CommandOutput.line(json ? String(decoding: report.json.encoded(), as: UTF8.self) : report.text(color: Terminal.isOutput))
        if !report.isServable { throw ExitCode(2) }
    }
}

struct AdaptersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adapters", abstract: "List the gateway adapters of this build, with their settings.")

    @Flag(help: "Print JSON for machines.") var json = false

    func run() throws {
        for entry in AdapterCatalog.builtIn.entries where !json {
            CommandOutput.line("\(entry.name): \(entry.summary)")
            for setting in entry.settings { CommandOutput.line("  \(setting.line)") }
            for setting in entry.callbackSettings { CommandOutput.line("  callback.\(setting.line)") }
        }
        if json { CommandOutput.line(String(decoding: AdapterCatalog.builtIn.json.encoded(), as: UTF8.self)) }
    }
}

extension AdapterCatalog {
    fileprivate var json: JSON {
        .array(
            entries.map { entry in
                .members([
                    ("name", .string(entry.name)), ("summary", .string(entry.summary)),
                    ("settings", .array(entry.settings.map(\.json))),
                    ("callback_settings", .array(entry.callbackSettings.map(\.json))),
                ])
            })
    }
}

extension SettingDescription {
    fileprivate var line: String { "\(name)\(required ? " (required)" : ""): \(summary)" }

    fileprivate var json: JSON {
        .members([("name", .string(name)), ("summary", .string(summary)), ("required", .bool(required))])
    }
}
