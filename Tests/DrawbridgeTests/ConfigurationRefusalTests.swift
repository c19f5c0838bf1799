import AdapterKit
import Testing

@testable import Drawbridge

@Suite struct ConfigurationRefusalTests {
    private static let environment = [
        "SHORT": "fifteen-bytes--", "TOKEN": "0123456789abcdef", "RING": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    ]

    private static func keys(_ text: String) -> [String] {
        ConfigurationText.problems(text, environment: environment).map(\.key)
    }

    /// The minimal file with a tenant that may be reached from elsewhere.
    private static let signed = ConfigurationText.minimal.replacing(
        "{ auth: none }", with: "{ keys: [{ id: a, secret: env:TOKEN }] }")
    private static let redis = "\nstate: { backend: redis }\nencryption: { keys: [{ id: k1, key: env:RING }] }"

    @Test("all problems of a file are told, in the order of its lines")
    func all() {
        let text = """
            deployment: 5
            tenants:
              demo: { auth: maybe, rate: { burst: 0 } }
            gateways:
              bank-a: { adapter: bank-hmac, base_url: "http://bank.example", settings: { tenant: acme } }
            routes:
              - { gateways: [bank-a] }
            colour: red
            """
        let problems = ConfigurationText.problems(text)
        #expect(
            problems.map(\.key) == [
                "deployment", "tenants.demo.auth", "tenants.demo.keys", "tenants.demo.rate.burst", "gateways.bank-a.base_url",
                "colour",
            ])
        #expect(problems.map(\.line) == [1, 3, 3, 3, 5, 8])
    }

    @Test("keys that stand twice are told together with everything else")
    func repeated() {
        let text = """
            tenants:
              demo: { auth: none }
              demo: { auth: none }
            gateways:
              bank-a:
                adapter: bank-hmac
                base_url: https://bank.example
                settings: { tenant: acme, "tenant": other }
            routes:
              - { gateways: [bank-a] }
            log: { level: loud }
            log: { level: info }
            log: { level: debug }
            """
        let problems = ConfigurationText.problems(text)
        #expect(problems.map(\.key) == ["tenants.demo", "gateways.bank-a.settings.tenant", "log"])
        #expect(problems.map(\.line) == [3, 8, 13])
        #expect(problems.allSatisfy { $0.expected == "every key once" })
    }

    @Test(
        "a text that is not YAML is refused with its line and without its text",
        arguments: [
            ("a: [1, 2\nb: hunter2: x", 2), ("a: \"hunter2", 1), ("a: *hunter2", 1), ("? [hunter2]\n: 1", 1),
            ("--- hunter2\n--- hunter2", 1),
        ])
    func syntax(text: String, line: Int) throws {
        let problem = try #require(ConfigurationText.problems(text).first)
        #expect((problem.line ?? 0) >= line)
        #expect(!problem.description.contains("hunter2"))
    }

    @Test("a file that holds no section is refused", arguments: ["", "# nothing", "hunter2", "[hunter2]", "42"])
    func empty(text: String) {
        let problems = ConfigurationText.problems(text)
        #expect(!problems.isEmpty)
        #expect(problems.allSatisfy { !$0.description.contains("hunter2") })
    }

    @Test("a few aliases cannot stand for more values than fit in memory")
    func aliases() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...6 {
            text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }
        #expect(ConfigurationText.problems(text).map(\.expected) == ["at most 100000 values in the file"])
    }

    @Test("a file that is not there is refused by its name")
    func missing() {
        do {
            _ = try Configuration.load(path: "/nowhere/drawbridge.yaml", environment: [:], adapters: ConfigurationText.adapters)
            Issue.record("loaded a file that is not there")
        } catch {
            #expect(error.all.map(\.file) == ["/nowhere/drawbridge.yaml"])
            #expect(error.all.map(\.line) == [nil])
        }
    }

    @Test("no secret is ever shown in a problem")
    func secrets() {
        let text = """
            listen: { admin: { token: hunter2 } }
            encryption: { keys: [{ id: a, key: "text:hunter2" }, { id: b, key: hunter2 }] }
            tenants:
              demo: { keys: [{ id: a, secret: "text:hunter2" }, { id: b, secret: [hunter2] }, { id: c, secret: "env:hunter2" }] }
            gateways:
              bank-a: { adapter: bank-hmac, base_url: "https://a:hunter2@bank.example", settings: { tenant: a, secret: hunter2 } }
            routes:
              - { gateways: [bank-a] }
            """
        let problems = ConfigurationText.problems(text)
        #expect(problems.count == 7)
        #expect(problems.allSatisfy { !$0.description.contains("hunter2") })
    }

    @Test("secrets come from the environment, without being written in the file")
    func environmentSecret() throws {
        let configuration = try ConfigurationText.read(
            Self.signed + "\nlisten: { admin: { token: env:TOKEN } }", environment: Self.environment)
        #expect(configuration.listen.admin.token == Secret(text: "0123456789abcdef"))
        #expect(configuration.tenants.first?.keys == [SigningKey(id: "a", secret: Secret(text: "0123456789abcdef"))])
    }

    @Test("a text: secret is refused as soon as one listener is not on loopback", arguments: ["api", "callbacks", "admin"])
    func textSecret(listener: String) {
        let token = listener == "admin" ? ", token: env:TOKEN" : ""
        let file = Self.signed.replacing("tenant: acme", with: "tenant: acme, secret: \"text:k3y-for-tests-only\"") + Self.redis
        #expect(Self.keys(file) == [])
        #expect(
            Self.keys(file + "\nlisten: { \(listener): { address: 0.0.0.0:7000\(token) } }") == [
                "gateways.bank-a.settings.secret"
            ])
    }

    @Test("state in memory is refused as soon as one listener is not on loopback", arguments: ["api", "callbacks", "admin"])
    func memory(listener: String) {
        let token = listener == "admin" ? ", token: env:TOKEN" : ""
        let listen = "\nlisten: { \(listener): { address: \"[::]:7000\"\(token) } }"
        #expect(Self.keys(Self.signed + listen + "\nstate: { backend: memory }") == ["state.backend"])
        #expect(Self.keys(Self.signed + listen + Self.redis) == [])
    }

    @Test("a tenant without authentication is refused where the api can be reached from elsewhere")
    func noAuthentication() {
        let file = ConfigurationText.minimal + Self.redis
        #expect(Self.keys(file) == [])
        #expect(Self.keys(file + "\nlisten: { api: { address: 10.0.0.5:8080 } }") == ["tenants.demo.auth"])
    }

    @Test("the admin listener needs a token where it can be reached from elsewhere")
    func adminToken() {
        let file = Self.signed + Self.redis
        #expect(Self.keys(file + "\nlisten: { admin: { address: 10.0.0.5:9090 } }") == ["listen.admin.token"])
        #expect(Self.keys(file + "\nlisten: { admin: { address: 10.0.0.5:9090, token: env:TOKEN } }") == [])
        #expect(Self.keys(file + "\nlisten: { admin: { address: 10.0.0.5:9090, token: env:SHORT } }") == ["listen.admin.token"])
    }

    @Test("redis demands keys for what is personal")
    func encryption() {
        #expect(Self.keys(Self.signed + "\nstate: { backend: redis }") == ["encryption.keys"])
        #expect(Self.keys(Self.signed + "\nstate: { backend: redis }\nencryption: { keys: [] }") == ["encryption.keys"])
    }
}
