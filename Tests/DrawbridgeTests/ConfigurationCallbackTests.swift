import AdapterKit
import Payments
import Testing

@testable import Drawbridge

@Suite struct ConfigurationCallbackTests {
    private static let environment = ["KEY": "0123456789abcdef", "OTHER": "fedcba9876543210", "WEAK": "fifteen-bytes--"]
    private static let keys = "keys: [{ id: k1, secret: env:KEY }]"

    /// `callback` stands on line 6.
    private static func text(_ callback: String, adapter: String = "bank-hmac", listen: String = "null") -> String {
        """
        tenants: { demo: { auth: none } }
        gateways:
          bank-a:
            adapter: \(adapter)
            \(adapter == "bank-hmac" ? "settings: { tenant: acme }" : "settings: null")
            callback: \(callback)
            base_url: https://bank.example
        routes: [{ gateways: [bank-a] }]
        listen: \(listen)
        """
    }

    private static let mutualTLS = "{ callbacks: { tls: { certificate: a.pem, key: a.key, client_ca: banks.pem } } }"

    private static func read(_ callback: String, listen: String = "null") throws -> CallbackPolicy {
        let configuration = try ConfigurationText.read(text(callback, listen: listen), environment: environment)
        return try #require(configuration.gateways.first?.callback)
    }

    private static let signingKey = SigningKey(id: "k1", secret: Secret(text: "0123456789abcdef"))

    @Test("a gateway without the section has no callbacks")
    func none() throws {
        let configuration = try ConfigurationText.read(Self.text("null"), environment: Self.environment)
        #expect(configuration.gateways.map(\.callback) == [nil])
    }

    @Test("what is not said has its default, and the scheme is the adapter's")
    func defaults() throws {
        let policy = try Self.read("{ \(Self.keys) }")
        #expect(policy == CallbackPolicy(scheme: .hmacV1([Self.signingKey])))
        #expect(policy.tolerance == .seconds(300))
        #expect(policy.allowedNetworks == [] && policy.certificateSubject == nil && !policy.isHint)
    }

    @Test("everything that is said is taken")
    func everything() throws {
        let policy = try Self.read(
            "{ \(Self.keys), tolerance: 1h, allowed_networks: [10.0.0.0/8, \"2001:db8::/32\", 192.0.2.7],"
                + " client_certificate_subject: \"CN=bank-a,O=Bank A\\\\, Inc.,C=BR\", hint: true }", listen: Self.mutualTLS)
        #expect(policy.scheme == .hmacV1([Self.signingKey]))
        #expect(policy.tolerance == .seconds(3_600))
        #expect(policy.allowedNetworks.map(\.description) == ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"])
        #expect(policy.certificateSubject == "CN=bank-a,O=Bank A\\, Inc.,C=BR")
        #expect(policy.isHint)
    }

    @Test("what nothing signs is proved by a certificate, or is a hint")
    func unsigned() throws {
        let proved = try Self.read("{ unsigned: true, client_certificate_subject: CN=bank-a }", listen: Self.mutualTLS)
        #expect(proved == CallbackPolicy(scheme: .unsigned, certificateSubject: "CN=bank-a"))
        #expect(try Self.read("{ unsigned: true, hint: true }") == CallbackPolicy(scheme: .unsigned, isHint: true))
    }

    @Test("the listener may demand certificates also where only other gateways are proved by them")
    func demandedAnyway() throws {
        #expect(try Self.read("{ \(Self.keys) }", listen: Self.mutualTLS).certificateSubject == nil)
    }

    @Test(
        "a section that is wrong is told with its line, its key and what was expected",
        arguments: [
            ("[a]", "", "a section of keys"), ("true", "", "a section of keys"),
            ("{}", ".keys", "at least one key"),
            ("{ keys: [] }", ".keys", "at least one key"),
            ("{ keys: [{ id: k1, secret: env:MISSING }] }", ".keys[0].secret", "environment variable"),
            ("{ keys: [{ id: k1, secret: env:KEY }, { id: k2, secret: plain }] }", ".keys[1].secret", "a secret as env:NAME"),
            (
                "{ \(keys), colour: red }", ".colour",
                "a known key; there are allowed_networks, client_certificate_subject, hint, keys"
            ),
            ("{ \(keys), tolerence: 60s }", ".tolerence", "tolerance"),
            ("{ \(keys), tolerance: 300 }", ".tolerance", "a duration"),
            ("{ \(keys), tolerance: 999ms }", ".tolerance", "from 1s to 1h"),
            ("{ \(keys), tolerance: 3601s }", ".tolerance", "from 1s to 1h"),
            ("{ \(keys), hint: maybe }", ".hint", "true or false"),
            ("{ unsigned: true, hint: maybe }", ".hint", "true or false"),
            ("{ \(keys), allowed_networks: 10.0.0.0/8 }", ".allowed_networks", "a list"),
            ("{ \(keys), allowed_networks: [bank.example] }", ".allowed_networks[0]", "CIDR"),
            ("{ \(keys), allowed_networks: [10.0.0.0/8, 10.0.0.1/8] }", ".allowed_networks[1]", "no bit set beyond its prefix"),
            ("{ \(keys), allowed_networks: [10.0.0.0/33] }", ".allowed_networks[0]", "CIDR"),
            ("{ \(keys), allowed_networks: [10.0.0.0/8, 10.0.0.0/8] }", ".allowed_networks[1]", "every element once"),
            ("{ \(keys), client_certificate_subject: 7 }", ".client_certificate_subject", "RFC 4514"),
            ("{ \(keys), client_certificate_subject: bank-a }", ".client_certificate_subject", "RFC 4514"),
            ("{ unsigned: true, client_certificate_subject: bank-a }", ".client_certificate_subject", "RFC 4514"),
            (
                "{ unsigned: true }", "",
                "what proves a delivery: keys, webhook_secret, unsigned, client_certificate_subject; or hint: true"
            ),
            (
                "{ unsigned: true, hint: false }", "",
                "what proves a delivery: keys, webhook_secret, unsigned, client_certificate_subject; or hint: true"
            ),
            ("{ \(keys), hint: true, hint: false }", ".hint", "every key once"),
            ("{ \(keys), \(keys) }", ".keys", "every key once"),
            ("{ keys: [{ id: k1, secret: env:KEY, id: k2 }] }", ".keys[0].id", "every key once"),
        ])
    func refused(callback: String, key: String, expected: String) throws {
        let problems = ConfigurationText.problems(Self.text(callback, listen: Self.mutualTLS), environment: Self.environment)
        #expect(problems.map(\.key) == ["gateways.bank-a.callback" + key])
        #expect(problems.map(\.line) == [6])
        let text = try #require(problems.first?.expected)
        #expect(text.contains(expected), "\(text)")
    }

    @Test("an adapter that takes no callbacks refuses the section", arguments: ["{}", "{ keys: [] }", "{ hint: true }"])
    func silent(callback: String) throws {
        let problems = ConfigurationText.problems(Self.text(callback, adapter: "silent-bank"))
        #expect(problems.map(\.key) == ["gateways.bank-a.callback"])
        #expect(problems.map(\.line) == [6])
        #expect(problems.first?.expected.contains("silent-bank takes no callbacks") == true)
    }

    @Test("an adapter that is not known is the only problem of a gateway with callbacks")
    func unknownAdapter() {
        let problems = ConfigurationText.problems(Self.text("{ \(Self.keys) }", adapter: "bank-x"))
        #expect(problems.map(\.key) == ["gateways.bank-a.adapter"])
    }

    @Test(
        "a certificate is asked for only where this listener verifies it itself",
        arguments: [
            "null", "{ callbacks: { address: 127.0.0.1:7000 } }", "{ callbacks: { tls: { certificate: a.pem, key: a.key } } }",
            "{ api: { tls: { certificate: a.pem, key: a.key, client_ca: banks.pem } } }",
        ])
    func unverified(listen: String) throws {
        for scheme in [Self.keys, "unsigned: true", "unsigned: true, hint: true"] {
            let text = Self.text("{ \(scheme), client_certificate_subject: CN=bank-a }", listen: listen)
            let problems = ConfigurationText.problems(text, environment: Self.environment)
            #expect(problems.map(\.key) == ["gateways.bank-a.callback.client_certificate_subject"])
            #expect(problems.map(\.line) == [6])
            #expect(problems.first?.expected.contains("listen.callbacks.tls.client_ca to be set too") == true)
        }
    }

    @Test("no secret is shown in a problem")
    func secrets() {
        let text = Self.text("{ keys: [{ id: k1, secret: hunter2 }], webhook_secret: hunter2 }")
        let problems = ConfigurationText.problems(text)
        #expect(!problems.isEmpty)
        #expect(problems.allSatisfy { !$0.description.contains("hunter2") })
    }
}

@Suite struct CallbackReportTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    private static func findings(_ policy: CallbackPolicy) throws -> [ConfigurationFinding] {
        var configuration = try ConfigurationText.read(ConfigurationText.minimal)
        configuration.gateways[0].callback = policy
        return configuration.callbackFindings(at: now)
    }

    private static func key(_ secret: String, until: Timestamp? = nil) -> SigningKey {
        SigningKey(id: "k1", secret: Secret(text: secret), notAfter: until)
    }

    @Test("how callbacks are proved is said for each gateway that has them")
    func notes() throws {
        let signed = CallbackScheme.hmacV1([Self.key("0123456789abcdef")])
        let webhooks = CallbackScheme.standardWebhooks([Secret(text: "a"), Secret(text: "b")])
        let network = try #require(AddressRange("10.0.0.0/8"))
        let told: [(CallbackPolicy, String)] = [
            (.init(scheme: signed), "callbacks from any address are proved by HMAC-SHA-256 (scheme v1, 1 key), within 5m of now"),
            (
                .init(scheme: webhooks, tolerance: .seconds(60), allowedNetworks: [network], certificateSubject: "CN=bank-a"),
                "callbacks from 10.0.0.0/8 are proved by Standard Webhooks (v1, 2 secrets) and the client certificate of CN=bank-a,"
                    + " within 1m of now"
            ),
            (
                .init(scheme: .unsigned, certificateSubject: "CN=bank-a"),
                "callbacks from any address are proved by the client certificate of CN=bank-a alone"
            ),
            (
                .init(scheme: .unsigned, isHint: true),
                "callbacks from any address are hints: they are not believed, only asked about"
            ),
            (
                .init(scheme: signed, isHint: true),
                "callbacks from any address are hints: they are not believed, only asked about"
            ),
        ]
        for (policy, message) in told {
            #expect(try Self.findings(policy).map(\.message) == [message])
            #expect(try Self.findings(policy).map(\.severity) == [.note])
            #expect(try Self.findings(policy).map(\.key) == ["gateways.bank-a.callback"])
        }
    }

    @Test("the report has the notes, with their lines")
    func report() throws {
        let text = ConfigurationText.minimal.replacing(
            "settings: { tenant: acme }", with: "settings: { tenant: acme }, callback: { unsigned: true, hint: true }")
        let report = ConfigurationReport(try ConfigurationText.read(text), now: Self.now)
        #expect(report.findings.first { $0.key == "gateways.bank-a.callback" }?.line == 4)
        #expect(report.isServable)
    }

    @Test("keys that can be guessed, and gateways all of whose keys are over, are warned of")
    func warnings() throws {
        let weak = CallbackPolicy(scheme: .hmacV1([Self.key("fifteen-bytes--")]))
        #expect(try Self.findings(weak).first?.severity == .warning)
        #expect(try Self.findings(weak).first?.message.contains("fewer than 16 bytes") == true)
        let over = Self.key("0123456789abcdef", until: Self.now)
        let current = Self.key("0123456789abcdef", until: Self.now + .seconds(1))
        #expect(
            try Self.findings(.init(scheme: .hmacV1([over]))).first?.message
                == "every key is past its not_after: all callbacks of this gateway are refused")
        #expect(try Self.findings(.init(scheme: .hmacV1([over, current]))).map(\.severity) == [.note])
    }
}

@Suite struct CertificateSubjectTests {
    @Test(
        "subjects as RFC 4514 writes them",
        arguments: [
            "CN=bank-a", "CN=bank-a,O=Bank A,C=BR", "CN=Bank A\\, Inc.,O=a\\+b\\\\c", "OU=x+CN=bank-a,DC=bank,DC=example",
            "CN=a=b",
            "2.5.4.5=123,CN=bank-a", "E=ops@bank.example,ST=SP,L=Osasco,STREET=Rua 1", "CN=\\ a\\ ", "CN=\\#a", "CN=São Paulo",
        ])
    func subjects(text: String) { #expect(CertificateSubject.isWritten(text)) }

    @Test(
        "nothing else is one: it would never match",
        arguments: [
            "", "bank-a", "CN", "CN=", "=bank-a", "cn=bank-a", "commonName=bank-a", "CN=bank-a, O=Bank A", "CN=bank-a ,O=Bank A",
            "CN = bank-a", "CN=bank-a,", ",CN=bank-a", "CN=bank-a,,O=x", "/C=BR/CN=bank-a", "CN=\"Bank A\"", "CN=a;O=b", "CN=a<b",
            "CN=a\\", "CN= a", "CN=a ", "CN=#a", "5=x", "2..5=x", "2.x=y", "CN=a,O",
        ])
    func notSubjects(text: String) { #expect(!CertificateSubject.isWritten(text)) }
}

@Suite struct ConfigurationWebhookTests {
    private static func key(_ digit: Character, _ count: Int) -> [UInt8] { Array(String(repeating: digit, count: count).utf8) }

    @Test("the signing secrets are decoded, in their order, whatever blanks are between them")
    func secrets() throws {
        // 24 times "1", 25 times "2" and 64 times "3", as `base64` prints them.
        let texts = [
            "whsec_MTExMTExMTExMTExMTExMTExMTExMTEx", "whsec_MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMg==",
            "whsec_MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMw==",
        ]
        let text = ConfigurationText.minimal.replacing(
            "{ auth: none }",
            with:
                "{ auth: none, webhooks: [{ url: \"https://shop.example/hook/\", secret: env:HOOKS, events: [payment.succeeded] },"
                + " { url: \"https://shop.example/hook\", secret: env:HOOK }] }")
        let configuration = try ConfigurationText.read(
            text, environment: ["HOOKS": "\(texts[0])  \(texts[1])\n\(texts[2]) ", "HOOK": texts[0]])
        let webhooks = try #require(configuration.tenants.first?.webhooks)
        #expect(
            webhooks.map(\.secrets) == [
                [Secret(Self.key("1", 24)), Secret(Self.key("2", 25)), Secret(Self.key("3", 64))], [Secret(Self.key("1", 24))],
            ])
        #expect(webhooks.map(\.url.target) == ["/hook/", "/hook"])
        #expect(webhooks.map(\.events) == [.only(["payment.succeeded"]), .all])
    }

    @Test("two tenants may be told at the same URL")
    func sharedURL() throws {
        let webhook = "webhooks: [{ url: \"https://shop.example\", secret: env:HOOK }]"
        let text = ConfigurationText.minimal.replacing(
            "demo: { auth: none }", with: "demo: { auth: none, \(webhook) }\n  other: { auth: none, \(webhook) }")
        let configuration = try ConfigurationText.read(
            text, environment: ["HOOK": "whsec_MTExMTExMTExMTExMTExMTExMTExMTEx"])
        #expect(configuration.tenants.map(\.webhooks.first?.url.target) == ["/", "/"])
    }
}
