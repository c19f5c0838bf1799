import AdapterKit
import Foundation
import MockGateways
import TestKit
import Testing

@Suite("Callbacks over TLS", .timeLimit(.minutes(1)))
struct CallbackTLSTests {
    private func content(_ scratch: Scratch, _ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: scratch.path(name))))
    }

    enum Fault: CaseIterable { case none, strangeReceiver, noCertificate, strangeCertificate }

    @Test(
        "the receiver must show a certificate of the authority, and the bank one of the receiver's", arguments: Fault.allCases)
    func handshake(fault: Fault) async throws {
        let scratch = try Scratch()
        let strange = try Scratch()
        let receiver = try await CallbackReceiver.start(
            tls: (fault == .strangeReceiver ? strange.server : scratch.server, scratch.authority))
        var destination = try CallingBank.destination(receiver.port, scheme: "https")
        destination.tls.authorityPEM = scratch.authority.certificate
        switch fault {
        case .noCertificate: break
        case .strangeCertificate:
            destination.tls.client = (try content(scratch, "stranger.pem"), try content(scratch, "stranger.key"))
        case .none, .strangeReceiver:
            destination.tls.client = (try content(scratch, "client.pem"), try content(scratch, "client.key"))
        }
        destination.waits = []
        try await withBank(callbacks: destination) { bank, client in
            _ = try await client.charge(description: "mock:callback_on_time")
            await bank.reaches(callbacks: { $0.attempts.count == 1 && $0.underway == 0 })
            #expect(
                bank.callbacks.attempts.map(\.result) == [fault == .none ? .answered(status: 204) : .unanswered(.cut)])
            #expect(receiver.received.count == (fault == .none ? 1 : 0))
            #expect(receiver.received.allSatisfy { $0.isSigned(with: CallingBank.key.secret) })
        }
        await receiver.stop()
    }

    @Test("a bank does not start with certificates it cannot read")
    func unreadable() async throws {
        var destination = try CallingBank.destination(1, scheme: "https")
        destination.tls.authorityPEM = Array("not PEM".utf8)
        await #expect(throws: (any Error).self) { try await withBank(callbacks: destination) { _, _ in } }
    }
}
