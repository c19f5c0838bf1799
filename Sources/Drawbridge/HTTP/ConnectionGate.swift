import NIOCore
import NIOHTTP1

/// The first to see a connection, and its bytes before anything reads them.
final class ConnectionGate: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let watch: ConnectionWatch
    private var isRefused = false

    init(_ watch: ConnectionWatch) { self.watch = watch }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        watch.opened(CallerAddress(context.remoteAddress))
    }

    func channelInactive(context: ChannelHandlerContext) {
        watch.closed()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        guard watch.received(unwrapInboundIn(data).readableBytes) else {
            isRefused = true
            return context.fireErrorCaught(HTTPParserError.invalidChunkSize)
        }
        context.fireChannelRead(data)
    }
}
