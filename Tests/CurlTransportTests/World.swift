import AdapterKit
import CurlTransport
import Foundation
import NIOSSL
import Payments
import TestKit

/// The certificates of these tests: one authority that everyone trusts, and what must be refused.
struct World: Sendable {
    let authority: TestAuthority
    let server: TestCertificate
    let client: TestCertificate

    static let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
    static let valid = now + .seconds(-3600)..<now + .seconds(86_400)
    static let expired = now + .seconds(-172_800)..<now + .seconds(-86_400)

    /// Every test runs in an environment whose proxies lead nowhere, so that one that is asked for a proxy fails.
    private static let environment: Void = {
        for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            unsafe setenv(name, "http://127.0.0.1:9", 1)
        }
        for name in ["no_proxy", "NO_PROXY"] { unsafe setenv(name, "localhost", 1) }
    }()

    init() throws {
        Self.environment
        authority = try TestAuthority(named: "The bank's authority", valid: Self.valid)
        server = try authority.server(valid: Self.valid)
        client = try authority.client(named: "drawbridge", valid: Self.valid)
    }

    func endpoint(_ bank: TestBank, identity: TestCertificate? = nil, change: (inout Endpoint) -> Void = { _ in }) -> Endpoint {
        var endpoint = Endpoint(
            scheme: .https, host: "127.0.0.1", port: bank.port, authorities: .pem(authority.root.certificate),
            identity: identity.map(Self.identity), addresses: .any, connectTimeout: .seconds(5), attemptTimeout: .seconds(10))
        change(&endpoint)
        return endpoint
    }

    static func identity(_ certificate: TestCertificate) -> Endpoint.Identity {
        Endpoint.Identity(certificate: certificate.certificate, key: Secret(certificate.key))
    }

    /// What the bank's side of TLS is made of. With `clients` it demands a certificate by that authority.
    func tls(server: TestCertificate? = nil, clients: TestAuthority? = nil, maximum: TLSVersion? = nil) throws -> TLSConfiguration
    {
        let server = server ?? self.server
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(server.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: server.key, format: .pem)))
        configuration.maximumTLSVersion = maximum
        if let clients {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(clients.root.certificate))
            configuration.certificateVerification = .noHostnameVerification
        }
        return configuration
    }
}

extension EgressRequest {
    static func post(_ body: String = #"{"amount":100}"#) -> EgressRequest {
        EgressRequest(
            method: .post, target: "/charges?x=1", headers: Headers([("Content-Type", "application/json")]),
            body: Array(body.utf8))
    }

    static let get = EgressRequest(method: .get, target: "/charges/1", headers: Headers(), body: [])
}

extension CurlTransport {
    /// The failure of an exchange that must fail.
    func failure(_ request: EgressRequest = .post(), to endpoint: Endpoint) async -> TransportFailure? {
        do throws(TransportFailure) {
            _ = try await send(request, to: endpoint)
            return nil
        } catch {
            return error
        }
    }
}
