import AdapterKit
import CurlTransport
import Foundation
import Payments
import TestKit
import Testing

/// Servers whose certificate was taken back, and lists that do not say.
@Suite("Revocation lists", .timeLimit(.minutes(1)))
final class RevocationTests {
    private let world: World
    private let transport: CurlTransport
    private let path = FileManager.default.temporaryDirectory.appending(path: "drawbridge-\(UUID().uuidString).pem").path

    init() throws {
        world = try World()
        transport = try CurlTransport()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func list(_ certificates: TestCertificate...) throws -> [UInt8] {
        try world.authority.revocations(of: certificates, valid: World.valid)
    }

    /// The file as it is to be.
    private func write(_ content: [UInt8]) throws -> Endpoint.RevocationFile {
        try Data(content).write(to: URL(filePath: path))
        return Endpoint.RevocationFile(path: path, content: content)
    }

    private func expectRefused(_ code: TransportFailure.Code, by file: Endpoint.RevocationFile) async throws {
        let bank = try await TestBank(tls: world.tls(clients: world.authority))
        let endpoint = world.endpoint(bank, identity: world.client) { $0.revocations = file }
        let failure = try #require(await transport.failure(to: endpoint))
        #expect(failure.code == code && failure.phase == .tls, "\(failure)")
        #expect(failure.certainlyNotProcessed && !failure.requestMayHaveLeft)
        #expect(bank.counts.begun == 0)
        try await bank.stop()
    }

    @Test("A server whose certificate is on the list is refused")
    func revoked() async throws {
        try await expectRefused(.serverCertificateRevoked, by: write(list(world.client, world.server)))
    }

    @Test("A server whose certificate is not on the list is accepted")
    func listed() async throws {
        let bank = try await TestBank(tls: world.tls())
        for list in [try list(), try list(world.client)] {
            let file = try write(list)
            #expect(try await transport.send(.post(), to: world.endpoint(bank) { $0.revocations = file }).status == 200)
        }
        try await bank.stop()
    }

    @Test("A list that was to be renewed lets nobody pass")
    func outdated() async throws {
        try await expectRefused(
            .revocationListUnusable, by: write(world.authority.revocations(of: [], valid: World.expired)))
    }

    @Test("A list of the future lets nobody pass")
    func early() async throws {
        let future = World.now + .seconds(3_600)..<World.now + .seconds(7_200)
        try await expectRefused(.revocationListUnusable, by: write(world.authority.revocations(of: [], valid: future)))
    }

    @Test("A list of another authority lets nobody pass")
    func foreign() async throws {
        let other = try TestAuthority(named: "Another", valid: World.valid)
        try await expectRefused(.revocationListUnusable, by: write(other.revocations(of: [], valid: World.valid)))
    }

    @Test("A list that another authority signed in this one's name lets nobody pass")
    func forged() async throws {
        let other = try TestAuthority(named: "The bank's authority", valid: World.valid)
        // libcurl passes OpenSSL's first error on, which is about the signature and no verdict.
        try await expectRefused(.tlsFailed, by: write(other.revocations(of: [], valid: World.valid)))
    }

    @Test("A file without a list, a broken one or none at all lets nobody pass")
    func unreadable() async throws {
        for content in [[], Array("nothing".utf8), world.authority.root.certificate, Array(try list().dropLast(60))] {
            try await expectRefused(.revocationListUnusable, by: write(content))
        }
        try FileManager.default.removeItem(atPath: path)
        try await expectRefused(.revocationListUnusable, by: Endpoint.RevocationFile(path: path, content: []))
    }

    @Test("A new list is asked before the next request, and no connection of the old one is used")
    func renewed() async throws {
        let bank = try await TestBank(tls: world.tls())
        let old = try write(list())
        for _ in 0..<2 {
            #expect(try await transport.send(.post(), to: world.endpoint(bank) { $0.revocations = old }).status == 200)
        }
        #expect(bank.counts.connections == 1)
        let new = try write(list(world.server))
        let failure = try #require(await transport.failure(to: world.endpoint(bank) { $0.revocations = new }))
        #expect(failure.code == .serverCertificateRevoked && failure.certainlyNotProcessed)
        #expect(bank.counts.connections == 2 && bank.counts.begun == 2)
        try await bank.stop()
    }
}
