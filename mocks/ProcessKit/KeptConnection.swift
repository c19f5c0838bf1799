import NIOCore
import NIOPosix

/// A connection that carries one request after the other, for tests that send thousands.
package struct KeptConnection {
    private static let headEnd = Array("\r\n\r\n".utf8)

    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var received: [UInt8] = []

    private init(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    /// Connects to a port of this machine, and closes when the body is done.
    package static func with(port: Int, _ body: (inout KeptConnection) async throws -> Void) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            var connection = KeptConnection(inbound, outbound)
            try await body(&connection)
        }
    }

    /// Sends a request that does not ask to end the connection.
    /// - Returns: the status of its answer, once that is whole.
    /// - Throws: when the connection ends before.
    package mutating func status(of request: [UInt8]) async throws -> Int {
        try await outbound.write(ByteBuffer(bytes: request))
        while true {
            if let answer = Answer(received) {
                received.removeFirst(answer.length)
                return answer.status
            }
            guard let piece = try await inbound.next() else { throw Wire.NoAnswer() }
            received += piece.readableBytesView
        }
    }

    private struct Answer {
        let status: Int
        /// Of all of it, in bytes.
        let length: Int

        /// `nil` until all of it has come.
        init?(_ bytes: [UInt8]) {
            guard let end = bytes.firstRange(of: KeptConnection.headEnd) else { return nil }
            let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased().split(separator: "\r\n")
            let name = "content-length:"
            let said = lines.first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count).filter(\.isNumber)) }
            length = end.upperBound + (said ?? 0)
            guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }), bytes.count >= length
            else { return nil }
            self.status = status
        }
    }
}
