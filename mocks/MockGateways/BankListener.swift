import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL

/// The bank's own listener: mutual TLS where there are certificates, then HTTP/1.1 or HTTP/2 by ALPN.
struct BankListener: Sendable {
    private let bank: Bank
    private let tls: NIOSSLContext?

    init(bank: Bank, tls: MockBank.TLS?, http2: Bool) throws {
        self.bank = bank
        self.tls = try tls.map { try Self.context($0, http2: http2) }
    }

    private static func context(_ tls: MockBank.TLS, http2: Bool) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(tls.certificatePEM).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(bytes: tls.keyPEM, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        if let authority = tls.clientCAPEM {
            // Client certificates name no host: what counts is who signed them.
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority))
        }
        configuration.minimumTLSVersion = .tlsv12
        if tls.isLimitedToTLS12 { configuration.maximumTLSVersion = .tlsv12 }
        configuration.applicationProtocols = http2 ? NIOHTTP2SupportedALPNProtocols : ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }

    func bind(_ address: String, _ port: Int) async throws -> Listener {
        try await Listener.bind(address, port) { channel in configure(channel) }
    }

    private func configure(_ channel: any Channel) -> EventLoopFuture<Void> {
        let added = channel.eventLoop.makeCompletedFuture {
            if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
            try channel.pipeline.syncOperations.addHandler(ConnectionObserver(bank: bank))
        }
        guard tls != nil else { return added.flatMap { http1(channel) } }
        return added.flatMap {
            channel.configureHTTP2SecureUpgrade(h2ChannelConfigurator: http2, http1ChannelConfigurator: http1)
        }
    }

    @Sendable private func http1(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: true)
            .flatMap { serve(channel) }
    }

    @Sendable private func http2(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.configureHTTP2Pipeline(mode: .server, connectionConfiguration: .init(), streamConfiguration: .init()) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTP1ServerCodec())
            }.flatMap { serve(stream) }
        }.map { _ in }
    }

    private func serve(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([RequestCollector(), ExchangeHandler(bank: bank)])
        }
    }
}
