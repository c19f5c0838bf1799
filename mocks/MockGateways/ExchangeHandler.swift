import NIOCore
import NIOHTTP1

/// One connection (HTTP/1) or one stream (HTTP/2): hands whole requests to the bank and does to the bytes what was asked for.
final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = CollectedRequest
    typealias OutboundOut = HTTPServerResponsePart

    private let bank: Bank
    /// Set until an answer has gone out: the mock serves one request of a connection at a time.
    private var isBusy = false

    init(bank: Bank) { self.bank = bank }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isBusy else { return close(context.channel) }
        isBusy = true
        let request = unwrapInboundIn(data)
        let keepsAlive = request.head.isKeepAlive
        if let action = bank.expected(request) { return follow(action, context, keepsAlive: keepsAlive) }
        switch bank.admit(request, overHTTP2: context.channel.parent?.parent != nil) {
        case .answered(let reply): send(reply, context, keepsAlive: keepsAlive)
        case .admitted(let visit): serve(visit, context, keepsAlive: keepsAlive)
        }
    }

    private func follow(_ action: Expectations.Action, _ context: ChannelHandlerContext, keepsAlive: Bool) {
        switch action {
        case .respond(let response):
            later(response.delayMilliseconds, context) { handler, context in
                handler.send(Reply(response), context, keepsAlive: keepsAlive)
            }
        case .drop(let milliseconds): later(milliseconds, context) { handler, context in handler.close(context.channel) }
        }
    }

    private func serve(_ visit: Bank.Visit, _ context: ChannelHandlerContext, keepsAlive: Bool) {
        switch visit.misbehaviour {
        case .hang: break
        case .cutBefore: close(context.channel)
        case .cutAfter:
            let deed = bank.act(on: visit)
            close(context.channel)
            bank.tell(deed.news)
        case .slowBefore(let milliseconds):
            later(milliseconds, context) { handler, context in
                handler.answer(handler.bank.act(on: visit), context, keepsAlive: keepsAlive)
            }
        case .slowAfter(let milliseconds):
            let deed = bank.act(on: visit)
            later(milliseconds, context) { handler, context in handler.answer(deed, context, keepsAlive: keepsAlive) }
        case .callback(.beforeAnswer): answerAfterCallback(bank.act(on: visit), context, keepsAlive: keepsAlive)
        default: answer(bank.act(on: visit), context, keepsAlive: keepsAlive)
        }
    }

    private func answer(_ deed: Bank.Deed, _ context: ChannelHandlerContext, keepsAlive: Bool) {
        send(deed.reply, context, keepsAlive: keepsAlive)
        bank.tell(deed.news)
    }

    private func answerAfterCallback(_ deed: Bank.Deed, _ context: ChannelHandlerContext, keepsAlive: Bool) {
        let telling = bank.tell(deed.news)
        let told = context.eventLoop.makePromise(of: Void.self)
        told.completeWithTask { await telling?.value }
        told.futureResult.assumeIsolated().whenComplete { _ in self.send(deed.reply, context, keepsAlive: keepsAlive) }
    }

    /// Runs whether or not the caller is still there: what is sent to one who has left goes nowhere.
    private func later(
        _ milliseconds: Int, _ context: ChannelHandlerContext, _ work: @escaping (ExchangeHandler, ChannelHandlerContext) -> Void
    ) {
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(milliseconds))) { work(self, context) }
    }

    /// The whole connection, also below a stream.
    private func close(_ channel: any Channel) { Self.connection(of: channel).close(promise: nil) }

    private static func connection(of channel: any Channel) -> any Channel {
        // A stream's parent is its connection, whose parent is the listener.
        if let parent = channel.parent, parent.parent != nil { parent } else { channel }
    }
}

// MARK: - Sending

extension ExchangeHandler {
    private func send(_ reply: Reply, _ context: ChannelHandlerContext, keepsAlive: Bool) {
        var headers = reply.headers
        headers.add(name: "Content-Length", value: String(reply.length))
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: reply.line, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        switch reply.delivery {
        case .whole: finish(reply.body, context, closing: !keepsAlive)
        case .wholeThenClose: finish(reply.body, context, closing: true)
        case .cutMidway: write(reply.body.prefix(reply.body.count / 2), context).whenComplete(closing(context))
        case .drip:
            context.flush()
            drip(reply.body[...], context, closing: !keepsAlive)
        case .flood(let bytes): flood(bytes, context)
        }
    }

    private func write(_ bytes: some Collection<UInt8>, _ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: bytes)))))
    }

    private func finish(_ body: [UInt8], _ context: ChannelHandlerContext, closing: Bool) {
        if !body.isEmpty { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil) }
        // What still arrives on a connection that is going away is not served.
        isBusy = closing
        let sent = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if closing { sent.whenComplete(self.closing(context)) }
    }

    private func closing(_ context: ChannelHandlerContext) -> @Sendable (Result<Void, any Error>) -> Void {
        let connection = Self.connection(of: context.channel)
        return { _ in connection.close(promise: nil) }
    }

    private func drip(_ rest: ArraySlice<UInt8>, _ context: ChannelHandlerContext, closing: Bool) {
        guard context.channel.isActive else { return }
        guard let byte = rest.first else { return finish([], context, closing: closing) }
        write([byte], context).whenFailure { [connection = Self.connection(of: context.channel)] _ in
            connection.close(promise: nil)
        }
        later(1000, context) { handler, context in handler.drip(rest.dropFirst(), context, closing: closing) }
    }

    private static let floodChunk = [UInt8](repeating: UInt8(ascii: " "), count: 1_000_000)

    /// One piece at a time, each once the one before it has left.
    private func flood(_ rest: Int, _ context: ChannelHandlerContext) {
        guard rest > 0 else { return finish([], context, closing: true) }
        let piece = Self.floodChunk.prefix(rest)
        write(piece, context).assumeIsolated().whenComplete { result in
            guard case .success = result else { return self.close(context.channel) }
            self.flood(rest - piece.count, context)
        }
    }
}

extension Reply {
    fileprivate var line: HTTPResponseStatus {
        reason.map { .custom(code: UInt(status), reasonPhrase: $0) } ?? .init(statusCode: status)
    }

    fileprivate var length: Int {
        if case .flood(let bytes) = delivery { bytes } else { body.count }
    }
}
