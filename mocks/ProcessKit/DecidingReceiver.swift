import AdapterKit
import NIOCore
import NIOPosix
import Signing
import Synchronization

/// Plays a payment service that is posted to: answers 204, where it answers at all, and remembers what came.
package final class DecidingReceiver: Sendable {
    package struct Delivery: Sendable {
        package let id: String
        package let body: [UInt8]
        /// Whether it was signed with the receiver's secret.
        package let isSigned: Bool
        /// Whether it was answered, or is about to be.
        package internal(set) var isAnswered = false
    }

    /// As a configuration has it.
    package static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="

    /// - Parameter number: 0 for the first request.
    /// - Returns: whether it is answered.
    package typealias Decision = @Sendable (_ number: Int) async -> Bool

    private let decide: Decision
    private let deliveries = Mutex<[Delivery]>([])

    private init(_ decide: @escaping Decision) { self.decide = decide }

    /// Runs the body while it listens on a port of 127.0.0.1, and ends it whatever happens.
    package static func with(
        answers: @escaping Decision, _ body: @Sendable (_ receiver: DecidingReceiver, _ url: String) async throws -> Void
    ) async throws {
        let receiver = DecidingReceiver(answers)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture { try child.pipeline.syncOperations.addHandler(DecidingReader(receiver)) }
            }.bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(receiver, "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/hooks")
            try await channel.close().get()
        } catch {
            try? await channel.close().get()
            throw error
        }
    }

    package var received: [Delivery] { deliveries.withLock { $0 } }

    /// - Returns: whether it is to be answered.
    fileprivate func take(_ head: Headers, _ body: [UInt8]) async -> Bool {
        let (id, time) = (head.single("webhook-id") ?? "", head.single("webhook-timestamp") ?? "")
        let secrets = [StandardWebhooks.secret(Secret(text: Self.secret))].compactMap { $0 }
        let isSigned = StandardWebhooks.verify(
            head.single("webhook-signature") ?? "", id: id, timestamp: time, body: body, with: secrets)
        let number = deliveries.withLock { deliveries in
            deliveries.append(Delivery(id: id, body: body, isSigned: isSigned))
            return deliveries.count - 1
        }
        let isAnswered = await decide(number)
        deliveries.withLock { $0[number].isAnswered = isAnswered }
        return isAnswered
    }
}

/// Reads one request after the other off a connection.
private final class DecidingReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let headEnd = Array("\r\n\r\n".utf8)
    private static let longest = 1_000_000

    private let receiver: DecidingReceiver
    private var bytes: [UInt8] = []

    init(_ receiver: DecidingReceiver) { self.receiver = receiver }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytesView
        guard bytes.count < Self.longest else { return context.close(promise: nil) }
        guard let end = bytes.firstRange(of: Self.headEnd) else { return }
        let head = Self.headers(bytes[..<end.lowerBound])
        let length = head.single("content-length").flatMap { Int($0) } ?? 0
        guard bytes.count >= end.upperBound + length else { return }
        let body = Array(bytes[end.upperBound..<end.upperBound + length])
        bytes.removeFirst(end.upperBound + length)
        let decided = context.eventLoop.makePromise(of: Bool.self)
        decided.completeWithTask { [receiver] in await receiver.take(head, body) }
        decided.futureResult.assumeIsolated().whenSuccess { isAnswered in
            if isAnswered { self.answer(context) }
        }
    }

    private static func headers(_ head: ArraySlice<UInt8>) -> Headers {
        var headers = Headers()
        for line in String(decoding: head, as: UTF8.self).split(separator: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers.add(String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        return headers
    }

    private func answer(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 204 No Content\r\n\r\n")), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
