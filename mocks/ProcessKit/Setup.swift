package import AdapterKit
package import MockGateways
package import TestKit

/// Everything about a bank and the gateway in front of it that a test may want to be otherwise. As it is made, all is right.
package struct Setup: Sendable {
    package enum Store: Sendable {
        case memory
        case redis(port: Int)
    }

    /// 2020 to 2049: TLS libraries look at the real clock.
    package static let valid = Timestamp(seconds: 1_577_836_800)..<Timestamp(seconds: 2_493_072_000)
    package static let future = Timestamp(seconds: 2_461_536_000)..<Timestamp(seconds: 2_493_072_000)
    package static let past = Timestamp(seconds: 1_577_836_800)..<Timestamp(seconds: 1_609_459_200)

    package let authority: TestAuthority
    package var server: TestCertificate
    package var client: TestCertificate?
    /// Whom the gateway trusts to name the bank; PEM.
    package var trusted: [UInt8]
    /// Where the gateway looks for the bank, when not where it is.
    package var bankPort: Int?
    package var bankIsLimitedToTLS12 = false
    package var minimumTLS = "1.3"
    package var pins: [String] = []
    /// What the gateways take back certificates by, if anything; PEM.
    package var revocations: [UInt8]?
    /// The key beside the client certificate, where it is not that one's.
    package var clientKey: [UInt8]?
    /// Ports of bank-b and further ones, behind bank-a in the route.
    package var moreBanks: [Int] = []
    /// What the bank speaks.
    package var face = GatewayFace.bankHMAC(tenant: bankTenant, keys: [bankKey])
    /// What the bank is asked before its books, and whether it has none.
    package var expectations: [ExpectationFolder] = []
    package var bankIsStatic = false
    /// How long the gateway waits for Redis.
    package var redisTimeout = "500ms"
    package var adapter = "bank-hmac"
    /// The banks are on loopback.
    package var privateAddresses = "true"
    /// Of the gateways' base URLs, what stands after the port.
    package var basePath = ""
    /// Members of the gateways' `settings`.
    package var settings = ["tenant: \(bankTenant)", "key_id: bank-key-1", "secret: \"text:\(bankSecret)\""]
    /// What the gateways' callbacks must prove: members of their sections.
    package var callback = ["keys: [{ id: bank-callback-1, secret: \"text:\(callbackSecret)\" }]"]
    /// Further lines of a tenant's section.
    package var tenantLines: [String: [String]] = [:]
    /// Of the tenant acme, as flow sequences' elements.
    package var webhooks: [String] = []
    /// Further tenants, as lines of the section `tenants`.
    package var moreTenants: [String] = []
    /// Where banks call back; 0 is a free port.
    package var callbackPort = 0
    /// What the callback listener shows. With it, it speaks TLS and asks for a certificate of `authority`.
    package var callbackServer: TestCertificate?
    /// Further lines of every gateway's section, and of the file.
    package var gatewayLines: [String] = []
    /// Further lines of the route.
    package var routeLines: [String] = []
    package var lines: [String] = []
    package var store = Store.memory
    package var attempt = "5s"
    package var deadline = "12s"
    package var adminToken: String?
    package var logLevel = "info"

    package init(_ change: (inout Setup) throws -> Void = { _ in }) throws {
        authority = try TestAuthority(valid: Self.valid)
        server = try authority.server(valid: Self.valid)
        client = try authority.client(named: "drawbridge", valid: Self.valid)
        trusted = authority.root.certificate
        try change(&self)
    }

    package var bankTLS: MockBank.TLS {
        var tls = MockBank.TLS(
            certificatePEM: server.certificate, keyPEM: server.key, clientCAPEM: authority.root.certificate)
        tls.isLimitedToTLS12 = bankIsLimitedToTLS12
        return tls
    }

    // MARK: Who signs with what

    package static let bankTenant = "drawbridge-client"
    package static let bankKey = SigningKey(id: "bank-key-1", secret: Secret(text: bankSecret))
    /// With which the banks sign what they post.
    package static let callbackKey = SigningKey(id: "bank-callback-1", secret: Secret(text: callbackSecret))
    package static let acmeKey = SigningKey(id: "acme-1", secret: Secret(text: acmeSecret))
    package static let otherKey = SigningKey(id: "other-1", secret: Secret(text: otherSecret))
    private static let callbackSecret = "c4llback-secret-in-a-text"
    private static let bankSecret = "b4nk-secret-in-a-text"
    private static let acmeSecret = "acm3-secret-in-a-variable"
    private static let otherSecret = "0ther-secret-in-a-file"
    private static let acmeVariable = "DRAWBRIDGE_TEST_ACME_SECRET"
    /// 32 bytes.
    private static let ringKey = "cjFuZy1rZXktb2YtdGhlLWludGVncmF0aW9uLXRlc3Q="

    /// Base64 of 24 bytes.
    private static let webhookKey = "d2ViaDAway1zZWNyZXQtb2YtYWNtZS0x"
    /// With which acme's endpoints are sure of who posts.
    package static let webhookSecret = Secret(text: "whsec_\(webhookKey)")

    /// An element of `webhooks`.
    package static func webhook(port: Int) -> String {
        "{ url: \"http://127.0.0.1:\(port)/hooks\", secret: \"text:whsec_\(webhookKey)\" }"
    }

    package static let secrets = [bankSecret, callbackSecret, acmeSecret, otherSecret, ringKey, webhookKey]

    package static let environment = [acmeVariable: acmeSecret]

    // MARK: The file

    /// Writes the configuration and the files that it names.
    /// - Returns: the path of the configuration.
    package func write(to folder: Folder, bankPort: Int, as name: String = "drawbridge.yaml") throws -> String {
        try folder.write("ca.pem", trusted)
        try folder.write("other.secret", "\(Self.otherSecret)\n".utf8)
        if let client {
            try folder.write("client.pem", client.certificate)
            try folder.write("client.key", clientKey ?? client.key)
        }
        if let revocations { try folder.write("crl.pem", revocations) }
        if let callbackServer {
            try folder.write("callbacks.pem", callbackServer.certificate)
            try folder.write("callbacks.key", callbackServer.key)
            try folder.write("callers.pem", authority.root.certificate)
        }
        try folder.write(name, yaml(bankPort: bankPort).utf8)
        return folder.path(name)
    }

    package func yaml(bankPort: Int) -> String {
        let ports = [self.bankPort ?? bankPort] + moreBanks
        let names = ports.indices.map(Self.bankName)
        return """
            deployment: integration
            listen:
              api: { address: 127.0.0.1:0 }
              callbacks: { address: 127.0.0.1:\(callbackPort)\(callbackTLS) }
              admin: { address: 127.0.0.1:0\(adminToken.map { ", token: \"text:\($0)\"" } ?? "") }
            state:
              backend: \(state)
            encryption:
              keys: [{ id: ring-1, key: "text:\(Self.ringKey)" }]
            tenants:
              acme:
                keys: [{ id: acme-1, secret: "env:\(Self.acmeVariable)" }]
                webhooks: [\(webhooks.joined(separator: ", "))]\(lines(of: "acme"))
              other:
                keys: [{ id: other-1, secret: "file:other.secret" }]\(lines(of: "other"))
              open:
                auth: none\(lines(of: "open"))
            \(moreTenants.map { "  \($0)\n" }.joined())gateways:
            \(names.indices.map { gateway(names[$0], port: ports[$0]) }.joined(separator: "\n"))
            routes:
            \(route(names))
            payments: { deadline: \(deadline) }
            log: { level: \(logLevel) }
            \(lines.joined(separator: "\n"))

            """
    }

    private func lines(of tenant: String) -> String { (tenantLines[tenant] ?? []).map { "\n    \($0)" }.joined() }

    private func route(_ names: [String]) -> String {
        "  - gateways: [\(names.joined(separator: ", "))]" + routeLines.map { "\n    \($0)" }.joined()
    }

    /// bank-a, bank-b and so on.
    package static func bankName(_ index: Int) -> String { "bank-\(Array("abcdefgh")[index])" }

    private func gateway(_ name: String, port: Int) -> String {
        let usual = [
            "adapter: \(adapter)", "base_url: https://127.0.0.1:\(port)\(basePath)",
            "allow_private_addresses: \(privateAddresses)",
            "settings: { \(settings.joined(separator: ", ")) }",
            "tls: { \(tls) }", "timeout: { connect: \(attempt), attempt: \(attempt) }",
            "callback: { \(callback.joined(separator: ", ")) }",
        ]
        return "  \(name):\n" + (usual + gatewayLines).map { "    \($0)" }.joined(separator: "\n")
    }

    private var callbackTLS: String {
        callbackServer == nil ? "" : ", tls: { certificate: callbacks.pem, key: callbacks.key, client_ca: callers.pem }"
    }

    private var tls: String {
        let pins = "pins: [\(pins.map { "\"\($0)\"" }.joined(separator: ", "))]"
        let own = client == nil ? "" : ", certificate: client.pem, key: client.key"
        let list = revocations == nil ? "" : ", crl: crl.pem"
        return "ca: ca.pem, min_version: \"\(minimumTLS)\", \(pins)\(own)\(list)"
    }

    private var state: String {
        switch store {
        case .memory: "memory"
        case .redis(let port): "redis\n  redis: { url: \"redis://127.0.0.1:\(port)/0\", timeout: \(redisTimeout) }"
        }
    }
}
