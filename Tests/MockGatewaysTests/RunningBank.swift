import AdapterKit
import MockGateways
import TestKit

/// Runs a bank with mutual TLS for as long as the body takes.
func withBank(
    http2: Bool = false, controlled: Bool = false, callbacks: CallbackDestination? = nil,
    expectations: [ExpectationFolder] = [], isStatic: Bool = false,
    now: @escaping @Sendable () -> Timestamp = { BankClient.now }, _ body: (MockBank, BankClient) async throws -> Void
) async throws {
    let scratch = try Scratch()
    var configuration = MockBank.Configuration(tenant: BankClient.tenant, keys: [BankClient.key], now: now)
    configuration.tls = MockBank.TLS(
        certificatePEM: scratch.server.certificate, keyPEM: scratch.server.key, clientCAPEM: scratch.authority.certificate)
    configuration.http2 = http2
    configuration.callbacks = callbacks
    (configuration.expectations, configuration.isStatic) = (expectations, isStatic)
    configuration.controlPort = controlled ? 0 : nil
    let bank = try await MockBank.start(configuration)
    do {
        try await body(bank, BankClient(scratch: scratch, port: bank.port))
        await bank.stop()
    } catch {
        await bank.stop()
        throw error
    }
}
