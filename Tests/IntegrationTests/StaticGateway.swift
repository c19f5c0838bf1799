import Foundation
import MockGateways
import ProcessKit
import TestKit

/// A gateway that plays from a provider's expectations alone, as a MockServer would, and a running Drawbridge in front of it.
enum StaticGateway {
    static func folder(_ provider: String) throws -> ExpectationFolder {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try ExpectationFolder(repository.appending(path: "mocks/expectations/\(provider)").path)
    }

    /// Nothing is tried again, nobody asks by himself, and no fault keeps the next payment from being sent.
    private static let once = ["retry: { max_retries: 0 }", World.asksLater, "breaker: { consecutive_failures: 100 }"]

    /// Runs the body between the two.
    /// - Parameter change: what the provider's adapter asks for; it is given the port where the provider is.
    static func with(
        _ provider: String, _ change: (inout Setup, Int) -> Void, _ body: (Caller) async throws -> Void
    ) async throws {
        var setup = try Setup { $0.gatewayLines = once }
        let mock = try await start(provider, setup)
        change(&setup, mock.port)
        do {
            let files = try Folder()
            try files.write("own.pem", UPIKeys.ownKey.utf8)
            try files.write("facade.pem", UPIKeys.facadePublicKey.utf8)
            try await RunningGateway.with(try setup.write(to: files, bankPort: mock.port)) { try await body($0.acme) }
            await mock.stop()
        } catch {
            await mock.stop()
            throw error
        }
    }

    private static func start(_ provider: String, _ setup: Setup) async throws -> MockBank {
        // Whatever it speaks: without books a face is not asked.
        var configuration = MockBank.Configuration(tenant: "nobody", keys: [], now: { Caller.now })
        configuration.tls = setup.bankTLS
        configuration.expectations = [try folder(provider)]
        configuration.isStatic = true
        return try await MockBank.start(configuration)
    }
}
