import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Payments

/// Gives a body to what the HTTP library itself refuses: requests that break HTTP become a problem like any other.
final class RefusalHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let requestID: @Sendable () -> String

    init(requestID: @escaping @Sendable () -> String) { self.requestID = requestID }

    /// Whatever is wrong with a request's head is answered as a parse error is.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.fireErrorCaught(error is HTTP1TypeConversionError ? HTTPParserError.unknown : error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(let head) = unwrapOutboundIn(data), head.isBareRefusal else {
            return context.write(data, promise: promise)
        }
        let requestID = requestID()
        let problem = Problem(.malformedRequest, "The request breaks HTTP/1.1, or its headers are over the limit.")
        let body = ByteBuffer(bytes: problem.body(requestID: requestID))
        var answer = head
        answer.headerFields[.contentLength] = String(body.readableBytes)
        answer.headerFields[.contentType] = "application/problem+json"
        answer.headerFields.set("X-Request-Id", requestID)
        context.write(wrapOutboundOut(.head(answer)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: promise)
    }
}

extension HTTPResponse {
    /// The library's own answer to a request that it cannot parse: 400, no type, no body, and the end of the connection. A callback
    /// is refused without a body too, but not with that end.
    fileprivate var isBareRefusal: Bool {
        status == .badRequest && headerFields[.contentLength] == "0" && headerFields[.contentType] == nil
            && headerFields[.connection] == "close"
    }
}
