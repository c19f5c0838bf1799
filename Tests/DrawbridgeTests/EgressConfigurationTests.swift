import AdapterKit
import Foundation
import Payments
import TestKit
import Testing

@testable import Drawbridge

@Suite("Addresses in the configuration") struct AddressConfigurationTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    private static func gateway(_ url: String, _ more: String = "") throws -> Configuration {
        try ConfigurationText.read(
            ConfigurationText.minimal.replacing("\"https://bank.example:9443\"", with: "\"\(url)\"\(more)"))
    }

    @Test(
        "a gateway's addresses must be public unless it says otherwise",
        arguments: [
            ("", AddressPolicy.publicOnly), (", allow_private_addresses: false", .publicOnly),
            (", allow_private_addresses: true", .any), (", allow_private_addresses: report", .report),
        ])
    func gateway(line: String, policy: AddressPolicy) throws {
        // Also where its own address is written as loopback: a bank is not on this machine by default.
        for url in ["https://bank.example", "https://127.0.0.1:9443"] {
            let configuration = try Self.gateway(url, line)
            let endpoint = try #require(configuration.gateways.first).endpoint(of: configuration)
            #expect(endpoint.addresses == policy)
            #expect(endpoint.purpose == "bank-a")
        }
    }

    @Test(
        "a webhook's addresses must be public unless it says otherwise or names the loopback itself",
        arguments: [
            ("https://hooks.example/a", "", AddressPolicy.publicOnly), ("https://10.0.0.1/a", "", .publicOnly),
            ("http://127.0.0.1:8000/a", "", .any), ("http://localhost:8000/a", "", .any), ("http://[::1]:8000/a", "", .any),
            ("http://127.0.0.1:8000/a", ", allow_private_addresses: false", .publicOnly),
            ("http://127.0.0.1:8000/a", ", allow_private_addresses: report", .report),
            ("https://10.0.0.1/a", ", allow_private_addresses: true", .any),
        ])
    func webhook(url: String, more: String, policy: AddressPolicy) throws {
        let secret = "text:whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
        let configuration = try ConfigurationText.read(
            ConfigurationText.minimal.replacing(
                "{ auth: none }", with: "{ auth: none, webhooks: [{ url: \"\(url)\", secret: \"\(secret)\"\(more) }] }"))
        #expect(configuration.tenants.first?.webhooks.first?.addresses == policy)
    }

    @Test("a word that is none of the three is refused at a webhook too")
    func webhookProblem() {
        let text = ConfigurationText.minimal.replacing(
            "{ auth: none }",
            with:
                "{ auth: none, webhooks: [{ url: \"https://a.example\", secret: \"text:whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\","
                + " allow_private_addresses: maybe }] }")
        let problems = ConfigurationText.problems(text)
        #expect(problems.map(\.key) == ["tenants.demo.webhooks[0].allow_private_addresses"])
        #expect(problems.map(\.expected) == ["true, false or report"])
    }

    @Test(
        "check warns of an address that no connection would be made to",
        arguments: [
            ("http://127.0.0.1:9443", "address_loopback"), ("http://localhost:9443", "address_loopback"),
            ("http://[::1]:9443", "address_loopback"), ("https://10.1.2.3", "address_private"),
            ("https://169.254.169.254", "address_link_local"), ("https://[::ffff:127.0.0.1]", "address_embedded"),
        ])
    func warned(url: String, code: String) throws {
        let report = ConfigurationReport(try Self.gateway(url), now: Self.now)
        let finding = try #require(report.findings.first { $0.key == "gateways.bank-a.base_url" })
        #expect(finding.severity == .warning && finding.message.contains(code) && report.isServable)
        for allowed in ["true", "report"] {
            let report = ConfigurationReport(try Self.gateway(url, ", allow_private_addresses: \(allowed)"), now: Self.now)
            #expect(!report.findings.contains { $0.key == "gateways.bank-a.base_url" })
        }
    }

    @Test("check does not warn of names, nor of public addresses", arguments: ["https://bank.example", "https://8.8.8.8"])
    func notWarned(url: String) throws {
        let report = ConfigurationReport(try Self.gateway(url), now: Self.now)
        #expect(!report.findings.contains { $0.key == "gateways.bank-a.base_url" })
    }
}

@Suite("Client certificates and revocation lists in the configuration") final class RevocationConfigurationTests {
    private static let now = Timestamp(seconds: 1_800_000_000)
    private static let valid = now + .seconds(-3_600)..<now + .seconds(90 * 86_400)
    private static let past = now + .seconds(-7_200)..<now + .seconds(-3_600)

    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("drawbridge-\(UUID().uuidString)").path
    private let authority: TestAuthority
    private let client: TestCertificate

    init() throws {
        authority = try TestAuthority(valid: Self.valid)
        client = try authority.client(named: "drawbridge", valid: Self.valid)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try write("client.pem", client.certificate)
        try write("client.key", client.key)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func write(_ name: String, _ content: [UInt8]) throws {
        try Data(content).write(to: URL(filePath: "\(folder)/\(name)"))
    }

    private func configuration(crl: String? = "crl.pem") throws -> Configuration {
        let list = crl.map { ", crl: \($0)" } ?? ""
        return try Configuration.read(
            ConfigurationText.minimal.replacing(
                "settings: {", with: "tls: { certificate: client.pem, key: client.key\(list) }, settings: {"),
            file: LocalFile(path: "\(folder)/test.yaml"), environment: [:], adapters: ConfigurationText.adapters)
    }

    private func endpoint(crl: String? = "crl.pem") throws -> Endpoint {
        let configuration = try configuration(crl: crl)
        return try #require(configuration.gateways.first).endpoint(of: configuration)
    }

    private func problems() throws -> [ConfigurationFinding] {
        ConfigurationReport(try configuration(), now: Self.now).findings.filter { $0.key == "gateways.bank-a.tls.crl" }
    }

    @Test("the endpoint knows when its certificate holds, and finds nothing wrong with a right one")
    func right() throws {
        try write("crl.pem", authority.revocations(of: [], valid: Self.valid))
        let identity = try #require(endpoint().identity)
        #expect(identity.fault == nil)
        #expect(identity.validFrom == Self.valid.lowerBound && identity.validUntil == Self.valid.upperBound)
        #expect(identity.fault(at: Self.now) == nil)
        #expect(identity.fault(at: Self.valid.upperBound) == .clientCertificateExpired)
        #expect(identity.fault(at: Self.valid.lowerBound + .seconds(-1)) == .clientCertificateNotYetValid)
        #expect(try problems() == [])
    }

    @Test("a key of another certificate is a fault of that gateway's certificate, and no reason not to start")
    func mismatched() throws {
        try write("client.key", authority.client(named: "other", valid: Self.valid).key)
        #expect(try endpoint(crl: nil).identity?.fault(at: Self.now) == .clientCertificateMismatched)
    }

    @Test("a certificate or key that is not one is left for libcurl to refuse", arguments: ["client.pem", "client.key"])
    func unreadable(name: String) throws {
        try write(name, Array("nothing".utf8))
        #expect(try endpoint(crl: nil).identity?.fault == nil)
    }

    @Test("our own certificate on the list is a fault, whichever of several lists it is on")
    func revoked() throws {
        let other = try TestAuthority(named: "Another", valid: Self.valid)
        let lists = [
            try other.revocations(of: [], valid: Self.valid), try authority.revocations(of: [client], valid: Self.valid),
        ]
        try write("crl.pem", Array(lists.joined()))
        #expect(try endpoint().identity?.fault(at: Self.now) == .clientCertificateRevoked)
        #expect(try problems().map(\.severity) == [.problem])
        #expect(try problems().first?.message.contains("revokes our own certificate") == true)
    }

    @Test("the same number on another authority's list says nothing of ours")
    func otherIssuer() throws {
        let other = try TestAuthority(named: "Another", valid: Self.valid)
        try write("crl.pem", other.revocations(of: [client], valid: Self.valid))
        #expect(try endpoint().identity?.fault == nil)
    }

    @Test("a list is known by what its file holds")
    func digest() throws {
        try write("crl.pem", authority.revocations(of: [], valid: Self.valid))
        let first = try endpoint()
        #expect(try endpoint().revocations == first.revocations)
        try write("crl.pem", authority.revocations(of: [client], valid: Self.valid))
        #expect(try endpoint().revocations != first.revocations)
        #expect(try endpoint(crl: nil).revocations == nil)
    }

    @Test("a list that was to be renewed is a problem for check, since it lets no connection be made")
    func outdated() throws {
        try write("crl.pem", authority.revocations(of: [], valid: Self.past))
        let finding = try #require(try problems().first)
        #expect(finding.severity == .problem && finding.message.contains(Self.past.upperBound.rfc3339WholeSeconds))
    }

    @Test("what is not a list is a problem for check")
    func noList() throws {
        let list = try authority.revocations(of: [client], valid: Self.valid)
        for content in [[], Array("nothing".utf8), client.certificate, Array(list.dropLast(60))] {
            try write("crl.pem", content)
            #expect(try problems().map(\.severity) == [.problem])
        }
    }

    @Test("a file that is not there is a problem for check, and keeps serve from starting")
    func missing() throws {
        #expect(try problems().map(\.severity) == [.problem])
        let error = #expect(throws: ConfigurationProblems.self) { try self.endpoint() }
        #expect(error?.all.map(\.key) == ["gateways.bank-a.tls.crl"])
    }
}
