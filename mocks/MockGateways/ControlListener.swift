import AdapterKit
import NIOCore
import NIOHTTP1
import NIOPosix

/// The control API's listener: plain HTTP on the loopback address, and nowhere else.
struct ControlListener: Sendable {
    let bank: Bank

    func bind(port: Int) async throws -> Listener {
        let control = Control(bank: bank)
        return try await Listener.bind("127.0.0.1", port) { channel in
            channel.pipeline.configureHTTPServerPipeline(withErrorHandling: true).flatMap {
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([RequestCollector(), ControlHandler(control: control)])
                }
            }
        }
    }
}

/// Answers requests of the control API.
private final class ControlHandler: ChannelInboundHandler {
    typealias InboundIn = CollectedRequest
    typealias OutboundOut = HTTPServerResponsePart

    private let control: Control

    init(control: Control) { self.control = control }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let request = unwrapInboundIn(data)
        let answer = control.answer(request)
        let body = answer.body.encoded()
        var headers: HTTPHeaders = ["Content-Type": "application/json", "Content-Length": String(body.count)]
        if !request.head.isKeepAlive { headers.add(name: "Connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        let sent = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        guard !request.head.isKeepAlive else { return }
        let channel = context.channel
        sent.whenComplete { _ in channel.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
