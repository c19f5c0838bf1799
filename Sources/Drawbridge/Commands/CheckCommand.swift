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
