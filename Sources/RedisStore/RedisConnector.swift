import AdapterKit
import NIOCore
import NIOPosix
import NIOSSL
import Payments

/// Makes connections that are ready for use: encrypted, authenticated, on their database, scripts loaded.
struct RedisConnector: Sendable {
    /// Commands that wait on one connection.
    private static let maximumPending = 10_000
    /// Bytes of one reply: a thousand operations of one payment fit many times.
    private static let maximumReply = 16 * 1_024 * 1_024

    let group: any EventLoopGroup
    private let configuration: RedisConfiguration
    private let tls: NIOSSLContext?

    init(configuration: RedisConfiguration, group: any EventLoopGroup) throws(StoreFailure) {
        self.configuration = configuration
        self.group = group
        self.tls = configuration.usesTLS ? try Self.tls(configuration.certificateAuthority) : nil
    }

    private static func tls(_ authority: [UInt8]?) throws(StoreFailure) -> NIOSSLContext {
        do {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.minimumTLSVersion = .tlsv12
            if let authority { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority)) }
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw StoreFailure(code: .refused, detail: "the certificate authority for Redis cannot be read")
        }
    }

    var timeout: Duration { configuration.timeout }

    /// What the URL names.
    var seed: RedisNode { RedisNode(host: configuration.host, port: configuration.port) }

    func connect(to node: RedisNode) async throws(StoreFailure) -> RedisConnection {
        let deadline = NIODeadline.now() + .init(configuration.timeout)
        var connection = try await open(node)
        do throws(StoreFailure) {
            connection.slots = try await greet(connection, node, deadline: deadline)
            return connection
        } catch {
            connection.close()
            throw error
        }
    }

    private func open(_ node: RedisNode) async throws(StoreFailure) -> RedisConnection {
        do {
            return try await ClientBootstrap(group: group)
                .connectTimeout(.init(configuration.timeout))
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                // A spare connection carries nothing: what drops it on the way must be noticed all the same.
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .connect(host: node.host, port: node.port) { channel in
                    channel.eventLoop.makeCompletedFuture { try prepare(channel, to: node) }
                }
        } catch {
            throw StoreFailure(code: .unreachable, detail: "no connection to Redis")
        }
    }

    private func prepare(_ channel: any Channel, to node: RedisNode) throws -> RedisConnection {
        let pipeline = RedisPipeline(
            maximumPending: Self.maximumPending, maximumReply: Self.maximumReply, patience: .init(configuration.timeout))
        guard let pipeline else { throw RedisInterruption.unformatted }
        if let tls { try channel.pipeline.syncOperations.addHandler(secured(by: tls, node.host)) }
        try channel.pipeline.syncOperations.addHandler(pipeline)
        return RedisConnection(channel: channel, pipeline: pipeline)
    }

    /// An address cannot be named in SNI; without a name the certificate must be the address's own.
    private func secured(by tls: NIOSSLContext, _ host: String) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : host)
    }

    private func greet(
        _ connection: RedisConnection, _ node: RedisNode, deadline: NIODeadline
    ) async throws(StoreFailure) -> RedisSlotMap? {
        let replies: [RedisReply]
        do throws(RedisInterruption) {
            replies = try await connection.send(greeting + [RedisSlotMap.question], deadline: deadline)
        } catch {
            throw error == .lost
                ? StoreFailure(code: .unreachable, detail: "Redis, or TLS on the way to it, refused the connection")
                : error.failure
        }
        let slots = replies.last.flatMap { RedisSlotMap($0, from: node) }
        if slots != nil, configuration.database != 0 {
            throw StoreFailure(code: .refused, detail: "a Redis Cluster has no database but 0")
        }
        if let failure = replies.dropLast().lazy.compactMap({ StoreFailure($0) }).first { throw failure }
        return slots
    }

    private var greeting: [RedisCommand] {
        var commands: [RedisCommand] = []
        if let credentials = configuration.credentials {
            commands.append(RedisCommand("AUTH", [Array(credentials.username.utf8), credentials.password.bytes]))
        }
        if configuration.database != 0 { commands.append(RedisCommand("SELECT", String(configuration.database))) }
        return commands + RedisScript.all.map(\.load)
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        self = .milliseconds(max(1, duration.wholeMilliseconds))
    }
}
