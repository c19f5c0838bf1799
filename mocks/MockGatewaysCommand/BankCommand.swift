import AdapterKit
import ArgumentParser
import Foundation
import MockGateways

/// `mock-gateways bank`: serves until SIGTERM or SIGINT.
struct BankCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bank", abstract: "A bank that speaks bank-hmac over mutual TLS and misbehaves on request.",
        discussion: """
            Prints one line of JSON when it listens: {"ready":true,"port":9443,"control_port":9444}.

            A charge misbehaves when its description holds mock:NAME, any request when the control API says so:
              POST /misbehave {"operation":"inquiry","name":"status_500","times":1}
              POST /settle    {"reference":"pay_1","status":"APPROVED"} for a pending charge; add "refund" for a refund of it; calls back
              POST /reset     forgets charges, counters, rules and callbacks
              GET  /ledger, /ledger/REFERENCE, /counters, /callbacks
            Operations: \(BankOperation.allCases.map(\.rawValue).joined(separator: ", ")).
            Names: \(Misbehaviour.names.joined(separator: ", ")).

            With --callback-url the bank posts what it decides by itself, signed, until it is answered 200 or 204: ten tries,
            1 s, 2 s, 4 s and so on apart. That is a charge or refund settled by /settle or named callback_...:
              callback_on_time        answers PENDING, then approves and calls back
              callback_before_answer  calls back and waits for the acknowledgement, then answers
              callback_late           calls back 3 s after it was decided; callback_late=MS after so many milliseconds
              callback_twice          sends the event again, freshly signed, when it was acknowledged
              callback_out_of_order   the final state, then an older event that says PENDING
              callback_forged         signed with another secret
              callback_stale          signed for 301 s ago
              callback_from_future    signed for 330 s ahead
              callback_replayed       the very same request again when it was acknowledged
              callback_wrong_amount   one minor unit too many
              callback_lost           approves and never calls back
              callback_declined       answers PENDING, then declines and calls back
              callback_after_action   answers ACTION_REQUIRED, then approves and calls back
              callback_for_refund     approves the charge; its refunds are PENDING, then approved and called back
            """)

    @Option(help: "Address to listen on.")
    var address = "127.0.0.1"

    @Option(help: "Port of the bank; 0 takes a free one.")
    var port = 9443

    @Option(help: "Port of the control API on 127.0.0.1; 0 takes a free one.")
    var controlPort = 9444

    @Option(help: "PEM file with the server's certificate.")
    var certificate: String

    @Option(help: "PEM file with the key of that certificate.")
    var key: String

    @Option(help: "PEM file with the authority that signs the clients' certificates.")
    var clientCa: String

    @Option(help: "What X-Tenant-Id has to be.")
    var tenant: String

    @Option(help: "What X-Key-Id has to be.")
    var keyId: String

    @Option(help: "The secret of that key: text:VALUE, env:NAME or file:PATH.")
    var secret: SecretSource

    @Flag(name: .customLong("http2"), help: "Offer HTTP/2 beside HTTP/1.1.")
    var http2 = false

    @OptionGroup(title: "Callbacks")
    var callbacks: CallbackOptions

    func validate() throws {
        for port in [port, controlPort] where !(0...65_535).contains(port) {
            throw ValidationError("\(port) is not a port: 0 to 65535.")
        }
    }

    func run() async throws {
        let stop = StopSignals()
        let bank = try await MockBank.start(try configuration())
        let ready = JSON.members([
            ("ready", .bool(true)), ("port", .integer(Int64(bank.port))),
            ("control_port", bank.controlPort.map { .integer(Int64($0)) } ?? .null),
        ])
        // Unbuffered, as whoever reads it through a pipe waits for it.
        try FileHandle.standardOutput.write(contentsOf: ready.encoded() + [UInt8(ascii: "\n")])
        await stop.first()
        await bank.stop()
    }

    private func configuration() throws -> MockBank.Configuration {
        let signing = SigningKey(id: keyId, secret: try secret.read())
        var configuration = MockBank.Configuration(tenant: tenant, keys: [signing], now: Self.systemTime)
        configuration.address = address
        configuration.port = port
        configuration.controlPort = controlPort
        configuration.tls = MockBank.TLS(
            certificatePEM: try PEMFile.read(certificate), keyPEM: try PEMFile.read(key), clientCAPEM: try PEMFile.read(clientCa))
        configuration.http2 = http2
        configuration.callbacks = try callbacks.destination()
        return configuration
    }

    private static func systemTime() -> Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}
