import AdapterKit
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Signing
import Synchronization
import TestKit

/// Plays the one who is called back: answers as told, then 204, and remembers what came.
struct CallbackReceiver: Sendable {
    enum Step: Sendable {
        case status(Int)
        /// Takes the request and never answers.
        case silence
        /// Takes the request and closes.
        case cut
        /// Answers 204 when the gate is open.
        case held(Gate)
    }

    struct Received: Sendable {
        let head: HTTPRequestHead
        let body: [UInt8]

        func header(_ name: String) -> String? {
            let values = head.headers[name]
            return values.count == 1 ? values[0] : nil
        }
        var method: String { head.method.rawValue }
        var target: String { head.uri }
        var json: JSON? { try? JSON(parsing: body) }
        var eventID: String? { header("X-Event-Id") }
        var nonce: String? { header("X-Nonce") }
        var status: String? { json?["data"]?["status"]?.text }
        var timestamp: Timestamp? { header("X-Timestamp").flatMap { Timestamp(wholeSecondsRFC3339: $0) } }

        func isSigned(with secret: Secret) -> Bool {
            guard let signature = header("X-Signature"), let timestamp = header("X-Timestamp"), let nonce, let eventID else {
                return false
            }
            let signed = HMACV1.Request(
                method: head.method.rawValue, target: head.uri, body: body, tenant: nonce, idempotencyKey: eventID,
                timestamp: timestamp)
            return HMACV1.verify(signature, of: signed, with: [secret])
        }
    }

    let port: Int
    private let channel: any Channel
    private let book: ReceiverBook

    /// - Parameter tls: its certificate, and who signs those of the clients it asks for.
    static func start(
        _ steps: [Step] = [], tls: (server: TestCertificate, clientAuthority: TestCertificate)? = nil
    ) async throws -> CallbackReceiver {
        let context = try tls.map { try Self.context($0.server, $0.clientAuthority) }
        let book = ReceiverBook(steps)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    if let context { try child.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    try child.pipeline.syncOperations.addHandler(ReceivingHandler(book))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        return CallbackReceiver(port: channel.localAddress?.port ?? 0, channel: channel, book: book)
    }

    private static func context(_ server: TestCertificate, _ clientAuthority: TestCertificate) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(server.certificate).map { NIOSSLCertificateSource.certificate($0) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(try NIOSSLPrivateKey(bytes: server.key, format: .pem)))
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(clientAuthority.certificate))
        return try NIOSSLContext(configuration: configuration)
    }

    func stop() async { try? await channel.close().get() }

    var received: [Received] { book.received }
    /// Requests that were being answered at the same time, at most.
    var mostOpen: Int { book.mostOpen }

    /// Returns once so many requests have come.
    func receives(_ count: Int) async { await book.receives(count) }
}

/// What came, and what is still to be answered how.
private final class ReceiverBook: Sendable {
    private struct State {
        var steps: [CallbackReceiver.Step]
        var received: [CallbackReceiver.Received] = []
        var open = 0
        var mostOpen = 0
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>

    init(_ steps: [CallbackReceiver.Step]) { state = Mutex(State(steps: steps)) }

    var received: [CallbackReceiver.Received] { state.withLock { $0.received } }
    var mostOpen: Int { state.withLock { $0.mostOpen } }

    /// Returns once so many requests have come.
    func receives(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.received.count < count { state.waiting.append((count, continuation)) }
                return state.received.count >= count
            }
            if isReady { continuation.resume() }
        }
    }

    func take(_ request: CallbackReceiver.Received) -> CallbackReceiver.Step {
        let (step, ready) = state.withLock { state in
            state.received.append(request)
            state.open += 1
            state.mostOpen = max(state.mostOpen, state.open)
            let ready = state.waiting.filter { $0.count <= state.received.count }
            state.waiting.removeAll { $0.count <= state.received.count }
            return (state.steps.isEmpty ? .status(204) : state.steps.removeFirst(), ready)
        }
        for waiting in ready { waiting.continuation.resume() }
        return step
    }

    func answered() { state.withLock { $0.open -= 1 } }
}

private final class ReceivingHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let book: ReceiverBook
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ book: ReceiverBook) { self.book = book }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let bytes): body += bytes.readableBytesView
        case .end:
            guard let head else { return context.close(promise: nil) }
            follow(book.take(.init(head: head, body: body)), context)
        }
    }

    private func follow(_ step: CallbackReceiver.Step, _ context: ChannelHandlerContext) {
        switch step {
        case .status(let status): answer(status, context)
        case .silence: break
        case .cut: context.close(promise: nil)
        case .held(let gate):
            let passed = context.eventLoop.makePromise(of: Void.self)
            passed.completeWithTask { await gate.passed() }
            passed.futureResult.assumeIsolated().whenComplete { _ in self.answer(204, context) }
        }
    }

    private func answer(_ status: Int, _ context: ChannelHandlerContext) {
        book.answered()
        let headers: HTTPHeaders = status == 204 ? [:] : ["Content-Length": "0"]
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
