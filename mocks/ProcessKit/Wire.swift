import NIOCore
import NIOPosix

/// Bytes to a port of this machine and what comes back: also those that no HTTP library would send.
package enum Wire {
    package struct NoAnswer: Error {}

    private static let longest = 4_000_000

    /// Sends on a connection of its own and reads until the other side closes it.
    /// - Parameter source: the address of this machine to come from.
    package static func exchange(_ bytes: [UInt8], port: Int, from source: String = "127.0.0.1") async throws -> Reply {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(to: SocketAddress(ipAddress: source, port: 0)).connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let received = try await channel.executeThenClose { inbound, outbound in
            // A server that refuses early no longer reads: its answer counts, not that.
            try? await outbound.write(ByteBuffer(bytes: bytes))
            return await everything(of: inbound)
        }
        guard let reply = Reply(received) else { throw NoAnswer() }
        return reply
    }

    private static func everything(of inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async -> [UInt8] {
        var received: [UInt8] = []
        do {
            for try await piece in inbound where received.count < longest { received += piece.readableBytesView }
        } catch {
            // A connection that is reset after its answer: what came is what counts.
        }
        return received
    }
}
