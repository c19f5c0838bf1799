import AdapterKit
import CurlTransport
import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import Payments
import RedisStore
import ServiceLifecycle
import UnixSignals

/// The listeners and what stands behind them, as services that start in order and shut down the other way round.
struct Serving {
    /// After the deadline, for the settles of what was in flight.
    private static let drainMargin = Duration.seconds(3)

    let composition: Composition
    let generations: Generations
    let listeners: ListenersTLS

    /// - Throws: `ConfigurationProblems` for a certificate or key that cannot be used.
    init(_ composition: Composition) throws {
        self.composition = composition
        listeners = try ListenersTLS(composition.configuration)
        generations = Generations(try Generation(composition.configuration, of: composition))
    }

    func run() async throws {
        let logger = composition.logger
        await composition.redis?.start()
        try await PersistenceCheck.look(at: composition)
        let reloader = Reloader(composition: composition, generations: generations, listeners: listeners)
        let expiry = ExpiryWarnings(generations: generations, time: composition.time, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: Draining(composition: composition, generations: generations)),
                .init(service: ReplicaLife(composition: composition)),
                // What is settled while draining is still told.
                .init(service: Background { [generations] in await generations.following { await $0.relay.run() } }),
                .init(service: Listener(key: "listen.admin.address", service: try admin())),
                .init(service: Listener(key: "listen.api.address", service: try api())),
                .init(service: Listener(key: "listen.callbacks.address", service: try callbacks())),
                .init(service: PersistenceCheck(composition: composition)),
                .init(service: MissingGateways(composition: composition)),
                .init(service: Background { [breakers = composition.breakers] in await breakers.run() }),
                .init(service: Background { [generations] in await generations.following { await $0.runBackground() } }),
                .init(service: Background { await expiry.run() }),
                .init(service: Background { await reloader.run() }),
                // Last, so that it is the first to stop: readiness fails and nothing new begins from then on.
                .init(service: Gate(inFlight: composition.inFlight, logger: logger)),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger))
        // A caller who never finishes his request must not keep the process.
        configuration.maximumGracefulShutdownDuration = (composition.configuration.payments.deadline + Self.drainMargin) * 2
        let group = ServiceGroup(configuration: configuration)
        try await group.run()
    }

    private func api() throws -> some Service {
        let listener = composition.configuration.listen.api
        return Application(
            responder: CurrentResponder(generations: generations, responder: \.api), server: server("api", tls: listeners.api),
            configuration: .init(address: .hostname(listener.address.host, port: listener.address.port), backlog: 1024),
            onServerRunning: announce("api"), eventLoopGroupProvider: .shared(composition.executor.group),
            logger: quiet(composition.logger))
    }

    private func callbacks() throws -> some Service {
        let listener = composition.configuration.listen.callbacks
        return Application(
            responder: CurrentResponder(generations: generations, responder: \.callbacks),
            server: server("callbacks", tls: listeners.callbacks),
            configuration: .init(address: .hostname(listener.address.host, port: listener.address.port), backlog: 1024),
            onServerRunning: announce("callbacks"), eventLoopGroupProvider: .shared(composition.executor.group),
            logger: quiet(composition.logger))
    }

    private func admin() throws -> some Service {
        let listener = composition.configuration.listen.admin
        return Application(
            responder: CurrentResponder(generations: generations, responder: \.admin), server: server("admin", tls: nil),
            configuration: .init(address: .hostname(listener.address.host, port: listener.address.port)),
            onServerRunning: announce("admin"), eventLoopGroupProvider: .shared(composition.executor.group),
            logger: quiet(composition.logger))
    }

    /// The library's own messages are for its authors: only warnings reach the log.
    private func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }

    private func announce(_ listener: String) -> @Sendable (any Channel) async -> Void {
        let logger = composition.logger
        return { channel in
            let host = channel.localAddress?.ipAddress ?? "?"
            logger.info(
                "listening",
                metadata: ["listener": "\(listener)", "address": "\(host):\(channel.localAddress?.port ?? 0)"])
        }
    }

    /// - Parameter name: `api`, `callbacks` or `admin`.
    private func server(_ name: String, tls: ListenerTLS?) -> HTTPServerBuilder {
        let random = composition.random
        let configuration = InboundListener(name) { InboundHeaders.freshRequestID(random) }.channel
        guard let tls else { return .http1(configuration: configuration) }
        return HTTPServerBuilder { responder in
            ReloadableTLSChannel(http: HTTP1Channel(responder: responder, configuration: configuration), tls: tls)
        }
    }

    /// Says which address it is that cannot be listened on.
    private struct Listener: Service {
        let key: String
        let service: any Service

        func run() async throws {
            do { try await service.run() } catch let error as IOError where error.errnoCode == EADDRINUSE {
                throw RuntimeFailure("\(key): another program listens there already. Stop it, or choose another address.")
            } catch let error as IOError where error.errnoCode == EADDRNOTAVAIL || error.errnoCode == EACCES {
                throw RuntimeFailure("\(key): this machine does not let us listen there. Choose another address.")
            }
        }
    }

    /// Takes no new payment from the moment the signal comes; readiness fails at once.
    private struct Gate: Service {
        let inFlight: InFlight
        let logger: Logger

        func run() async throws {
            try? await gracefulShutdown()
            inFlight.close()
            logger.info("draining", metadata: ["in_flight": "\(inFlight.count)"])
        }
    }

    /// Last to go: waits for the work that callers left behind, at most until its deadline, then closes the connections.
    private struct Draining: Service {
        let composition: Composition
        let generations: Generations

        func run() async throws {
            try? await gracefulShutdown()
            let limit = generations.current.configuration.payments.deadline + Serving.drainMargin
            await withTaskGroup { group in
                group.addTask { await composition.inFlight.idle() }
                group.addTask { try? await composition.time.sleep(for: limit) }
                await group.next()
                group.cancelAll()
            }
            if composition.inFlight.count == 0 { await composition.transport.shutdown() }
            await composition.redis?.shutdown()
            composition.logger.info("stopped", metadata: ["left_behind": "\(composition.inFlight.count)"])
        }
    }

    /// Refuses a Redis that would lose payments, as soon as it can be asked. While it is away nothing is taken anyway.
    private struct PersistenceCheck: Service {
        let composition: Composition

        /// - Returns: whether Redis could be asked.
        /// - Throws: what is wrong with how it keeps things.
        @discardableResult
        static func look(at composition: Composition) async throws -> Bool {
            guard let redis = composition.redis else { return true }
            let problems: [String]
            do { problems = try await redis.payments.persistenceProblems() } catch {
                composition.logger.warning(
                    "state store failed", metadata: ["code": "\(error.code.rawValue)", "detail": "\(error.detail)"])
                return false
            }
            guard problems.isEmpty else {
                throw RuntimeFailure("Redis would lose payments: \(problems.joined(separator: "; ")). Change its configuration.")
            }
            return true
        }

        func run() async throws {
            try await cancelWhenGracefulShutdown {
                while try await !Self.look(at: composition) { try await composition.time.sleep(for: .seconds(2)) }
                try await gracefulShutdown()
            }
        }
    }

    /// Runs beside the listeners until the shutdown begins.
    private struct Background: Service {
        let body: @Sendable () async -> Void

        func run() async throws {
            await cancelWhenGracefulShutdown {
                await body()
                try? await gracefulShutdown()
            }
        }
    }

    /// Tells of gateways that have open payments and are not configured any more (R9), as soon as the store can be asked.
    struct MissingGateways: Service {
        let composition: Composition

        /// With how much lies open there, by name.
        static func missing(in tally: [Shelf: Int], configured: [String]) -> [(gateway: String, open: Int)] {
            let open = Dictionary(grouping: tally, by: \.key.gateway).mapValues { $0.reduce(0) { $0 + $1.value } }
            return open.filter { !$0.key.isEmpty && $0.value > 0 && !configured.contains($0.key) }
                .map { (gateway: $0.key, open: $0.value) }.sorted { $0.gateway < $1.gateway }
        }

        func run() async throws {
            await cancelWhenGracefulShutdown {
                while await !look(), !Task.isCancelled { try? await composition.time.sleep(for: .seconds(2)) }
                try? await gracefulShutdown()
            }
        }

        private func look() async -> Bool {
            guard let tally = try? await composition.store.tally() else { return false }
            for (gateway, open) in Self.missing(in: tally, configured: composition.configuration.gateways.map(\.name)) {
                composition.logger.warning(
                    "a gateway with open payments is not configured any more; they wait for it as dead letters",
                    metadata: ["gateway": "\(gateway)", "open": "\(open)"])
            }
            return true
        }
    }
}
