import AdapterKit
import Foundation
import Payments
import Testing

@testable import Drawbridge

@Suite struct ConfigurationExampleTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("config").path

    @Test("the demo's configuration is right, and takes its certificates from the folder that is made for it")
    func demo() throws {
        let configuration = try Configuration.load(path: "\(Self.folder)/demo.yaml", environment: [:], adapters: .builtIn)
        #expect(configuration.tenants.map(\.id) == ["demo", "curl"])
        #expect(configuration.tenants.map(\.auth) == [.hmac, .none])
        #expect(configuration.gateways.map(\.baseURL.description) == ["https://127.0.0.1:9443", "https://127.0.0.1:9444"])
        #expect(configuration.gateways.map { $0.callback?.canProve } == [true, true])
        let identity = try #require(configuration.gateways.first?.tls.identity)
        #expect(identity.certificate.path == "\(Self.folder)/certificates/client.pem")
    }

    @Test("the example for production asks for its secrets and for nothing else")
    func production() throws {
        let text = try String(contentsOfFile: "\(Self.folder)/production.example.yaml", encoding: .utf8)
        let file = LocalFile(path: "\(Self.folder)/production.example.yaml")
        do {
            _ = try Configuration.read(text, file: file, environment: [:], adapters: .builtIn)
            Issue.record("loaded without its secrets")
        } catch {
            #expect(
                error.all.allSatisfy { $0.expected.contains("env: names") || $0.expected.contains("file: names") }, "\(error)")
        }
        let ring = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
        let names = [
            "DRAWBRIDGE_ADMIN_TOKEN", "REDIS_PASSWORD", "ACME_KEY", "ACME_KEY_OLD", "BANK_A_KEY", "BANK_A_KEY_OLD", "BANK_B_KEY",
            "BANK_A_CALLBACK_KEY", "BANK_B_CALLBACK_KEY", "RING",
        ]
        var environment = Dictionary(uniqueKeysWithValues: names.map { ($0, ring) })
        environment["ACME_WEBHOOK_SECRETS"] = "whsec_\(ring) whsec_\(ring)"
        let withoutFiles = text.replacing("file:secrets/ring-2025-02", with: "env:RING").replacing(
            "file:secrets/ring-2024-08", with: "env:RING")
        let configuration = try Configuration.read(withoutFiles, file: file, environment: environment, adapters: .builtIn)
        #expect(configuration.gateways.map(\.name) == ["bank-a", "bank-b"])
        #expect(configuration.encryption.keys.map(\.id) == ["ring-2025-02", "ring-2024-08"])
        #expect(configuration.state.redis.url.usesTLS)
        #expect(configuration.gateways.map { $0.callback?.canProve } == [true, true])
        #expect(configuration.tenants.first?.webhooks.map(\.secrets.count) == [2])
    }

    @Test(
        "the script makes certificates that check accepts, once",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
    func certificates() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("drawbridge-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(try Self.makeCertificates(in: "\(folder)/certificates") == 0)
        let files = ["client.pem", "upi.key", "upi-facade.pub"].map { URL(fileURLWithPath: "\(folder)/certificates/\($0)") }
        let first = try files.map { try Data(contentsOf: $0) }
        #expect(try Self.makeCertificates(in: "\(folder)/certificates") == 0)
        #expect(try files.map { try Data(contentsOf: $0) } == first)

        try FileManager.default.copyItem(atPath: "\(Self.folder)/demo.yaml", toPath: "\(folder)/demo.yaml")
        let configuration = try Configuration.load(path: "\(folder)/demo.yaml", environment: [:], adapters: .builtIn)
        let made =
            try FileManager.default.attributesOfItem(atPath: "\(folder)/certificates/client.pem")[.modificationDate] as? Date
        let now = Timestamp(seconds: Int64(try #require(made).timeIntervalSince1970) + 60)
        #expect(ConfigurationReport(configuration, now: now).isServable)
        let key = try FileManager.default.attributesOfItem(atPath: "\(folder)/certificates/client.key")[.posixPermissions] as? Int
        #expect(key == 0o600)
    }

    private static func makeCertificates(in folder: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Self.folder)/make-certificates.sh")
        process.arguments = [folder]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
