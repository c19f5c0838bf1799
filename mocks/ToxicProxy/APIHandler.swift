import AdapterKit
import NIOCore
import NIOHTTP1

/// One connection to the API.
final class APIHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let maximumBodyBytes = 1_048_576

    private let line: RequestLine
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(line: RequestLine) { self.line = line }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (self.head, body) = (head, [])
        case .body(let bytes): collect(bytes, context)
        case .end: finish(context)
        }
    }

    private func collect(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard let head else { return }
        guard body.count + bytes.readableBytes <= Self.maximumBodyBytes else {
            self.head = nil
            return send(.refused(.bodyTooLarge), keepsAlive: false, version: head.version, context)
        }
        body += bytes.readableBytesView
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard let head else { return }
        let promise = context.eventLoop.makePromise(of: ProxyAPI.Answer.self)
        let path = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? ""
        line.answer(
            ProxyAPI.Request(method: head.method, path: path, userAgent: head.headers.first(name: "User-Agent"), body: body),
            promise)
        promise.futureResult.assumeIsolated().whenSuccess { answer in
            self.send(answer, keepsAlive: head.isKeepAlive, version: head.version, context)
        }
    }

    private func send(_ answer: ProxyAPI.Answer, keepsAlive: Bool, version: HTTPVersion, _ context: ChannelHandlerContext) {
        let body = answer.body?.encoded() ?? []
        var headers = HTTPHeaders()
        if answer.body != nil {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: String(body.count))
        }
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        let head = HTTPResponseHead(version: version, status: .init(statusCode: answer.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !body.isEmpty { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil) }
        let sent = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        guard !keepsAlive else { return }
        let channel = context.channel
        sent.whenComplete { _ in channel.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
