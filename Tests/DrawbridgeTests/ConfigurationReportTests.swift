import AdapterKit
import Foundation
import TestKit
import Testing

@testable import Drawbridge

@Suite struct ConfigurationReportTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    private static func report(_ more: String = "", environment: [String: String] = [:]) throws -> ConfigurationReport {
        ConfigurationReport(
            try ConfigurationText.read(ConfigurationText.minimal + "\n" + more, environment: environment), now: now)
    }

    @Test("memory is warned of, for what it does not keep")
    func memory() throws {
        let report = try Self.report()
        #expect(report.isServable)
        #expect(report.findings.map(\.key) == ["state.backend"])
        #expect(report.findings.map(\.severity) == [.warning])
    }

    @Test("with redis the report says what rests on its replicas", arguments: [(0, "warning"), (2, "note")])
    func redis(replicas: Int, severity: String) throws {
        let report = try Self.report(
            "state: { backend: redis, redis: { wait_replicas: \(replicas) } }\nencryption: { keys: [{ id: a, key: env:RING }] }",
            environment: ["RING": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="])
        #expect(report.findings.map(\.key) == ["state.redis.wait_replicas"])
        #expect(report.findings.map(\.severity.rawValue) == [severity])
    }

    @Test(
        "a deadline that leaves an attempt no room is warned of", arguments: [("2s", 1), ("3s", 1), ("3499ms", 1), ("3500ms", 0)])
    func deadline(deadline: String, warnings: Int) throws {
        let report = try Self.report("payments: { deadline: \(deadline) }")
        #expect(report.findings.count { $0.key == "gateways.bank-a.timeout.attempt" && $0.severity == .warning } == warnings)
    }

    @Test("a payment that is forgotten before its gateway's last word is warned of", arguments: [("299s", 1), ("300s", 0)])
    func retention(retention: String, warnings: Int) throws {
        let report = try Self.report("state: { retention: \(retention) }")
        #expect(report.findings.count { $0.key == "state.retention" } == warnings)
    }

    @Test("keys without effect yet are noted when the file sets them, with their lines")
    func withoutEffect() throws {
        let text = """
            tenants:
              demo: { auth: none, rate: { burst: 5 }, webhooks: [] }
            listen: { callbacks: { address: 127.0.0.1:7000 } }
            gateways:
              bank-a: { adapter: bank-hmac, base_url: "https://a.example", settings: { tenant: a }, limits: { concurrency: 5 } }
              bank-b: { adapter: bank-hmac, base_url: "https://b.example", settings: { tenant: b }, retry: { max_retries: 1 } }
            routes:
              - { gateways: [bank-a, bank-b] }
            queue: { give_up_after: 2h }
            tracing: { sample: 1 }
            """
        let notes = ConfigurationReport(try ConfigurationText.read(text), now: Self.now).findings.filter { $0.severity == .note }
        #expect(notes.map(\.key) == ["tracing"])
        #expect(notes.first { $0.key == "tracing" }?.line == 10)
    }

    @Test("tenants who cannot be let in are warned of")
    func tenants() throws {
        let text = ConfigurationText.minimal.replacing(
            "{ auth: none }", with: "{ keys: [{ id: a, secret: \"text:0123456789abcdef\", not_after: 2026-01-01T00:00:00Z }] }")
        let report = ConfigurationReport(try ConfigurationText.read(text), now: Self.now)
        #expect(report.findings.map(\.key) == ["state.backend", "tenants.demo.keys"])
    }

    @Test("a file that was refused is reported in the same shape")
    func refused() {
        let problems = ConfigurationText.problems(ConfigurationText.minimal + "\ncolour: red")
        let report = ConfigurationReport(ConfigurationProblems(problems))
        #expect(!report.isServable)
        #expect(report.text(color: false).hasPrefix("problem: /etc/drawbridge/test.yaml:7: colour: expected a known key"))
        #expect(report.text(color: false).hasSuffix("test.yaml: refused (1 problem)"))
        #expect(report.text(color: true).contains("\u{1B}[31mproblem\u{1B}[0m"))
        #expect(report.json == ConfigurationProblems(problems).json)
        #expect(report.json["ok"] == .bool(false))
        #expect(report.json["findings"]?.elements?.first?["line"] == .integer(7))
        #expect(report.json["findings"]?.elements?.first?["severity"] == .string("problem"))
    }
}

@Suite struct ConfigurationCertificateTests {
    private static let now = Timestamp(seconds: 1_800_000_000)
    private static let day: Double = 86_400

    /// A folder of its own, gone when the test ends.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("drawbridge-\(UUID().uuidString)").path

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        }

        /// A certificate valid from `start` to `end`, in days from now, and its key, as NAME.pem and NAME.key.
        func issue(_ name: String, from start: Double = -1, to end: Double) throws {
            let now = ConfigurationCertificateTests.now
            let valid = (now + .seconds(start * day))..<(now + .seconds(end * day))
            let certificate = try TestAuthority(valid: valid).client(named: "drawbridge", valid: valid)
            try write("\(name).pem", String(decoding: certificate.certificate, as: UTF8.self))
            try write("\(name).key", String(decoding: certificate.key, as: UTF8.self))
        }

        func findings(_ tls: String) throws -> [ConfigurationFinding] {
            let text = """
                tenants: { demo: { auth: none } }
                gateways:
                  bank-a:
                    adapter: bank-hmac
                    base_url: https://bank.example
                    settings: { tenant: acme }
                    tls: \(tls)
                routes: [{ gateways: [bank-a] }]
                """
            let configuration = try Configuration.read(
                text, file: LocalFile(path: "\(path)/test.yaml"), environment: [:], adapters: ConfigurationText.adapters)
            let findings = ConfigurationReport(configuration, now: ConfigurationCertificateTests.now).findings
            return findings.filter { $0.key.hasPrefix("gateways.bank-a.tls.") }
        }
    }

    @Test("a certificate and its key pass")
    func pair() throws {
        let folder = try Folder()
        try folder.issue("client", to: 31)
        #expect(try folder.findings("{ ca: client.pem, certificate: client.pem, key: client.key }") == [])
    }

    @Test(
        "a certificate is judged by its time",
        arguments: [
            (-1.0, 29.0, "warning", "in less than 30 days"), (-9.0, -1.0, "problem", "expired at"),
            (1.0, 90.0, "problem", "valid only from"),
        ])
    func validity(start: Double, end: Double, severity: String, message: String) throws {
        let folder = try Folder()
        try folder.issue("client", from: start, to: end)
        let finding = try #require(try folder.findings("{ certificate: client.pem, key: client.key }").first)
        #expect(finding.severity.rawValue == severity)
        #expect(finding.key == "gateways.bank-a.tls.certificate")
        #expect(finding.line == 7)
        #expect(finding.message.contains(message))
    }

    @Test("a key of another certificate is a problem")
    func otherKey() throws {
        let folder = try Folder()
        try folder.issue("client", to: 90)
        try folder.issue("other", to: 90)
        let findings = try folder.findings("{ certificate: client.pem, key: other.key }")
        #expect(findings.map(\.key) == ["gateways.bank-a.tls.key"])
        #expect(findings.map(\.severity) == [.problem])
    }

    @Test(
        "files that are missing, empty or hold something else are problems, and their content is not shown",
        arguments: [
            "missing.pem", "empty.pem", "text.pem", "broken.pem", "client.key",
        ])
    func unreadable(name: String) throws {
        let folder = try Folder()
        try folder.issue("client", to: 90)
        try folder.write("empty.pem", "")
        try folder.write("text.pem", "hunter2")
        try folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n")
        let findings = try folder.findings("{ ca: \(name), certificate: \(name), key: client.pem }")
        #expect(findings.map(\.key) == ["gateways.bank-a.tls.ca", "gateways.bank-a.tls.certificate", "gateways.bank-a.tls.key"])
        #expect(
            findings.allSatisfy {
                $0.severity == .problem && !$0.message.contains("hunter2") && !$0.message.contains("aHVudGVyMg")
            })
    }

    @Test("an endpoint whose files cannot be read is refused at the key that names them")
    func endpoint() throws {
        let configuration = try ConfigurationText.read(
            ConfigurationText.minimal.replacing("settings: {", with: "tls: { ca: missing.pem }, settings: {"))
        let gateway = try #require(configuration.gateways.first)
        #expect(throws: ConfigurationProblems.self) { try gateway.endpoint(of: configuration) }
    }
}
