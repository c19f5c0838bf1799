import NIOCore
import NIOHTTP1

/// A request whose last byte has come.
struct CollectedRequest: Sendable {
    /// Bytes of a body; a longer one is answered 413 and never read to its end.
    static let maximumBody = 65_536

    let head: HTTPRequestHead
    let body: [UInt8]

    var method: String { head.method.rawValue }
    /// Path and query as on the wire.
    var target: String { head.uri }
    var headers: HTTPHeaders { head.headers }
    var path: Substring { head.uri.prefix { $0 != "?" } }
    /// After the first `?`; empty where there is none.
    var query: Substring { head.uri[path.endIndex...].dropFirst() }

    /// The value of a header field that must occur exactly once.
    func only(_ name: String) -> String? {
        let values = head.headers[name]
        return values.count == 1 ? values[0] : nil
    }
}

/// Gathers a request's parts, so that what follows sees whole requests.
final class RequestCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = CollectedRequest
    typealias OutboundOut = HTTPServerResponsePart

    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let received):
            head = received
            body = []
        case .body(let bytes):
            guard head != nil else { return }
            guard body.count + bytes.readableBytes <= CollectedRequest.maximumBody else { return refuse(context) }
            body += bytes.readableBytesView
        case .end:
            guard let head else { return }
            self.head = nil
            context.fireChannelRead(wrapInboundOut(CollectedRequest(head: head, body: body)))
        }
    }

    private func refuse(_ context: ChannelHandlerContext) {
        head = nil
        let answer = HTTPResponseHead(
            version: .http1_1, status: .payloadTooLarge, headers: ["Content-Length": "0", "Connection": "close"])
        context.write(wrapOutboundOut(.head(answer)), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
