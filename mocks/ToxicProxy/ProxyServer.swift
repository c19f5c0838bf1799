public import AdapterKit
import NIOCore
import NIOHTTP1
import NIOPosix

/// A proxy that makes connections bad on request and speaks Toxiproxy's HTTP API, for where there is no Toxiproxy.
public struct ProxyServer: Sendable {
    /// Where the API listens, on 127.0.0.1.
    public let port: Int
    private let proxies: ProxyCollection
    private let line: RequestLine
    private let listener: any Channel
    private let connections: OpenSockets

    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - seed: decides which connections a toxicity below 1 affects, jitter and sizes.
    /// - Throws: what the system says, when the port cannot be bound.
    public static func start(port: Int, seed: UInt64) async throws -> ProxyServer {
        let proxies = ProxyCollection(seed: seed)
        let line = RequestLine(ProxyAPI(proxies: proxies))
        let connections = OpenSockets()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard connections.add(channel) else { return channel.close() }
                return channel.pipeline.configureHTTPServerPipeline(withErrorHandling: true).flatMapThrowing {
                    try channel.pipeline.syncOperations.addHandler(APIHandler(line: line))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return ProxyServer(
            port: listener.localAddress?.port ?? port, proxies: proxies, line: line, listener: listener,
            connections: connections)
    }

    /// Creates the proxies of a populate file, as `POST /populate` does.
    /// - Throws: an error that says in English which proxy cannot be had, and why.
    public func populate(_ file: JSON) async throws {
        for plan in try ProxyPlan.all(file) { _ = try await proxies.populate(plan) }
    }

    public func stop() async {
        // A listener that is closed already is what is wanted.
        try? await listener.close().get()
        await line.end()
        connections.closeAll()
        await proxies.closeAll()
    }
}
