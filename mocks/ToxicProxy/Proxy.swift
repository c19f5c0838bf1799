import AdapterKit
import NIOCore
import NIOPosix

/// One listener and the server that it leads to.
struct Proxy: Sendable {
    private static let backlog: Int32 = 1024

    private(set) var plan: ProxyPlan
    let traffic: Traffic
    private var listener: (any Channel)?

    /// Made closed, whatever the plan says.
    init(_ plan: ProxyPlan, traffic: Traffic) {
        self.plan = plan.disabled
        self.traffic = traffic
    }

    /// - Throws: what the system says, when the address cannot be bound.
    mutating func open() async throws(APIFailure) {
        guard listener == nil else { return }
        do {
            let channel = try await bootstrap().bind(host: plan.listen.host, port: plan.listen.port).get()
            listener = channel
            plan = plan.listening(on: channel.localAddress?.port ?? plan.listen.port)
        } catch { throw .system("listen tcp \(plan.listen): \(error)") }
    }

    /// Refuses new connections and cuts those there are.
    mutating func close() async {
        // A listener that is closed already is what is wanted.
        try? await listener?.close().get()
        listener = nil
        plan = plan.disabled
        await traffic.closeAll()
    }

    /// Becomes what the plan says; a new address closes the connections that there are.
    mutating func follow(_ plan: ProxyPlan) async throws(APIFailure) {
        if plan.listen != self.plan.listen || plan.upstream != self.plan.upstream || !plan.isEnabled { await close() }
        self.plan = isOpen ? plan : plan.disabled
        if plan.isEnabled { try await open() }
    }

    private var isOpen: Bool { listener != nil }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [traffic, upstream = plan.upstream] client in
                Self.connect(client, to: upstream, traffic)
            }
    }

    /// A client whose server cannot be reached is closed.
    private static func connect(_ client: any Channel, to upstream: Address, _ traffic: Traffic) -> EventLoopFuture<Void> {
        ClientBootstrap(group: client.eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { server in
                server.eventLoop.makeCompletedFuture { try traffic.relay(between: client, and: server).start() }
            }
            .connect(host: upstream.host, port: upstream.port)
            .map { _ in }
    }

    var json: JSON {
        .members([
            ("name", .string(plan.name)), ("listen", .string("\(plan.listen)")), ("upstream", .string("\(plan.upstream)")),
            ("enabled", .bool(plan.isEnabled)), ("toxics", .array(traffic.toxics.map(\.json))),
        ])
    }
}
