import NIOCore
import NIOPosix

/// A bound socket with the connections it accepted.
struct Listener: Sendable {
    let port: Int
    private let channel: any Channel
    private let connections: OpenChannels

    private static let backlog: Int32 = 1024

    /// - Throws: what the system says, when the address cannot be bound.
    static func bind(
        _ address: String, _ port: Int, _ configure: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) async throws -> Listener {
        let connections = OpenChannels()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { child in
                connections.add(child) ? configure(child) : child.close()
            }
            .bind(host: address, port: port).get()
        return Listener(port: channel.localAddress?.port ?? port, channel: channel, connections: connections)
    }

    func close() async {
        // A listener that is closed already is what is wanted.
        try? await channel.close().get()
        connections.closeAll()
    }
}
