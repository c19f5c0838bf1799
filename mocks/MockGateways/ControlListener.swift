import AdapterKit
import NIOCore
import NIOHTTP1
import NIOPosix

/// The control API's listener: plain HTTP on the loopback address, and nowhere else.
struct ControlListener: Sendable {
    let bank: Bank
    /// Where the gateway itself listens.
    let gatewayPort: Int

    func bind(port: Int) async throws -> Listener {
        let control = Control(bank: bank)
        let mockServer = ExpectationControl(expectations: bank.expectations, port: gatewayPort)
        return try await Listener.bind("127.0.0.1", port) { channel in
            channel.pipeline.configureHTTPServerPipeline(withErrorHandling: true).flatMap {
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        RequestCollector(), ControlHandler(control: control, mockServer: mockServer),
                    ])
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
    private let mockServer: ExpectationControl

    init(control: Control, mockServer: ExpectationControl) {
        self.control = control
        self.mockServer = mockServer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let request = unwrapInboundIn(data)
        let reply = reply(to: request)
        var headers: HTTPHeaders = ["Content-Length": String(reply.body.count)]
        if let type = reply.contentType { headers.add(name: "Content-Type", value: type) }
        if !request.head.isKeepAlive { headers.add(name: "Connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: reply.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: reply.body)))), promise: nil)
        let sent = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        guard !request.head.isKeepAlive else { return }
        let channel = context.channel
        sent.whenComplete { _ in channel.close(promise: nil) }
    }

    private func reply(to request: CollectedRequest) -> ExpectationControl.Reply {
        if let reply = mockServer.answer(method: request.method, target: request.head.uri, body: request.body) { return reply }
        let answer = control.answer(request)
        return .json(answer.status, answer.body)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
