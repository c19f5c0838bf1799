import AdapterKit
import Testing

@testable import Drawbridge

/// A file that is refused: the line and the key of its one problem, and a part of what was expected.
struct RefusedFile: Sendable, CustomTestStringConvertible {
    let text: String
    let line: Int
    let key: String
    let expected: String

    init(_ text: String, line: Int, key: String, _ expected: String) {
        self.text = text
        self.line = line
        self.key = key
        self.expected = expected
    }

    var testDescription: String { "\(key): \(expected)" }

    /// `text` follows the six lines of the minimal file.
    static func appended(_ text: String, line: Int = 7, key: String, _ expected: String) -> RefusedFile {
        RefusedFile(ConfigurationText.minimal + "\n" + text, line: line, key: key, expected)
    }

    /// A gateway of which `text` is one more line.
    static func gateway(_ text: String, line: Int = 6, key: String, _ expected: String) -> RefusedFile {
        let file = """
            tenants: { demo: { auth: none } }
            gateways:
              bank-a:
                adapter: bank-hmac
                settings: { tenant: acme }
                \(text)
                base_url: https://bank.example
            routes: [{ gateways: [bank-a] }]
            """
        return RefusedFile(file, line: line, key: "gateways.bank-a." + key, expected)
    }

    /// A tenant of which `text` is one more line.
    static func tenant(_ text: String, line: Int = 5, key: String, _ expected: String) -> RefusedFile {
        let file = """
            gateways: { bank-a: { adapter: bank-hmac, settings: { tenant: acme }, base_url: "https://bank.example" } }
            routes: [{ gateways: [bank-a] }]
            tenants:
              demo:
                \(text)
            """
        return RefusedFile(file, line: line, key: "tenants.demo" + key, expected)
    }
}

@Suite struct ConfigurationProblemTests {
    @Test("a value that is wrong is told with its line, its key and what was expected", arguments: Self.refusedValues)
    func values(file: RefusedFile) throws { try Self.expectOneProblem(file) }

    static let refusedValues: [RefusedFile] = [
        .appended("colour: red", key: "colour", "a known key; there are deployment"),
        .appended("deployment: 12", key: "deployment", "an id"),
        .appended("deployment: \"two words\"", key: "deployment", "an id"),
        .appended("listen: 8080", key: "listen", "a section of keys"),
        .appended("listen:\n  api: { address: 8080 }", line: 8, key: "listen.api.address", "host:port"),
        .appended("listen:\n  api: { address: 127.0.0.1 }", line: 8, key: "listen.api.address", "host:port"),
        .appended("listen:\n  api: { address: 127.0.0.1:65536 }", line: 8, key: "listen.api.address", "host:port"),
        .appended("listen:\n  api: { address: 127.0.0.256:80 }", line: 8, key: "listen.api.address", "host:port"),
        .appended("listen:\n  api: { address: \"::1:8080\" }", line: 8, key: "listen.api.address", "host:port"),
        .appended("listen:\n  api: { adress: 127.0.0.1:80 }", line: 8, key: "listen.api.adress", "there are address, tls"),
        .appended("listen:\n  api: { tls: { certificate: a.pem } }", line: 8, key: "listen.api.tls.key", "required"),
        .appended("listen:\n  callbacks: { address: 127.0.0.1:8080 }", line: 8, key: "listen.callbacks", "no other listener"),
        .appended("state: { backend: postgres }", key: "state.backend", "one of memory, redis"),
        .appended("state: { retention: 1 }", key: "state.retention", "a duration such as 250ms"),
        .appended("state: { retention: 1.5d }", key: "state.retention", "a duration"),
        .appended("state: { retention: 2 m }", key: "state.retention", "a duration"),
        .appended("state: { retention: -1d }", key: "state.retention", "a duration"),
        .appended("state: { retention: 1w }", key: "state.retention", "a duration"),
        .appended("state: { redis: { url: \"http://127.0.0.1\" } }", key: "state.redis.url", "redis://host:port/database"),
        .appended("state: { redis: { url: \"redis://u:p@127.0.0.1\" } }", key: "state.redis.url", "under credentials"),
        .appended("state: { redis: { url: \"redis://127.0.0.1/x\" } }", key: "state.redis.url", "redis://"),
        .appended("state: { redis: { credentials: { username: u } } }", key: "state.redis.credentials.password", "required"),
        .appended("state: { redis: { wait_replicas: -1 } }", key: "state.redis.wait_replicas", "from 0 to 16"),
        .appended("state: { redis: { wait_replicas: \"1\" } }", key: "state.redis.wait_replicas", "a whole number"),
        .appended("state: { redis: { timeout: 0ms } }", key: "state.redis.timeout", "from 1ms to 1m"),
        .appended("state: { redis: { key_prefix: \"{x}\" } }", key: "state.redis.key_prefix", "without { and }"),
        .appended(
            "encryption: { keys: [{ id: a, key: \"text:c2hvcnQ=\" }] }", key: "encryption.keys[0].key", "32 bytes in base64"),
        .appended("encryption: { keys: {} }", key: "encryption.keys", "a list"),
        .appended("payments: { deadline: soon }", key: "payments.deadline", "a duration"),
        .appended("payments: { deadline: 99ms }", key: "payments.deadline", "from 100ms to 10m"),
        .appended("queue: { retry: { first: 20m, max: 19m } }", key: "queue.retry.max", "at least as long as first (20m)"),
        .appended("queue: { retry: { factor: 0 } }", key: "queue.retry.factor", "from 1 to 10"),
        .appended("log: { level: verbose }", key: "log.level", "trace, debug, info"),
        .appended("log: { format: xml }", key: "log.format", "json, text"),
        .appended("tracing: { sample: 1.01 }", key: "tracing.sample", "from 0 to 1"),
        .appended("tracing: { sample: much }", key: "tracing.sample", "from 0 to 1"),
        .appended("tracing: { otlp_endpoint: \"ftp://x\" }", key: "tracing.otlp_endpoint", "http:// or https://"),
    ]

    @Test("a gateway that is wrong is told so", arguments: Self.refusedGateways)
    func gateways(file: RefusedFile) throws { try Self.expectOneProblem(file) }

    static let refusedGateways: [RefusedFile] = [
        .gateway("colour: red", key: "colour", "a known key"),
        .gateway("tls: { pins: [abc] }", key: "tls.pins[0]", "base64 of 32 bytes"),
        .gateway("tls:\n      pins:\n        - YWJj", line: 8, key: "tls.pins[0]", "base64 of 32 bytes"),
        .gateway("tls: { certificate: a.pem }", key: "tls.key", "the key of the certificate"),
        .gateway("tls: { key: a.pem }", key: "tls.certificate", "the certificate of the key"),
        .gateway("tls: { certificate: a.pem, key: \"text:-----BEGIN\" }", key: "tls.key", "a path"),
        .gateway("tls: { min_version: \"1.1\" }", key: "tls.min_version", "\"1.2\" or \"1.3\""),
        .gateway("tls: { verify: false }", key: "tls.verify", "a known key"),
        .gateway("proxy: https://waf:3128", key: "proxy", "http://host:port"),
        .gateway("proxy: http://user:pass@waf:3128", key: "proxy", "http://host:port"),
        .gateway("allow_private_addresses: yes", key: "allow_private_addresses", "true, false or report"),
        .gateway("allow_private_addresses: [10.0.0.0/8]", key: "allow_private_addresses", "true, false or report"),
        .gateway("tls: { crl: \"text:-----BEGIN\" }", key: "tls.crl", "a path"),
        .gateway("timeout: { connect: 4s, attempt: 3s }", key: "timeout.attempt", "at least as long as connect (4s)"),
        .gateway("timeout: { attempt: 3 }", key: "timeout.attempt", "a duration"),
        .gateway("timeout: 3s", key: "timeout", "a section of keys"),
        .gateway("retry: { max_retries: 11 }", key: "retry.max_retries", "from 0 to 10"),
        .gateway("retry: { base: 9s, max: 8s }", key: "retry.max", "at least as long as base (9s)"),
        .gateway("retry: { jitter: some }", key: "retry.jitter", "full, equal, none"),
        .gateway("retry: { budget: { ratio: 2 } }", key: "retry.budget.ratio", "from 0 to 1"),
        .gateway("breaker: { consecutive_failures: 0 }", key: "breaker.consecutive_failures", "from 1 to 1000"),
        .gateway("breaker: { failure_rate: 0 }", key: "breaker.failure_rate", "above 0, up to 1"),
        .gateway("breaker: { half_open_probes: many }", key: "breaker.half_open_probes", "a whole number"),
        .gateway("limits: { concurrency: 0 }", key: "limits.concurrency", "from 1 to 100000"),
        .gateway("limits: { per_second: 1.5 }", key: "limits.per_second", "a whole number"),
        .gateway("inquiry: { first_after: 10m, max: 9m }", key: "inquiry.max", "at least as long as first_after (10m)"),
    ]

    @Test("a tenant that is wrong is told so", arguments: Self.refusedTenants)
    func tenants(file: RefusedFile) throws { try Self.expectOneProblem(file) }

    static let refusedTenants: [RefusedFile] = [
        .tenant("{ auth: basic, keys: [{ id: a, secret: env:KEY }] }", key: ".auth", "hmac, jwt, none"),
        .tenant("auth: hmac", line: 4, key: ".keys", "at least one key"),
        .tenant("keys: []", key: ".keys", "at least one key"),
        .tenant("keys: [{ secret: env:KEY }]", key: ".keys[0].id", "required"),
        .tenant("keys: [{ id: a }]", key: ".keys[0].secret", "required"),
        .tenant("keys: [{ id: a, secret: env:MISSING }]", key: ".keys[0].secret", "environment variable"),
        .tenant("keys: [{ id: a, secret: env:EMPTY }]", key: ".keys[0].secret", "environment variable"),
        .tenant("keys: [{ id: a, secret: file:missing.key }]", key: ".keys[0].secret", "the file that file: names"),
        .tenant("keys: [{ id: a, secret: 0123456789abcdef }]", key: ".keys[0].secret", "env:NAME, file:PATH"),
        .tenant(
            "keys: [{ id: a, secret: env:KEY, not_after: 2026-02-30T00:00:00Z }]", key: ".keys[0].not_after", "a time in UTC"),
        .tenant("keys: [{ id: a, secret: env:KEY }, { id: a, secret: env:KEY }]", key: ".keys[1].id", "no other key"),
        .tenant("auth: jwt", line: 4, key: ".jwt", "issuer, audience and jwks"),
        .tenant("{ auth: jwt, jwt: { issuer: i, audience: a } }", key: ".jwt.jwks", "required"),
        .tenant("{ auth: jwt, jwt: { issuer: i, audience: a, jwks: \"http://idp.example/k\" } }", key: ".jwt.jwks", "https://"),
        .tenant(
            "{ auth: jwt, jwt: { issuer: i, audience: a, jwks: k, allow_private_addresses: 1 } }",
            key: ".jwt.allow_private_addresses", "true, false or report"),
        .tenant("{ auth: none, rate: { per_second: 0 } }", key: ".rate.per_second", "from 1 to 1000000"),
        .tenant("{ auth: none, gateways: some }", key: ".gateways", "all, or a list of gateways"),
        .tenant("{ auth: none, gateways: [] }", key: ".gateways", "all, or a list of gateways"),
        .tenant(
            "{ auth: none, gateways: [bank-a, bank-b] }", key: ".gateways[1]",
            "the name of a gateway of this file; there are bank-a"),
    ]

    @Test("a webhook that is wrong is told so", arguments: Self.refusedWebhooks)
    func webhooks(file: RefusedFile) throws { try Self.expectOneProblem(file) }

    private static func webhook(_ url: String, _ secret: String = "env:HOOK", key: String, _ expected: String) -> RefusedFile {
        .tenant("{ auth: none, webhooks: [{ url: \"\(url)\", secret: \(secret) }] }", key: ".webhooks[0].\(key)", expected)
    }

    static let refusedWebhooks: [RefusedFile] = [
        webhook("http://shop.example", key: "url", "https://"),
        webhook("https://user:word@shop.example/hook", key: "url", "without user, query or fragment"),
        webhook("https://user@shop.example/hook", key: "url", "without user, query or fragment"),
        webhook("https://shop.example/hook#top", key: "url", "without user, query or fragment"),
        webhook("https://shop.example/hook?a=b", key: "url", "without user, query or fragment"),
        webhook("https://", key: "url", "https://"),
        webhook("https://shop.example", "env:KEY", key: "secret", "whsec_"),
        webhook("https://shop.example", "env:SHORT_HOOK", key: "secret", "base64 of 24 to 64 bytes"),
        webhook("https://shop.example", "env:LONG_HOOK", key: "secret", "base64 of 24 to 64 bytes"),
        webhook("https://shop.example", "env:HOOK_AND_KEY", key: "secret", "1 to 4 secrets with blanks between them"),
        webhook("https://shop.example", "env:COMMA_HOOKS", key: "secret", "1 to 4 secrets with blanks between them"),
        webhook("https://shop.example", "env:FIVE_HOOKS", key: "secret", "1 to 4 secrets with blanks between them"),
        webhook("https://shop.example", "env:NO_HOOK", key: "secret", "1 to 4 secrets with blanks between them"),
        .tenant("{ auth: none, webhooks: [{ url: \"https://shop.example\" }] }", key: ".webhooks[0].secret", "required"),
        .tenant(
            "{ auth: none, webhooks: [{ url: \"https://shop.example\", secret: env:HOOK, events: [payment.lost] }] }",
            key: ".webhooks[0].events[0]", "payment.succeeded"),
        twoWebhooks("https://shop.example/hook", "https://shop.example/hook"),
        twoWebhooks("https://shop.example", "https://SHOP.example:443/"),
    ]

    private static func twoWebhooks(_ first: String, _ second: String) -> RefusedFile {
        .tenant(
            "{ auth: none, webhooks: [{ url: \"\(first)\", secret: env:HOOK }, { url: \"\(second)\", secret: env:HOOK }] }",
            key: ".webhooks[1].url", "a URL that no other webhook of the tenant has")
    }

    @Test("what files must say together is told where it is missing", arguments: Self.refusedWholes)
    func wholes(file: RefusedFile) throws { try Self.expectOneProblem(file) }

    private static let bank = "bank-a: { adapter: bank-hmac, settings: { tenant: acme }, base_url: \"https://bank.example\" }"
    static let refusedWholes: [RefusedFile] = [
        RefusedFile("gateways: { \(bank) }\nroutes: [{ gateways: [bank-a] }]", line: 1, key: "tenants", "at least one"),
        RefusedFile(
            "tenants: {}\ngateways: { \(bank) }\nroutes: [{ gateways: [bank-a] }]", line: 1, key: "tenants", "at least one"),
        RefusedFile("tenants: { d: { auth: none } }\ngateways: { \(bank) }\nroutes: []", line: 3, key: "routes", "at least one"),
        RefusedFile(
            "tenants: { Demo: { auth: none } }\ngateways: { \(bank) }\nroutes: [{ gateways: [bank-a] }]", line: 1,
            key: "tenants.Demo",
            "a name of 1 to 63 characters"),
        RefusedFile(
            "tenants: { d: { auth: none } }\ngateways: { \(bank) }\nroutes:\n  - gateways: []", line: 4,
            key: "routes[0].gateways",
            "at least one gateway"),
        RefusedFile(
            "tenants: { d: { auth: none } }\ngateways: { \(bank) }\nroutes:\n  - gateways:\n    - bank-a\n    - bank-b", line: 6,
            key: "routes[0].gateways[1]", "the name of a gateway of this file; there are bank-a"),
        RefusedFile(
            "tenants: { d: { auth: none } }\ngateways: { \(bank) }\nroutes:\n  - gateways: [bank-a, bank-a]", line: 4,
            key: "routes[0].gateways[1]", "every element once"),
        route("method: [cash]", key: "method[0]", "card, pix, upi, bank_transfer, wallet"),
        route("method: []", key: "method", "at least one element"),
        route("method: card", key: "method", "a list"),
        route("currency: [brl]", key: "currency[0]", "three capital letters"),
        route("tenant: [other]", key: "tenant[0]", "the name of a tenant of this file; there are d"),
        route("min_amount: -1", key: "min_amount", "whole number from 0"),
        route("min_amount: 2, max_amount: 1", key: "max_amount", "at least min_amount"),
        route("amount: 1", key: "amount", "a known key"),
        RefusedFile(
            "tenants: { d: { auth: none } }\ngateways: { \(bank) }\nroutes:\n  - { gateways: [bank-a], failover_on_declines: [bad] }",
            line: 4, key: "routes[0].failover_on_declines[0]", "issuer_unavailable"),
        adapter("adapter: bank-b, settings: { tenant: acme }", key: "adapter", "the name of an adapter; there are bank-hmac"),
        adapter("settings: { tenant: acme }", key: "adapter", "there are bank-hmac"),
        adapter("adapter: bank-hmac", key: "settings", "tenant: a text; it is required"),
        adapter("adapter: bank-hmac, settings: [a]", key: "settings", "a section of keys"),
        adapter("adapter: bank-hmac, settings: { tenant: 12 }", key: "settings.tenant", "a text"),
        adapter("adapter: bank-hmac, settings: { tenant: a, colour: b }", key: "settings.colour", "no such setting"),
        adapter(
            "adapter: bank-hmac, settings: { tenant: a, keys: [{ secret: env:KEY }, { secret: env:MISSING }] }",
            key: "settings.keys[1].secret", "environment variable"),
    ]

    private static func route(_ match: String, key: String, _ expected: String) -> RefusedFile {
        let text =
            "tenants: { d: { auth: none } }\ngateways: { \(bank) }\nroutes:\n  - gateways: [bank-a]\n    match: { \(match) }"
        return RefusedFile(text, line: 5, key: "routes[0].match." + key, expected)
    }

    private static func adapter(_ text: String, key: String, _ expected: String) -> RefusedFile {
        let file =
            "tenants: { d: { auth: none } }\nroutes: [{ gateways: [bank-a] }]\ngateways:\n  bank-a: { base_url: \"https://b.example\", \(text) }"
        return RefusedFile(file, line: 4, key: "gateways.bank-a." + key, expected)
    }

    @Test(
        "an address without TLS, or with more than an address, is refused",
        arguments: [
            "http://bank.example", "http://10.0.0.1", "http://127.evil.example", "https://user:pass@bank.example",
            "https://bank.example?a=1",
            "https://bank.example#a", "https://bank.example:0", "https://bank.example:99999", "https://", "bank.example",
            "https://bank example",
            "http://[::2]", "https://[::1", "ftp://127.0.0.1", "https://-bank.example", "https://1.2.3",
        ])
    func baseURL(url: String) {
        let problems = ConfigurationText.problems(
            "tenants: { d: { auth: none } }\nroutes: [{ gateways: [b] }]\ngateways:\n  b:\n    adapter: bank-hmac\n    settings: { tenant: a }\n    base_url: \"\(url)\""
        )
        #expect(problems.map(\.key) == ["gateways.b.base_url"])
        #expect(problems.map(\.line) == [7])
    }

    @Test(
        "http is taken on loopback",
        arguments: ["http://127.0.0.1:80", "http://127.8.9.10", "http://[::1]:9", "http://localhost/a"])
    func loopbackURL(url: String) {
        #expect(ConfigurationText.problems(ConfigurationText.minimal.replacing("https://bank.example:9443", with: url)) == [])
    }

    private static let hook = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
    private static let environment = [
        "KEY": "0123456789abcdef", "EMPTY": "", "HOOK": hook, "NO_HOOK": " ",
        "SHORT_HOOK": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=", "LONG_HOOK": "whsec_" + String(repeating: "MDEy", count: 22),
        "HOOK_AND_KEY": "\(hook) 0123456789abcdef", "COMMA_HOOKS": "\(hook),\(hook)",
        "FIVE_HOOKS": Array(repeating: hook, count: 5).joined(separator: " "),
    ]

    private static func expectOneProblem(_ file: RefusedFile) throws {
        let problems = ConfigurationText.problems(file.text, environment: environment)
        #expect(problems.map(\.key) == [file.key])
        #expect(problems.map(\.line) == [file.line])
        #expect(problems.map(\.file) == ["/etc/drawbridge/test.yaml"])
        let expected = try #require(problems.first?.expected)
        #expect(expected.contains(file.expected), "\(expected)")
    }
}
