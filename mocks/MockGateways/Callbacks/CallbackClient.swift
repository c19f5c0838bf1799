import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Posts callbacks to one URL, each over a connection of its own.
public struct CallbackClient: Sendable {
    private let url: CallbackURL
    private let tls: NIOSSLContext?
    private let timeout: TimeAmount

    /// - Parameter timeout: for one post, from the connection to the last byte of the answer.
    /// - Throws: what NIOSSL says when a certificate or key cannot be read.
    public init(url: CallbackURL, tls: CallbackDestination.TLS = .init(), timeout: Duration = .seconds(10)) throws {
        self.url = url
        self.tls = url.usesTLS ? try Self.context(tls) : nil
        self.timeout = TimeAmount(timeout)
    }

    private static func context(_ tls: CallbackDestination.TLS) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authority = tls.authorityPEM {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority))
        }
        if let client = tls.client {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(client.certificatePEM).map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: client.keyPEM, format: .pem))
        }
        return try NIOSSLContext(configuration: configuration)
    }

    /// Goes to the URL's host with the post's own target. A cancelled task ends the connection.
    public func post(_ post: CallbackPost) async -> CallbackResult {
        let head = head(of: post)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let result = loop.makePromise(of: CallbackResult.self)
        let connecting = connect(on: loop)
        let end = { @Sendable (outcome: CallbackResult) in
            result.succeed(outcome)
            connecting.whenSuccess { $0.close(promise: nil) }
        }
        connecting.whenFailure { _ in end(.unanswered(.unreachable)) }
        connecting.whenSuccess { CallbackExchange.run(head, post.body, on: $0, end) }
        let timer = loop.scheduleTask(in: timeout) { end(.unanswered(.timedOut)) }
        return await withTaskCancellationHandler {
            defer { timer.cancel() }
            do { return try await result.futureResult.get() } catch { return .unanswered(.cut) }
        } onCancel: {
            end(.unanswered(.cut))
        }
    }

    private func head(of post: CallbackPost) -> HTTPRequestHead {
        var headers = HTTPHeaders(post.headers.map { ($0.name, $0.value) })
        headers.add(name: "Host", value: url.authority)
        headers.add(name: "Content-Length", value: String(post.body.count))
        headers.add(name: "Connection", value: "close")
        return HTTPRequestHead(version: .http1_1, method: .POST, uri: post.target, headers: headers)
    }

    /// A name with several addresses opens several channels, of which one is left: what is sent waits for that one.
    private func connect(on loop: any EventLoop) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop).connectTimeout(timeout).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                if let tls { try pipeline.addHandler(try Self.handler(tls, url.host)) }
                try pipeline.addHTTPClientHandlers()
            }
        }.connect(host: url.host, port: url.port)
    }

    /// An address is compared with the certificate's addresses by itself; a name has to be said.
    private static func handler(_ tls: NIOSSLContext, _ host: String) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : host)
    }
}
