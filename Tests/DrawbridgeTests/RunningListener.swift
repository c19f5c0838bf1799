import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Payments
import Synchronization
import TestKit

@testable import Drawbridge

/// Stands behind a listener in tests: takes everything for `bank-a` and keeps it.
final class RecordingIntake: CallbackIntake {
    private let state = Mutex<(deliveries: [CallbackDelivery], tooLarge: [String])>(([], []))
    private let reply: CallbackReply

    init(reply: CallbackReply = CallbackReply(status: 204)) { self.reply = reply }

    var deliveries: [CallbackDelivery] { state.withLock { $0.deliveries } }
    var tooLarge: [String] { state.withLock { $0.tooLarge } }

    func accepts(_ gateway: String) -> Bool { gateway == "bank-a" }

    func refuseTooLarge(_ gateway: String) -> CallbackReply {
        state.withLock { $0.tooLarge.append(gateway) }
        return CallbackReply(status: 413)
    }

    func receive(_ delivery: CallbackDelivery) async -> CallbackReply {
        state.withLock { $0.deliveries.append(delivery) }
        return reply
    }
}

/// A callback listener on a free port of loopback, and bytes that are sent to it.
struct RunningListener {
    let port: Int

    /// Runs until `body` ends.
    static func run(
        _ intake: some CallbackIntake, tls: ListenerTLS? = nil, limits: InboundLimits = InboundLimits(),
        metrics: PrometheusMetrics = PrometheusMetrics(), body: @escaping @Sendable (RunningListener) async throws -> Void
    ) async throws {
        let (ports, running) = AsyncStream<Int>.makeStream()
        let application = Application(
            responder: CallbackResponder(intake: intake, time: ManualTime()), server: server(tls, limits, metrics),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { running.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup { group in
            group.addTask {
                try? await application.run()
                running.finish()
            }
            for await port in ports.prefix(1) { try await body(RunningListener(port: port)) }
            group.cancelAll()
        }
    }

    /// As `Serving` puts it together.
    private static func server(_ tls: ListenerTLS?, _ limits: InboundLimits, _ metrics: PrometheusMetrics) -> HTTPServerBuilder {
        let configuration = InboundListener("callbacks", limits: limits, metrics: metrics) { "test" }.channel
        guard let tls else { return .http1(configuration: configuration) }
        return HTTPServerBuilder { responder in
            ReloadableTLSChannel(http: HTTP1Channel(responder: responder, configuration: configuration), tls: tls)
        }
    }

    /// Sends the bytes over a connection of its own and reads until the listener closes it.
    /// - Parameter finishes: whether the sending side is closed after the bytes.
    func send(_ bytes: [UInt8], tls: NIOSSLContext? = nil, finishes: Bool = false) async throws -> String {
        let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
            host: "127.0.0.1", port: port
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                if let tls {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                }
                return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
        return try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: bytes))
            if finishes { outbound.finish() }
            var answer = ByteBuffer()
            for try await var part in inbound { answer.writeBuffer(&part) }
            return String(buffer: answer)
        }
    }

    func send(_ text: String, finishes: Bool = false) async throws -> String {
        try await send(Array(text.utf8), finishes: finishes)
    }

    /// A request, at whose end the listener closes the connection.
    func post(_ target: String, headers: String = "", body: [UInt8] = Array("{}".utf8), tls: NIOSSLContext? = nil) async throws
        -> String
    {
        let head = "POST \(target) HTTP/1.1\r\nHost: pay.example\r\nConnection: close\r\n\(headers)"
        return try await send(Array((head + "Content-Length: \(body.count)\r\n\r\n").utf8) + body, tls: tls)
    }
}
