import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Puts what watches a connection in front of what reads it: the HTTP library lets us add handlers only behind.
final class InboundSetup: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart

    private let listener: InboundListener

    init(_ listener: InboundListener) { self.listener = listener }

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            let pipeline = context.pipeline.syncOperations
            let watch = ConnectionWatch(context.channel, listener)
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(ConnectionGate(watch), position: .before(decoder))
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(RequestFraming(watch), position: .before(codec))
        } catch {
            // A connection that cannot be watched is not kept.
            context.close(promise: nil)
        }
    }
}
