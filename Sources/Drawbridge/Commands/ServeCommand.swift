import ArgumentParser
import Glibc
import Logging
import Metrics

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the payments API until SIGTERM or SIGINT.",
        discussion:
            "Logs go to standard output, a line each; the lines \"listening\" name the ports. SIGTERM drains: what is in flight finishes. SIGHUP reads the file again; certificates, keys and secrets are read again when their files change."
    )

    @OptionGroup var configuration: ConfigurationOption

    func run() async throws {
        // One that comes before reloads are taken must not end the program.
        signal(SIGHUP, SIG_IGN)
        let configuration = try configuration.load()
        let time = SystemTime()
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        let level = Logger.Level(rawValue: configuration.log.level.rawValue) ?? .info
        let format: LineLogHandler.Format = configuration.log.format == .json ? .json : .text
        let logger = Logger(label: "drawbridge") { LineLogHandler(label: $0, format: format, time: time, logLevel: level) }
        let executor = EventLoopExecutor()
        let serving: Serving
        do {
            serving = try Serving(
                Composition(
                    configuration, executor: executor, metrics: metrics, time: time, random: SystemRandom(), logger: logger))
        } catch {
            throw error is ConfigurationProblems ? error : RuntimeFailure("Cannot start: \(error)")
        }
        do {
            try await withTaskExecutorPreference(executor) { try await serving.run() }
        } catch {
            throw error is RuntimeFailure || error is ConfigurationProblems ? error : RuntimeFailure("Stopped: \(error)")
        }
    }
}
