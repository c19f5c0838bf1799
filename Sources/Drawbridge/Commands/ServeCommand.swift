import ArgumentParser
import Logging
import Metrics

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the payments API until SIGTERM or SIGINT.",
        discussion:
            "Logs go to standard output, a line each; the lines \"listening\" name the ports. SIGTERM drains: what is in flight finishes."
    )

    @OptionGroup var configuration: ConfigurationOption

    func run() async throws {
        let configuration = try configuration.load()
        let time = SystemTime()
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        let level = Logger.Level(rawValue: configuration.log.level.rawValue) ?? .info
        let format: LineLogHandler.Format = configuration.log.format == .json ? .json : .text
        let logger = Logger(label: "drawbridge") { LineLogHandler(label: $0, format: format, time: time, logLevel: level) }
        let executor = EventLoopExecutor()
        let composition: Composition
        do {
            composition = try Composition(
                configuration, executor: executor, time: time, random: SystemRandom(), logger: logger)
        } catch {
            throw error is ConfigurationProblems ? error : RuntimeFailure("Cannot start: \(error)")
        }
        let serving = Serving(composition: composition, metrics: metrics)
        do {
            try await withTaskExecutorPreference(executor) { try await serving.run() }
        } catch {
            throw error is RuntimeFailure || error is ConfigurationProblems ? error : RuntimeFailure("Stopped: \(error)")
        }
    }
}
