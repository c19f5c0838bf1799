import AdapterKit
import Payments
import Resilience
import TestKit
import Testing

@testable import Drawbridge

@Suite("When certificates end") struct CertificateExpiryTests {
    private static let now = Timestamp(seconds: 1_800_000_000)
    private static let valid = now..<now + .seconds(86_400)

    @Test("a chain, or a bundle, ends with its first certificate")
    func chain() throws {
        let authority = try TestAuthority(valid: Self.now..<Self.now + .seconds(2 * 86_400))
        let client = try authority.client(named: "drawbridge", valid: Self.valid)
        let endpoint = Endpoint(
            scheme: .https, host: "bank.example", port: 443,
            authorities: .pem(authority.root.certificate + client.certificate),
            identity: .init(certificate: client.certificate + authority.root.certificate, key: Secret(client.key)))
        let settings = try ConfigurationText.read(ConfigurationText.minimal)
        let adapter = try #require(settings.gateways.first).adapter
        let gateway = Payments.Gateway(name: "bank-a", adapter: adapter, endpoint: endpoint)
        let entries = CertificateExpiry([gateway], settings.listen).entries
        #expect(entries.map(\.certificate) == ["client", "ca"])
        #expect(entries.map(\.expires) == [Self.valid.upperBound, Self.now + .seconds(2 * 86_400)])
    }
}
