public import AdapterKit
import Foundation

/// Where Redis is and how it is spoken to (config.md, `state.redis`).
public struct RedisConfiguration: Sendable {
    public struct Credentials: Sendable {
        public let username: String
        public let password: Secret

        public init(username: String, password: Secret) {
            self.username = username
            self.password = password
        }
    }

    /// What is wrong with the URL, in words for whoever wrote it. Never holds the URL.
    public struct InvalidURL: Error, Sendable, Equatable {
        public let reason: String
    }

    public let host: String
    public let port: Int
    public let database: Int
    public let usesTLS: Bool
    public var credentials: Credentials?
    /// For connecting, and how long Redis may be silent while a step waits for its answer.
    public var timeout: Duration
    /// Replicas that must have a claim before it is answered.
    public var waitReplicas: Int
    /// Must not hold `{`: the hash tags of Redis Cluster stand behind it.
    public var keyPrefix: String
    /// PEM. `nil`: the system's authorities.
    public var certificateAuthority: [UInt8]?
    public var connections: Int

    /// - Parameters:
    ///   - url: `redis://host:port/database` or `rediss://…` for TLS; port 6379 and database 0 where left out.
    ///   - timeout: more than 0.
    ///   - waitReplicas: 0 or more.
    ///   - connections: 1 or more.
    public init(
        url: String, credentials: Credentials? = nil, timeout: Duration = .milliseconds(500), waitReplicas: Int = 0,
        keyPrefix: String = "db:", certificateAuthority: [UInt8]? = nil, connections: Int = 2
    ) throws(InvalidURL) {
        guard let parts = URLComponents(string: url) else { throw InvalidURL(reason: "not a URL") }
        self.usesTLS = try Self.usesTLS(parts.scheme)
        guard let host = parts.host, !host.isEmpty else { throw InvalidURL(reason: "names no host") }
        // Brackets belong to the URL, not to the IPv6 address.
        self.host = host.trimmingCharacters(in: ["[", "]"])
        self.port = parts.port ?? 6_379
        self.database = try Self.database(parts.path)
        guard (1...65_535).contains(port) else { throw InvalidURL(reason: "the port is out of range") }
        guard parts.user == nil, parts.password == nil else {
            throw InvalidURL(reason: "credentials do not belong in the URL")
        }
        guard parts.query == nil, parts.fragment == nil else { throw InvalidURL(reason: "takes no query or fragment") }
        self.credentials = credentials
        self.timeout = timeout
        self.waitReplicas = waitReplicas
        self.keyPrefix = keyPrefix
        self.certificateAuthority = certificateAuthority
        self.connections = connections
    }

    private static func usesTLS(_ scheme: String?) throws(InvalidURL) -> Bool {
        switch scheme {
        case "redis": false
        case "rediss": true
        default: throw InvalidURL(reason: "must begin with redis:// or rediss://")
        }
    }

    private static func database(_ path: String) throws(InvalidURL) -> Int {
        let text = path.dropFirst()
        if text.isEmpty { return 0 }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), number < 10_000 else {
            throw InvalidURL(reason: "the path must be the number of a database")
        }
        return number
    }
}
