import ArgumentParser
import Foundation

@main
struct DrawbridgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drawbridge", abstract: "One payments API in front of banks, PSPs and card networks.",
        discussion: "Exit codes: 0 ended as asked, 1 runtime failure, 2 bad configuration or usage.", version: "0.1.0",
        subcommands: [
            ServeCommand.self, CheckCommand.self, AdaptersCommand.self, PayCommand.self, CaptureCommand.self, RefundCommand.self,
            SyncCommand.self, PaymentsCommand.self, QueueCommand.self, DeadLettersCommand.self, GatewaysCommand.self,
            BreakerCommand.self, AuditCommand.self, CallbacksCommand.self, WebhooksCommand.self, EventsCommand.self,
        ])

    /// ArgumentParser's own exit code for usage is 64; the contract says 2.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch let problems as ConfigurationProblems {
            CommandOutput.error("The configuration cannot be used:\n\(problems)")
            Foundation.exit(2)
        } catch let failure as RuntimeFailure {
            CommandOutput.error(failure.description)
            Foundation.exit(1)
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if !text.isEmpty { code == .success ? CommandOutput.line(text) : CommandOutput.error(text) }
            Foundation.exit(code == .validationFailure ? 2 : code.rawValue)
        }
    }
}

enum CommandOutput {
    static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
    static func error(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

/// Where the configuration file is.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file. Without it, DRAWBRIDGE_CONFIG names it.")
    var path: String?

    func load() throws -> Configuration {
        let environment = ProcessInfo.processInfo.environment
        guard let path = path ?? environment["DRAWBRIDGE_CONFIG"] else {
            throw ValidationError("Name the configuration file with --config FILE or in DRAWBRIDGE_CONFIG.")
        }
        return try Configuration.load(path: path, environment: environment, adapters: .builtIn)
    }
}
