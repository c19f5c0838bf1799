import AdapterKit

extension Configuration {
    /// Where the three listeners stand.
    struct Listen: Sendable, Equatable {
        /// Payment services.
        var api = Listener(port: 8080)
        /// Banks.
        var callbacks = Listener(port: 8081)
        /// Health, metrics, operations.
        var admin = Admin()

        var isLoopback: Bool { [api.address, callbacks.address, admin.address].allSatisfy(\.isLoopback) }
    }

    struct Listener: Sendable, Equatable {
        var address: ListenAddress
        var tls: ServerTLS?

        init(port: Int) { address = .loopback(port: port) }
    }

    struct Admin: Sendable, Equatable {
        var address = ListenAddress.loopback(port: 9090)
        /// Required off loopback.
        var token: Secret?
    }

    struct ServerTLS: Sendable, Equatable {
        /// PEM: the certificate, then its intermediates.
        var certificate: LocalFile
        /// PEM, not encrypted.
        var key: LocalFile
        /// PEM: who may sign the clients' certificates; set, it demands one of every client.
        var clientCA: LocalFile?
    }
}

/// Where a listener stands. Port 0 takes a free one.
struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    let host: String
    let port: Int
    let isLoopback: Bool
    let description: String

    init?(_ text: String) {
        guard let address = HostAndPort(text, ports: 0...65_535) else { return nil }
        self.init(address)
    }

    private init(_ address: HostAndPort) {
        host = address.host.text
        port = address.port
        isLoopback = address.host.isLoopback
        description = address.description
    }

    static func loopback(port: Int) -> ListenAddress {
        ListenAddress(host: "127.0.0.1", port: port, isLoopback: true, description: "127.0.0.1:\(port)")
    }

    private init(host: String, port: Int, isLoopback: Bool, description: String) {
        self.host = host
        self.port = port
        self.isLoopback = isLoopback
        self.description = description
    }
}

extension ValueSyntax<ListenAddress> {
    static var listenAddress: Self {
        Self(expected: "an address as host:port, such as 127.0.0.1:8080 or \"[::1]:8080\"") { content in
            guard case .text(let text) = content else { return nil }
            return ListenAddress(text)
        }
    }
}

extension Configuration.Listen {
    /// The admin listener comes last: then it is known whether all are on loopback, which decides about text: secrets.
    ///
    /// - `api`, `callbacks` (listeners, default 127.0.0.1:8080 and :8081), `admin` (default 127.0.0.1:9090)
    init(_ section: ConfigurationSection) {
        section.read("api", into: &api) { Configuration.Listener($0, port: 8080) }
        section.read("callbacks", into: &callbacks) { Configuration.Listener($0, port: 8081) }
        let others = [api.address, callbacks.address]
        section.read("admin", into: &admin) { Configuration.Admin($0, others: others) }
        let fixed = [("api", api.address), ("callbacks", callbacks.address), ("admin", admin.address)].filter { $0.1.port != 0 }
        for (index, listener) in fixed.enumerated() where fixed[..<index].contains(where: { $0.1 == listener.1 }) {
            section.problem(listener.0, "an address that no other listener has")
        }
    }
}

extension Configuration.Listener {
    /// - `address` (host:port)
    /// - `tls` (section, default none: plain HTTP)
    init(_ section: ConfigurationSection, port: Int) {
        self.init(port: port)
        section.read("address", .listenAddress, into: &address)
        tls = section.section("tls") { Configuration.ServerTLS($0) } ?? nil
    }
}

extension Configuration.ServerTLS {
    /// - `certificate`, `key` (PEM files, required)
    /// - `client_ca` (PEM file, default none: clients need no certificate)
    init?(_ section: ConfigurationSection) {
        let files = (section.file("certificate"), section.file("key"))
        clientCA = section.file("client_ca")
        if files.0 == nil { section.problem("certificate", "a PEM file; it is required") }
        if files.1 == nil { section.problem("key", "a PEM file; it is required") }
        guard let certificate = files.0, let key = files.1 else { return nil }
        self.certificate = certificate
        self.key = key
    }
}

extension Configuration.Admin {
    /// - `address` (host:port, default `127.0.0.1:9090`)
    /// - `token` (secret; off loopback required, and of 16 bytes and more)
    init(_ section: ConfigurationSection, others: [ListenAddress]) {
        section.read("address", .listenAddress, into: &address)
        // Known only now: all three addresses are read.
        section.reading.secrets.allowsText = address.isLoopback && others.allSatisfy(\.isLoopback)
        let isSet = section.given("token") != nil
        let least = address.isLoopback ? 1 : 16
        token = section.secret("token") { $0.bytes.count < least ? "a token of at least \(least) bytes" : nil }
        if !isSet, !address.isLoopback {
            section.problem("token", "a token as env:NAME or file:PATH; it is required off loopback")
        }
    }
}
