import AdapterKit
import ArgumentParser

struct AdaptersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adapters", abstract: "List the gateway adapters of this build, or begin a new one.",
        subcommands: [ListAdaptersCommand.self, NewAdapterCommand.self], defaultSubcommand: ListAdaptersCommand.self)
}

struct ListAdaptersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the gateway adapters of this build, with their settings.")

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
