import AdapterKit
import MockGateways
import TestKit

/// Everything about a bank and the gateway in front of it that a test may want to be otherwise. As it is made, all is right.
struct Setup: Sendable {
    enum Store: Sendable {
        case memory
        case redis(port: Int)
    }

    /// 2020 to 2049: TLS libraries look at the real clock.
    static let valid = Timestamp(seconds: 1_577_836_800)..<Timestamp(seconds: 2_493_072_000)
    static let past = Timestamp(seconds: 1_577_836_800)..<Timestamp(seconds: 1_609_459_200)

    let authority: TestAuthority
    var server: TestCertificate
    var client: TestCertificate?
    /// Whom the gateway trusts to name the bank; PEM.
    var trusted: [UInt8]
    /// Where the gateway looks for the bank, when not where it is.
    var bankPort: Int?
    var bankIsLimitedToTLS12 = false
    var minimumTLS = "1.3"
    var pins: [String] = []
    var store = Store.memory
    var attempt = "5s"
    var deadline = "12s"
    var adminToken: String?
    var logLevel = "info"

    init(_ change: (inout Setup) throws -> Void = { _ in }) throws {
        authority = try TestAuthority(valid: Self.valid)
        server = try authority.server(valid: Self.valid)
        client = try authority.client(named: "drawbridge", valid: Self.valid)
        trusted = authority.root.certificate
        try change(&self)
    }

    var bankTLS: MockBank.TLS {
        var tls = MockBank.TLS(
            certificatePEM: server.certificate, keyPEM: server.key, clientCAPEM: authority.root.certificate)
        tls.isLimitedToTLS12 = bankIsLimitedToTLS12
        return tls
    }

    // MARK: Who signs with what

    static let bankTenant = "drawbridge-client"
    static let bankKey = SigningKey(id: "bank-key-1", secret: Secret(text: bankSecret))
    static let acmeKey = SigningKey(id: "acme-1", secret: Secret(text: acmeSecret))
    static let otherKey = SigningKey(id: "other-1", secret: Secret(text: otherSecret))

    private static let bankSecret = "b4nk-secret-in-a-text"
    private static let acmeSecret = "acm3-secret-in-a-variable"
    private static let otherSecret = "0ther-secret-in-a-file"
    private static let acmeVariable = "DRAWBRIDGE_TEST_ACME_SECRET"
    /// 32 bytes.
    private static let ringKey = "cjFuZy1rZXktb2YtdGhlLWludGVncmF0aW9uLXRlc3Q="

    static let secrets = [bankSecret, acmeSecret, otherSecret, ringKey]

    static let environment = [acmeVariable: acmeSecret]

    // MARK: The file

    /// Writes the configuration and the files that it names.
    /// - Returns: the path of the configuration.
    func write(to folder: Folder, bankPort: Int) throws -> String {
        try folder.write("ca.pem", trusted)
        try folder.write("other.secret", "\(Self.otherSecret)\n".utf8)
        if let client {
            try folder.write("client.pem", client.certificate)
            try folder.write("client.key", client.key)
        }
        try folder.write("drawbridge.yaml", yaml(bankPort: bankPort).utf8)
        return folder.path("drawbridge.yaml")
    }

    func yaml(bankPort: Int) -> String {
        """
        deployment: integration
        listen:
          api: { address: 127.0.0.1:0 }
          callbacks: { address: 127.0.0.1:0 }
          admin: { address: 127.0.0.1:0\(adminToken.map { ", token: \"text:\($0)\"" } ?? "") }
        state:
          backend: \(state)
        encryption:
          keys: [{ id: ring-1, key: "text:\(Self.ringKey)" }]
        tenants:
          acme:
            keys: [{ id: acme-1, secret: "env:\(Self.acmeVariable)" }]
          other:
            keys: [{ id: other-1, secret: "file:other.secret" }]
          open:
            auth: none
        gateways:
          bank-a:
            adapter: bank-hmac
            base_url: https://127.0.0.1:\(self.bankPort ?? bankPort)
            settings: { tenant: \(Self.bankTenant), key_id: bank-key-1, secret: "text:\(Self.bankSecret)" }
            tls:
              ca: ca.pem
              min_version: "\(minimumTLS)"
              pins: [\(pins.map { "\"\($0)\"" }.joined(separator: ", "))]
              \(client == nil ? "" : "certificate: client.pem")
              \(client == nil ? "" : "key: client.key")
            timeout: { connect: \(attempt), attempt: \(attempt) }
        routes:
          - gateways: [bank-a]
        payments: { deadline: \(deadline) }
        log: { level: \(logLevel) }

        """
    }

    private var state: String {
        switch store {
        case .memory: "memory"
        case .redis(let port): "redis\n  redis: { url: \"redis://127.0.0.1:\(port)/0\" }"
        }
    }
}
