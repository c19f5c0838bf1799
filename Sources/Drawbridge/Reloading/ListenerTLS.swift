import AdapterKit
import HummingbirdCore
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// A listener's certificate, key and client authority, as connections that begin now are given them.
final class ListenerTLS: Sendable {
    private struct State {
        var context: NIOSSLContext
        /// Of the files it was made of.
        var digests: [[UInt8]]
        /// Open connections.
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let state: Mutex<State>

    init(_ context: NIOSSLContext, madeOf digests: [[UInt8]] = []) {
        state = Mutex(State(context: context, digests: digests))
    }

    /// Connections of the old one end after the answer that they owe; one that owes none ends at once. The same once more changes
    /// nothing.
    func replace(by context: NIOSSLContext, madeOf digests: [[UInt8]] = []) {
        let old = state.withLock { state -> [any Channel] in
            guard digests.isEmpty || digests != state.digests else { return [] }
            state.context = context
            state.digests = digests
            return Array(state.channels.values)
        }
        for channel in old { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// The context for a connection, which is remembered until it closes.
    fileprivate func enter(_ channel: any Channel) -> NIOSSLContext {
        let id = ObjectIdentifier(channel)
        let context = state.withLock { state in
            state.channels[id] = channel
            return state.context
        }
        channel.closeFuture.whenComplete { _ in self.state.withLock { _ = $0.channels.removeValue(forKey: id) } }
        return context
    }
}

/// TLS before the HTTP channel, with the context that counts when the connection comes. Hummingbird's own takes one for ever.
struct ReloadableTLSChannel: ServerChildChannel {
    let http: HTTP1Channel
    let tls: ListenerTLS

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        channel.eventLoop.makeCompletedFuture {
            let handler = NIOSSLServerHandler(context: tls.enter(channel))
            try channel.pipeline.syncOperations.addHandler(handler)
        }.flatMap { http.setup(channel: channel, logger: logger) }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async { await http.handle(value: value, logger: logger) }
}

extension NIOSSLContext {
    /// - Throws: when a file cannot be read, or certificate and key do not belong together.
    convenience init(_ files: Configuration.ServerTLS) throws {
        try self.init(configuration: try TLSConfiguration(files))
    }
}

extension TLSConfiguration {
    init(_ files: Configuration.ServerTLS) throws {
        let chain = try NIOSSLCertificate.fromPEMBytes(try files.certificate.read(upTo: Configuration.maximumPEMLength))
        let key = try NIOSSLPrivateKey(bytes: try files.key.read(upTo: Configuration.maximumPEMLength), format: .pem)
        self = .makeServerConfiguration(certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        minimumTLSVersion = .tlsv12
        guard let authority = files.clientCA else { return }
        trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(try authority.read(upTo: Configuration.maximumPEMLength)))
        certificateVerification = .noHostnameVerification
    }
}

/// Those of both listeners that may have TLS.
struct ListenersTLS: Sendable {
    let api: ListenerTLS?
    let callbacks: ListenerTLS?

    /// - Throws: `ConfigurationProblems` for files that cannot be used.
    init(_ configuration: Configuration) throws {
        let contexts = try Contexts(configuration)
        api = contexts.api.map { ListenerTLS($0.context, madeOf: $0.digests) }
        callbacks = contexts.callbacks.map { ListenerTLS($0.context, madeOf: $0.digests) }
    }

    /// What the files of one configuration make.
    struct Contexts {
        struct One {
            let context: NIOSSLContext
            /// Of the files it was made of.
            let digests: [[UInt8]]
        }

        let api: One?
        let callbacks: One?

        init(_ configuration: Configuration) throws(ConfigurationProblems) {
            api = try configuration.context(configuration.listen.api.tls, key: "listen.api.tls")
            callbacks = try configuration.context(configuration.listen.callbacks.tls, key: "listen.callbacks.tls")
        }
    }

    /// Whether a listener has TLS never changes (`Configuration.needsRestart`).
    func replace(by contexts: Contexts) {
        if let next = contexts.api { api?.replace(by: next.context, madeOf: next.digests) }
        if let next = contexts.callbacks { callbacks?.replace(by: next.context, madeOf: next.digests) }
    }
}

extension Configuration {
    fileprivate func context(_ files: ServerTLS?, key: String) throws(ConfigurationProblems) -> ListenersTLS.Contexts.One? {
        guard let files else { return nil }
        let read = self.files.read
        let digests = [files.certificate, files.key, files.clientCA].map { $0.flatMap { read[$0.path] } ?? [] }
        do { return .init(context: try NIOSSLContext(files), digests: digests) } catch {
            throw ConfigurationProblems([
                ConfigurationProblem(
                    file: file, line: line(of: key), key: key,
                    expected: "a certificate and its key in PEM files that can be read")
            ])
        }
    }
}
