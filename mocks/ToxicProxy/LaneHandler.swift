import NIOCore

/// Stands at one socket: what comes from it enters `outward`, whose other end it is not; `inward` ends in it.
final class LaneHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let outward: Lane
    private let inward: Lane

    init(outward: Lane, inward: Lane) { (self.outward, self.inward) = (outward, inward) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { outward.take(.bytes(unwrapInboundIn(data))) }

    func read(context: ChannelHandlerContext) {
        if outward.mayRead() { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { inward.resume() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent { outward.take(.end(.close)) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        outward.take(.end(.close))
        inward.resume()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
