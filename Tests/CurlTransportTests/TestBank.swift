import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A scripted HTTP/1.1 server over real sockets, with or without TLS. It counts what reaches it.
final class TestBank: Sendable {
    struct Request: Sendable {
        var head: String
        var body: String
        /// From 1.
        var numberOnConnection: Int

        func value(of field: String) -> String? {
            let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(field.lowercased() + ":") }
            return line.map { String($0.dropFirst(field.count + 1).trimmingPrefix(" ")) }
        }
    }

    enum Reply: Sendable {
        case text(String)
        case textThenClose(String)
        case close
        case reset
        case silence
        /// Answers when `release()` is called.
        case held(String)
        /// The text, and then one byte every few milliseconds for ever.
        case drip(String)
        /// The text, and then this many bytes as fast as they are taken.
        case flood(String, bytes: Int)

        static let ok = Reply.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    }

    /// What reached the bank.
    struct Counts: Sendable {
        /// TCP connections, and so TLS handshakes.
        var connections = 0
        var closed = 0
        /// Requests of which any byte came.
        var begun = 0
        var bytesWritten = 0
    }

    final class Ledger: Sendable {
        private let counts = Mutex(Counts())
        var current: Counts { counts.withLock { $0 } }
        func note(_ change: (inout Counts) -> Void) { counts.withLock { change(&$0) } }
    }

    let port: Int
    /// Every complete request.
    let requests: AsyncStream<Request>
    /// Every connection that is closed.
    let endings: AsyncStream<Void>
    let ledger: Ledger
    private let channel: any Channel
    private let gate: EventLoopPromise<Void>

    /// - Parameter closesAtRequest: the number, on its connection, of the request at whose first byte the connection is closed.
    init(
        tls: TLSConfiguration?, closesAtRequest: Int? = nil,
        script: @escaping @Sendable (Request) -> Reply = { _ in .ok }
    ) async throws {
        let (requests, arrivals) = AsyncStream<Request>.makeStream()
        let (endings, ends) = AsyncStream<Void>.makeStream()
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let group = MultiThreadedEventLoopGroup.singleton
        let gate = group.any().makePromise(of: Void.self)
        let ledger = Ledger()
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
                    let connection = BankConnection(
                        ledger: ledger, gate: gate.futureResult, arrivals: arrivals, ends: ends, closesAtRequest: closesAtRequest,
                        script: script)
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.requests = requests
        self.endings = endings
        self.gate = gate
        self.ledger = ledger
    }

    var counts: Counts { ledger.current }

    func release() { gate.succeed(()) }

    func stop() async throws {
        gate.succeed(())
        try await channel.close()
    }
}

private final class BankConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let ledger: TestBank.Ledger
    private let gate: EventLoopFuture<Void>
    private let arrivals: AsyncStream<TestBank.Request>.Continuation
    private let ends: AsyncStream<Void>.Continuation
    private let closesAtRequest: Int?
    private let script: @Sendable (TestBank.Request) -> TestBank.Reply
    private var received = ""
    private var number = 0
    private var inRequest = false
    private var flood = 0

    init(
        ledger: TestBank.Ledger, gate: EventLoopFuture<Void>, arrivals: AsyncStream<TestBank.Request>.Continuation,
        ends: AsyncStream<Void>.Continuation, closesAtRequest: Int?,
        script: @escaping @Sendable (TestBank.Request) -> TestBank.Reply
    ) {
        self.ledger = ledger
        self.gate = gate
        self.arrivals = arrivals
        self.ends = ends
        self.closesAtRequest = closesAtRequest
        self.script = script
    }

    func channelActive(context: ChannelHandlerContext) {
        ledger.note { $0.connections += 1 }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ledger.note { $0.closed += 1 }
        ends.yield()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        if !inRequest {
            inRequest = true
            number += 1
            ledger.note { $0.begun += 1 }
            if number == closesAtRequest { return context.close(promise: nil) }
        }
        guard let request = takeRequest() else { return }
        inRequest = false
        arrivals.yield(request)
        perform(script(request), context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { pour(context) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func takeRequest() -> TestBank.Request? {
        guard let end = received.firstRange(of: "\r\n\r\n") else { return nil }
        var request = TestBank.Request(head: String(received[..<end.lowerBound]), body: "", numberOnConnection: number)
        let length = request.value(of: "Content-Length").flatMap { Int($0) } ?? 0
        guard received[end.upperBound...].utf8.count >= length else { return nil }
        request.body = String(received[end.upperBound...])
        received = ""
        return request
    }

    private func perform(_ reply: TestBank.Reply, _ context: ChannelHandlerContext) {
        switch reply {
        case .text(let text): write(text, context)
        case .textThenClose(let text):
            write(text, context)
            context.close(promise: nil)
        case .close: context.close(promise: nil)
        case .reset:
            _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            context.channel.pipeline.close(mode: .all, promise: nil)
        case .silence: break
        case .held(let text):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            gate.hop(to: context.eventLoop).whenSuccess { bound.value.0.write(text, bound.value.1) }
        case .drip(let text):
            write(text, context)
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(5)) { task in
                guard bound.value.1.channel.isActive else { return task.cancel() }
                bound.value.0.write("x", bound.value.1)
            }
        case .flood(let text, let bytes):
            write(text, context)
            flood = bytes
            pour(context)
        }
    }

    private func pour(_ context: ChannelHandlerContext) {
        let chunk = String(repeating: "y", count: 65_536)
        while flood > 0, context.channel.isWritable, context.channel.isActive {
            write(chunk, context)
            flood -= chunk.utf8.count
        }
    }

    private func write(_ text: String, _ context: ChannelHandlerContext) {
        ledger.note { $0.bytesWritten += text.utf8.count }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}
