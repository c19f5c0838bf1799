import AdapterKit
import Foundation

extension Configuration {
    /// Where payments are kept, and for how long.
    struct State: Sendable, Equatable {
        enum Backend: String, Sendable, CaseIterable { case memory, redis }

        var backend: Backend = .memory
        var redis = Redis()
        /// How long a payment is kept after its last change.
        var retention: Duration = .seconds(100 * 86_400)
        /// How long the mark of an idempotency key stays.
        var keysKept: Duration = .seconds(400 * 86_400)
    }

    struct Redis: Sendable, Equatable {
        var url = RedisURL.standard
        var credentials: Credentials?
        var timeout: Duration = .milliseconds(500)
        /// Replicas that must have a payment before it leaves.
        var waitReplicas = 0
        var keyPrefix = "db:"

        struct Credentials: Sendable, Equatable {
            /// `nil`: Redis' own `default`.
            var username: String?
            var password: Secret
        }
    }

    /// The keys for personal data at rest: the first encrypts, all decrypt.
    struct Encryption: Sendable, Equatable {
        var keys: [Key] = []

        struct Key: Sendable, Equatable {
            var id: String
            /// 32 bytes.
            var key: Secret
        }
    }
}

/// `redis://host:port/database`, `rediss://` for TLS. Never holds a password.
struct RedisURL: Sendable, Equatable {
    let usesTLS: Bool
    let host: String
    let port: Int
    let database: Int
    let isLoopback: Bool

    static let standard = RedisURL(usesTLS: false, host: "127.0.0.1", port: 6379, database: 0, isLoopback: true)

    init?(_ text: String) {
        guard let scheme = ["redis://", "rediss://"].first(where: text.hasPrefix) else { return nil }
        let rest = text.dropFirst(scheme.utf8.count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let path = rest[slash...].dropFirst()
        guard let address = HostAndPort(rest[..<slash], standardPort: 6379), path.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let database = path.isEmpty ? 0 : Int(path), database <= 10_000
        else { return nil }
        self.init(
            usesTLS: scheme == "rediss://", host: address.host.text, port: address.port, database: database,
            isLoopback: address.host.isLoopback)
    }

    private init(usesTLS: Bool, host: String, port: Int, database: Int, isLoopback: Bool) {
        self.usesTLS = usesTLS
        self.host = host
        self.port = port
        self.database = database
        self.isLoopback = isLoopback
    }
}

extension ValueSyntax<RedisURL> {
    static var redis: Self {
        Self(expected: "redis://host:port/database, or rediss:// for TLS; user and password belong under credentials") {
            content in
            guard case .text(let text) = content else { return nil }
            return RedisURL(text)
        }
    }
}

extension ValueSyntax<String> {
    /// Without braces: they would decide the slot in Redis Cluster.
    static var keyPrefix: Self {
        text("1 to 64 visible ASCII characters without { and }") { text in
            text.utf8.count <= 64
                && text.utf8.allSatisfy { (0x21...0x7A).contains($0) || $0 == UInt8(ascii: "|") || $0 == UInt8(ascii: "~") }
        }
    }
}

extension Configuration.State {
    /// - `backend` (`memory` or `redis`, default `memory`), `redis` (section)
    /// - `retention` (duration, default `100d`), `keys_kept` (duration, default `400d`)
    init(_ section: ConfigurationSection) {
        section.read("backend", .word, into: &backend)
        section.read("redis", into: &redis) { Configuration.Redis($0) }
        let keeping = Duration.seconds(1)...(.seconds(3_650 * 86_400))
        section.read("retention", .duration(keeping), into: &retention)
        section.read("keys_kept", .duration(keeping), into: &keysKept)
    }
}

extension Configuration.Redis {
    /// - `url` (default `redis://127.0.0.1:6379/0`), `credentials` (section, default none)
    /// - `timeout` (duration, default `500ms`), `wait_replicas` (0 to 16, default 0), `key_prefix` (default `db:`)
    init(_ section: ConfigurationSection) {
        section.read("url", .redis, into: &url)
        credentials = section.section("credentials") { Credentials($0) } ?? nil
        section.read("timeout", .duration(.milliseconds(1)...(.seconds(60))), into: &timeout)
        section.read("wait_replicas", .integer(0...16), into: &waitReplicas)
        section.read("key_prefix", .keyPrefix, into: &keyPrefix)
    }
}

extension Configuration.Redis.Credentials {
    /// - `username` (text, default Redis' own), `password` (secret, required)
    init?(_ section: ConfigurationSection) {
        username = section.value("username", .text)
        guard let password = section.secret("password", required: true) else { return nil }
        self.password = password
    }
}

extension Configuration.Encryption {
    /// - `keys` (list of `id` and `key`, default none; required with redis)
    init(_ section: ConfigurationSection) {
        var ids: Set<String> = []
        keys =
            section.sections("keys") { element in
                let key = Key(element)
                if let key, !ids.insert(key.id).inserted { element.problem("id", "an id that no other key has") }
                return key
            } ?? []
    }
}

extension Configuration.Encryption.Key {
    private static let expected = "a secret of 32 bytes in base64 (openssl rand -base64 32)"

    /// - `id` (text, required), `key` (secret of 32 bytes in base64, required)
    init?(_ section: ConfigurationSection) {
        let id = section.required("id", .keyID)
        let encoded = section.secret("key", required: true) { Self.decoded($0) == nil ? Self.expected : nil }
        guard let id, let key = encoded.flatMap(Self.decoded) else { return nil }
        self.id = id
        self.key = key
    }

    private static func decoded(_ secret: Secret) -> Secret? {
        guard let data = Data(base64Encoded: Data(secret.bytes)), data.count == 32 else { return nil }
        return Secret(Array(data))
    }
}
