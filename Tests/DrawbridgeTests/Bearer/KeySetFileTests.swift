import AdapterKit
import Foundation
import TestKit
import Testing

@testable import Drawbridge

@Suite("A file of keys", .timeLimit(.minutes(1)))
struct KeySetFileTests {
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appending(path: "drawbridge-keys-\(UUID().uuidString)").path

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ bytes: some Collection<UInt8>) throws {
            try Data(bytes).write(to: URL(filePath: "\(path)/keys.json"))
        }

        func findings() throws -> [ConfigurationFinding] {
            let text = ConfigurationText.minimal.replacing(
                "{ auth: none }", with: "{ auth: jwt, jwt: { issuer: i, audience: a, jwks: keys.json } }")
            let configuration = try Configuration.read(
                text, file: LocalFile(path: "\(path)/test.yaml"), environment: [:], adapters: ConfigurationText.adapters)
            return ConfigurationReport(configuration, now: Timestamp(seconds: 0)).findings.filter { $0.key.contains("jwt") }
        }
    }

    @Test("is read again for a key id that is not in it, not more than once in 30 seconds")
    func reread() async throws {
        let (folder, time) = (try Folder(), ManualTime())
        let (old, new) = (try await TokenKey.p256("old"), try await TokenKey.p256("new"))
        let jwt = Configuration.JWT(
            issuer: "i", audience: "a", jwks: .file(LocalFile(path: "\(folder.path)/keys.json")))
        let cache = KeySets(transport: FakeTransport(), time: time, logger: RecordedLog().logger).cache(for: jwt)
        guard case .unavailable = await cache.key("old") else { throw Unexpected() }
        try folder.write(TokenKey.document([old]))
        time.advance(by: KeySetCache.firstPause)
        guard case .key = await cache.key("old") else { throw Unexpected() }
        try folder.write(TokenKey.document([new]))
        guard case .unknown = await cache.key("new") else { throw Unexpected() }
        time.advance(by: KeySetCache.pause)
        guard case .key = await cache.key("new") else { throw Unexpected() }
        guard case .unknown = await cache.key("old") else { throw Unexpected() }
    }

    private struct Unexpected: Error {}

    @Test("passes the check with one usable key")
    func passes() async throws {
        let folder = try Folder()
        try folder.write(TokenKey.document([try await .rsa("a").publishing("use", .string("enc")), try await .p256("b")]))
        #expect(try folder.findings() == [])
    }

    @Test(
        "that is missing, none, too large or without a usable key is a problem",
        arguments: [
            (nil, "cannot be read"), ("", "is not a JSON Web Key Set"), ("hunter2", "is not a JSON Web Key Set"),
            (#"{"keys":[]}"#, "has no public key"),
            (#"{"keys":[{"kty":"oct","kid":"a","k":"aHVudGVyMg"}]}"#, "has no public key"),
            (String(repeating: " ", count: JSONWebKeySet.maximumLength + 1), "is over 262144 bytes"),
        ])
    func problems(content: String?, message: String) throws {
        let folder = try Folder()
        if let content { try folder.write(content.utf8) }
        let findings = try folder.findings()
        #expect(findings.map(\.key) == ["tenants.demo.jwt.jwks"])
        #expect(findings.map(\.severity) == [.problem])
        #expect(findings.allSatisfy { $0.message.contains(message) && !$0.message.contains("hunter2") })
    }
}
