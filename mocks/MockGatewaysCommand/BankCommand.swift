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
              POST /settle    {"reference":"pay_1","status":"APPROVED"} for a pending charge; add "refund" for a refund of it
              POST /reset     forgets charges, counters and rules
              GET  /ledger, /ledger/REFERENCE, /counters
            Operations: \(BankOperation.allCases.map(\.rawValue).joined(separator: ", ")).
            Names: \(Misbehaviour.names.joined(separator: ", ")).
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
        return configuration
    }

    private static func systemTime() -> Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}
