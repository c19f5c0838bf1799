import NIOCore
import NIOPosix
import Synchronization

/// Answers every GET on 127.0.0.1 with one document, which a test can change: an issuer's keys, for one.
package final class DocumentServer: Sendable {
    private let document: Mutex<[UInt8]>
    private let count = Atomic<Int>(0)

    private init(_ document: [UInt8]) { self.document = Mutex(document) }

    /// Runs the body while it listens, and ends it whatever happens.
    package static func with(
        _ document: [UInt8], _ body: (_ server: DocumentServer, _ url: String) async throws -> Void
    ) async throws {
        let server = DocumentServer(document)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture { try child.pipeline.syncOperations.addHandler(DocumentHandler(server)) }
            }.bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(server, "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/keys")
            try await channel.close().get()
        } catch {
            try? await channel.close().get()
            throw error
        }
    }

    package func replace(_ document: [UInt8]) { self.document.withLock { $0 = document } }

    /// Requests so far.
    package var requests: Int { count.load(ordering: .relaxed) }

    fileprivate func answer() -> [UInt8] {
        count.wrappingAdd(1, ordering: .relaxed)
        let body = document.withLock { $0 }
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        return Array(head.utf8) + body
    }
}

/// One connection, for one request without a body.
private final class DocumentHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let headEnd = Array("\r\n\r\n".utf8)
    private static let longest = 64 * 1024

    private let server: DocumentServer
    private var bytes: [UInt8] = []

    init(_ server: DocumentServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytesView
        guard bytes.count <= Self.longest else { return context.close(promise: nil) }
        guard bytes.firstRange(of: Self.headEnd) != nil else { return }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: server.answer()))).whenComplete { _ in channel.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
