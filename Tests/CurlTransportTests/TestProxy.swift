import NIOCore
import NIOPosix
import Synchronization

/// An HTTP proxy that knows CONNECT and nothing else.
final class TestProxy: Sendable {
    let port: Int
    private let channel: any Channel
    private let tunnels: Tunnels

    final class Tunnels: Sendable {
        private let targets = Mutex<[String]>([])
        var all: [String] { targets.withLock { $0 } }
        func append(_ target: String) { targets.withLock { $0.append(target) } }
    }

    /// What it was asked to connect to, in order.
    var targets: [String] { tunnels.all }

    /// - Parameter refuses: answers 403 to every CONNECT.
    init(refuses: Bool = false) async throws {
        let tunnels = Tunnels()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ProxyConnection(tunnels: tunnels, refuses: refuses))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.tunnels = tunnels
    }

    func stop() async throws { try await channel.close() }
}

private final class ProxyConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let tunnels: TestProxy.Tunnels
    private let refuses: Bool
    private var head = ""
    private var gateway: (any Channel)?

    init(tunnels: TestProxy.Tunnels, refuses: Bool) {
        self.tunnels = tunnels
        self.refuses = refuses
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if let gateway { return gateway.writeAndFlush(bytes, promise: nil) }
        head += String(buffer: bytes)
        guard head.hasSuffix("\r\n\r\n") else { return }
        connect(context)
    }

    func channelInactive(context: ChannelHandlerContext) { gateway?.close(promise: nil) }

    private func connect(_ context: ChannelHandlerContext) {
        let target = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        tunnels.append(target)
        guard !refuses, let port = target.split(separator: ":").last.flatMap({ Int($0) }) else {
            return answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", context)
        }
        let client = context.channel
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Return(to: client)) }
            }
            .connect(host: "127.0.0.1", port: port)
            .whenSuccess { gateway in
                bound.value.0.gateway = gateway
                bound.value.0.answer("HTTP/1.1 200 Connection established\r\n\r\n", bound.value.1)
            }
    }

    private func answer(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}

/// Carries what the gateway says back to the client.
private final class Return: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: any Channel

    init(to client: any Channel) { self.client = client }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { client.writeAndFlush(unwrapInboundIn(data), promise: nil) }

    func channelInactive(context: ChannelHandlerContext) { client.close(promise: nil) }
}
