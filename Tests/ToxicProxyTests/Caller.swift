import NIOCore
import NIOPosix

/// A client of a proxy.
final class Caller: Sendable {
    enum Ending: Equatable {
        case closed
        case reset
    }

    private let channel: any Channel
    private let received: AsyncThrowingStream<ByteBuffer, any Error>

    private init(channel: any Channel, received: AsyncThrowingStream<ByteBuffer, any Error>) {
        (self.channel, self.received) = (channel, received)
    }

    static func connect(_ port: Int) async throws -> Caller {
        let (received, intake) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Intake(intake: intake))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return Caller(channel: channel, received: received)
    }

    func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
    func send(_ text: String) { send(Array(text.utf8)) }

    /// The next so many bytes, or fewer when the connection ends before.
    func receive(_ count: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in received {
            bytes += Array(buffer: part)
            if bytes.count >= count { break }
        }
        return bytes
    }

    func text(_ count: Int) async throws -> String { String(decoding: try await receive(count), as: UTF8.self) }

    /// How the connection ends, after whatever still comes.
    func ending() async -> Ending {
        do {
            for try await _ in received {}
            return .closed
        } catch { return .reset }
    }

    func close() { channel.close(promise: nil) }

    private final class Intake: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let intake: AsyncThrowingStream<ByteBuffer, any Error>.Continuation

        init(intake: AsyncThrowingStream<ByteBuffer, any Error>.Continuation) { self.intake = intake }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { intake.yield(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { intake.finish() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { intake.finish(throwing: error) }
    }
}
