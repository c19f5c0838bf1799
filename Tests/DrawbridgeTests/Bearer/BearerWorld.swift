import AdapterKit
import HTTPTypes
import Payments
import TestKit

@testable import Drawbridge

/// Tenants who show access tokens, their issuer's keys behind a transport without a network, and a clock that a test moves.
struct BearerWorld {
    static let issuer = "https://id.example"

    let time = ManualTime()
    let transport = FakeTransport()
    let log = RecordedLog()
    let rsa: TokenKey
    let p256: TokenKey
    let keySets: KeySets
    private let authentication: InboundAuthentication

    /// - Parameter publishing: what the issuer publishes at first; nothing is scripted for `nil`.
    init(publishing: (_ rsa: TokenKey, _ p256: TokenKey) -> [TokenKey]? = { [$0, $1] }) async throws {
        rsa = try await .rsa("rsa-1")
        p256 = try await .p256("ec-1")
        let configuration = try ConfigurationText.read(Self.text)
        keySets = KeySets(transport: transport, time: time, logger: log.logger)
        authentication = InboundAuthentication(configuration, keySets: keySets)
        if let keys = publishing(rsa, p256) { publish(keys) }
    }

    private static let text = ConfigurationText.minimal.replacing(
        "  demo: { auth: none }",
        with: """
              acme: { auth: jwt, jwt: { issuer: "\(issuer)", audience: drawbridge, jwks: "https://id.example/keys" } }
              beta: { auth: jwt, jwt: { issuer: "\(issuer)", audience: drawbridge, jwks: "https://id.example/keys" } }
              globex: { auth: jwt, jwt: { issuer: "https://other.example", audience: drawbridge, jwks: "https://other.example/keys" } }
              signer: { keys: [{ id: signer-1, secret: "text:0123456789abcdef" }] }
            """)

    /// The next reading finds these.
    func publish(_ keys: [TokenKey]) { publish(TokenKey.document(keys)) }

    func publish(_ document: [UInt8], status: Int = 200) {
        transport.script(.unsigned(GatewayResponse(status: status, body: document)))
    }

    // MARK: Tokens

    /// Of acme, good for five minutes; changed members, or `nil` for none.
    func claims(_ changes: (String, JSON?)...) -> JSON {
        let now = time.now().seconds
        var members: [(String, JSON)] = [
            ("iss", .string(Self.issuer)), ("sub", .string("pay-bff")), ("aud", .string("drawbridge")),
            ("exp", .integer(now + 300)), ("iat", .integer(now)), ("tenant_id", .string("acme")),
        ]
        for (name, value) in changes {
            members.removeAll { $0.0 == name }
            if let value { members.append((name, value)) }
        }
        return .members(members)
    }

    func message(_ authorization: [String], tenant: String = "acme") -> InboundAuthentication.Message {
        var fields = HTTPFields()
        fields.set("X-Tenant-Id", tenant)
        for value in authorization { fields.append(HTTPField(name: .authorization, value: value)) }
        return InboundAuthentication.Message(
            method: "GET", target: "/v1/gateways", body: [], headers: InboundHeaders(fields))
    }

    func authenticate(_ token: String, tenant: String = "acme") async throws(Problem) -> InboundAuthentication.Authenticated {
        try await authentication.tenant(of: message(["Bearer \(token)"], tenant: tenant), at: time.now())
    }

    /// Why it is refused; `nil`: it is not.
    func refusal(authorization: [String], tenant: String = "acme") async -> Problem? {
        do throws(Problem) {
            _ = try await authentication.tenant(of: message(authorization, tenant: tenant), at: time.now())
            return nil
        } catch { return error }
    }

    func refusal(_ token: String, tenant: String = "acme") async -> Problem.Code? {
        await refusal(authorization: ["Bearer \(token)"], tenant: tenant)?.code
    }

    func challenge(_ code: Problem.Code, tenant: String) -> String? {
        var fields = HTTPFields()
        fields.set("X-Tenant-Id", tenant)
        return authentication.challenge(fields, Problem(code))
    }
}
