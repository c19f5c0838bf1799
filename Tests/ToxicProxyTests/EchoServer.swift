import NIOCore
import NIOPosix

/// Sends back what it gets, and closes when it gets `bye`.
struct EchoServer {
    let port: Int
    private let channel: any Channel
    /// Bytes of each connection whenever some arrived.
    let arrived: AsyncStream<Int>
    /// Bytes of each connection that ended.
    let ended: AsyncStream<Int>

    static func start() async throws -> EchoServer {
        let (arrived, arrival) = AsyncStream<Int>.makeStream()
        let (ended, end) = AsyncStream<Int>.makeStream()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Echo(arrived: arrival, ended: end))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return EchoServer(port: channel.localAddress?.port ?? 0, channel: channel, arrived: arrived, ended: ended)
    }

    func stop() async throws { try await channel.close().get() }

    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let arrived: AsyncStream<Int>.Continuation
        private let ended: AsyncStream<Int>.Continuation
        private var count = 0

        init(arrived: AsyncStream<Int>.Continuation, ended: AsyncStream<Int>.Continuation) {
            (self.arrived, self.ended) = (arrived, ended)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            count += bytes.readableBytes
            arrived.yield(count)
            if bytes.readableBytes == 3, String(buffer: bytes) == "bye" { return context.close(promise: nil) }
            context.writeAndFlush(data, promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { ended.yield(count) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
