import NIOCore
import NIOHTTP1

/// Refuses requests whose end, or whose host, another server on the way may see elsewhere (RFC 9112): nothing behind such a request
/// is read as one. The HTTP library refuses most by itself; here is what it lets pass.
final class RequestFraming: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let watch: ConnectionWatch
    private var isRefused = false

    init(_ watch: ConnectionWatch) { self.watch = watch }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard head.isSound else { return errorCaught(context: context, error: HTTPParserError.unknown) }
            watch.head()
        case .body(let bytes): watch.body(bytes.readableBytes)
        case .end: watch.end()
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, !isRefused {
            isRefused = true
            watch.refuse()
        }
        context.fireErrorCaught(error)
    }
}

extension HTTPRequestHead {
    private static let longestHost = 255
    private static let longestLength = 19

    fileprivate var isSound: Bool {
        guard version == .http1_1 || version == .http1_0, uri.utf8.first == UInt8(ascii: "/") else { return false }
        let hosts = headers["Host"]
        guard hosts.count == 1 || (hosts.isEmpty && version == .http1_0), hosts.allSatisfy(Self.isHost) else { return false }
        let lengths = headers["Content-Length"]
        guard lengths.count <= 1, lengths.allSatisfy(Self.isLength) else { return false }
        let codings = headers["Transfer-Encoding"]
        return codings.isEmpty || (codings.map { $0.lowercased() } == ["chunked"] && lengths.isEmpty && version == .http1_1)
    }

    private static func isHost(_ text: String) -> Bool {
        (1...longestHost).contains(text.utf8.count)
            && text.utf8.allSatisfy { ValueSyntax<String>.isAlphanumeric($0) || ".-_:[]%~".utf8.contains($0) }
    }

    private static func isLength(_ text: String) -> Bool {
        (1...longestLength).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
