package import AdapterKit
import NIOCore
import NIOPosix
import Signing
import Synchronization
import TestKit

/// A payment service's endpoint for webhooks, on 127.0.0.1: says what a test wants, and can be away.
package final class WebhookReceiver: Sendable {
    package let port: Int
    private let state: Mutex<State>
    private let arrivals: AsyncStream<WebhookPost>
    private let arrived: AsyncStream<WebhookPost>.Continuation

    private struct State {
        var status: Int?
        var listener: (any Channel)?
        var received: [WebhookPost] = []
    }

    private init(port: Int, status: Int?) {
        self.port = port
        state = Mutex(State(status: status))
        (arrivals, arrived) = AsyncStream.makeStream()
    }

    /// Runs the body while it listens, and ends it whatever happens.
    /// - Parameter status: with which it answers; `nil`: it takes posts and says nothing.
    package static func with<Result>(
        status: Int? = 200, _ body: (WebhookReceiver) async throws -> Result
    ) async throws -> Result {
        let receiver = WebhookReceiver(port: try RedisServer.freePort(), status: status)
        try await receiver.open()
        do {
            let result = try await body(receiver)
            await receiver.close()
            return result
        } catch {
            await receiver.close()
            throw error
        }
    }

    /// Takes connections again.
    package func open() async throws {
        let bound = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Reception(self)) }
            }
            .bind(host: "127.0.0.1", port: port).get()
        state.withLock { $0.listener = bound }
    }

    /// Refuses connections.
    package func close() async {
        let bound = state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
        // One that is closed already is what is wanted.
        try? await bound?.close().get()
    }

    package func answer(_ status: Int?) { state.withLock { $0.status = status } }

    /// All posts so far.
    package var received: [WebhookPost] { state.withLock { $0.received } }

    /// Waits for the next post that nobody has waited for; `nil` when the task is cancelled.
    package func next() async -> WebhookPost? {
        for await post in arrivals { return post }
        return nil
    }

    /// - Returns: what to answer.
    fileprivate func take(_ post: WebhookPost) -> Int? {
        defer { arrived.yield(post) }
        return state.withLock { state in
            state.received.append(post)
            return state.status
        }
    }
}

/// One post as it came.
package struct WebhookPost: Sendable {
    package let requestLine: String
    package let headers: Headers
    package let body: [UInt8]

    package var json: JSON? { try? JSON(parsing: body) }
    package var id: String { headers.single("webhook-id") ?? "no id" }
    package var type: String? { json?["type"]?.text }

    /// Whether its signature holds with this secret, `whsec_` and base64.
    package func isSigned(with secret: Secret) -> Bool {
        guard let key = StandardWebhooks.secret(secret), let timestamp = headers.single("webhook-timestamp"),
            let signature = headers.single("webhook-signature")
        else { return false }
        return StandardWebhooks.verify(signature, id: id, timestamp: timestamp, body: body, with: [key])
    }

    /// `nil` while the bytes are not one whole request.
    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        var headers = Headers()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            headers.add(String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        requestLine = lines.first.map(String.init) ?? ""
        self.headers = headers
        body = Array(bytes[end.upperBound...])
        guard headers.single("content-length").flatMap({ Int($0) }) == body.count else { return nil }
    }
}

/// One connection, for one post.
private final class Reception: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let longest = 1_000_000

    private let receiver: WebhookReceiver
    private var bytes: [UInt8] = []

    init(_ receiver: WebhookReceiver) { self.receiver = receiver }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytesView
        guard bytes.count <= Self.longest else { return context.close(promise: nil) }
        guard let post = WebhookPost(bytes), let status = receiver.take(post) else { return }
        let answer = "HTTP/1.1 \(status) Said\r\nContent-Length: 0\r\nConnection: close\r\nLocation: /elsewhere\r\n\r\n"
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer))).whenComplete { _ in channel.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
