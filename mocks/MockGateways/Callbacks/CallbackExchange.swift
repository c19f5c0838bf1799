import NIOCore
import NIOHTTP1

/// One request and its answer on one connection.
final class CallbackExchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let end: @Sendable (CallbackResult) -> Void
    private var status: Int?

    private init(_ end: @escaping @Sendable (CallbackResult) -> Void) { self.end = end }

    /// Sends on a connected channel, within its event loop.
    /// - Parameter end: told what came of it; the first time counts.
    static func run(
        _ head: HTTPRequestHead, _ body: [UInt8], on channel: any Channel, _ end: @escaping @Sendable (CallbackResult) -> Void
    ) {
        do { try channel.pipeline.syncOperations.addHandler(CallbackExchange(end)) } catch { return end(.unanswered(.cut)) }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil)).whenFailure { _ in end(.unanswered(.cut)) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body: break
        case .end: end(status.map { .answered(status: $0) } ?? .unanswered(.cut))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(.unanswered(.cut)) }

    func channelInactive(context: ChannelHandlerContext) { end(.unanswered(.cut)) }
}
