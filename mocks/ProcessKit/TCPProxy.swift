import NIOCore
import NIOPosix
import Synchronization
import TestKit

/// A way to a server of this machine that a test can close, or freeze in the middle of what passes.
package final class TCPProxy: Sendable {
    /// Where clients connect, on 127.0.0.1.
    package let port: Int
    private let target: Int
    private let listener = Mutex<(any Channel)?>(nil)
    private let connections = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let state = Mutex(State())

    private struct State {
        var point: FreezingPoint?
        var isFrozen = false
        /// What came while everything was frozen, in order.
        var held: [(bytes: ByteBuffer, to: any Channel)] = []
    }

    private init(port: Int, target: Int) {
        self.port = port
        self.target = target
    }

    /// Runs the body with a proxy in front of a port of this machine, and ends it whatever happens.
    package static func with<Result>(to target: Int, _ body: (TCPProxy) async throws -> Result) async throws -> Result {
        let proxy = TCPProxy(port: try RedisServer.freePort(), target: target)
        try await proxy.open()
        do {
            let result = try await body(proxy)
            await proxy.close()
            return result
        } catch {
            await proxy.close()
            throw error
        }
    }

    // MARK: Down and up

    /// Takes connections again.
    package func open() async throws {
        let bound = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] in connect($0) }
            .bind(host: "127.0.0.1", port: port).get()
        listener.withLock { $0 = bound }
    }

    /// Refuses connections and cuts those there are.
    package func close() async {
        let bound = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        // One that is closed already is what is wanted.
        try? await bound?.close().get()
        for channel in connections.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }

    // MARK: Freezing

    /// Lets everything pass until the point is reached; from there on nothing passes in either direction, on any connection.
    /// - Returns: what waits for the point to be reached.
    package func freeze(at point: FreezingPoint) -> Frozen {
        let (reached, signal) = AsyncStream<Void>.makeStream()
        state.withLock { state in
            state.point = point
            state.point?.signal = signal
        }
        return Frozen(stream: reached)
    }

    /// Lets pass what was held, and everything after it.
    package func thaw() {
        state.withLock { state in
            for (bytes, channel) in state.held { channel.writeAndFlush(bytes, promise: nil) }
            state = State()
        }
    }

    package struct Frozen: Sendable {
        let stream: AsyncStream<Void>

        /// - Returns: whether the point was reached, before the task was cancelled.
        package func reached() async -> Bool {
            for await _ in stream { return true }
            return false
        }
    }

    // MARK: Passing

    /// Both sides of a connection share an event loop.
    private func connect(_ client: any Channel) -> EventLoopFuture<Void> {
        remember(client)
        return ClientBootstrap(group: client.eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { [self] server in
                remember(server)
                return server.pipeline.addHandler(Passage(proxy: self, direction: .toClient, connection: client, peer: client))
            }
            .connect(host: "127.0.0.1", port: target)
            .flatMap { [self] server in
                client.pipeline.addHandler(Passage(proxy: self, direction: .toServer, connection: client, peer: server))
            }
    }

    private func remember(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        connections.withLock { $0[id] = channel }
        channel.closeFuture.whenComplete { [weak self] _ in self?.connections.withLock { $0[id] = nil } }
    }

    fileprivate func pass(
        _ bytes: ByteBuffer, _ direction: FreezingPoint.Direction, on connection: any Channel, to peer: any Channel
    ) {
        state.withLock { state in
            var passing = bytes
            if !state.isFrozen, let cut = state.point?.cut(bytes, direction, on: ObjectIdentifier(connection)) {
                passing = cut.passing
                state.isFrozen = true
                state.held.append((cut.held, peer))
                state.point?.signal?.yield()
            } else if state.isFrozen {
                state.held.append((bytes, peer))
                return
            }
            // Under the lock, so that what is thawed goes first.
            if passing.readableBytes > 0 { peer.writeAndFlush(passing, promise: nil) }
        }
    }
}

/// One direction of one connection.
private final class Passage: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let proxy: TCPProxy
    private let direction: FreezingPoint.Direction
    private let connection: any Channel
    private let peer: any Channel

    init(proxy: TCPProxy, direction: FreezingPoint.Direction, connection: any Channel, peer: any Channel) {
        self.proxy = proxy
        self.direction = direction
        self.connection = connection
        self.peer = peer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        proxy.pass(unwrapInboundIn(data), direction, on: connection, to: peer)
    }

    func channelInactive(context: ChannelHandlerContext) {
        peer.close(promise: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
