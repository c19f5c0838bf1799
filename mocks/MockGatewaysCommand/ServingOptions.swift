import AdapterKit
import ArgumentParser
import Foundation
import MockGateways

/// Where a mock gateway listens and what it shows there; the same for every protocol.
struct ServingOptions: ParsableArguments {
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

    @Flag(name: .customLong("http2"), help: "Offer HTTP/2 beside HTTP/1.1.")
    var http2 = false

    @Option(
        help:
            "Folder of MockServer expectation files, *.json; may be repeated. They are asked before the books, but life.json stands in for books."
    )
    var expectations: [String] = []

    @Flag(name: .customLong("static"), help: "No books: life.json is read too, and what no expectation matches is answered 404.")
    var isStatic = false

    func validate() throws {
        for port in [port, controlPort] where !(0...65_535).contains(port) {
            throw ValidationError("\(port) is not a port: 0 to 65535.")
        }
    }

    /// - Parameter clientCa: the path of a PEM file with who signs the clients' certificates; `nil` asks for none.
    func configuration(_ face: GatewayFace, clientCa: String?) throws -> MockBank.Configuration {
        var configuration = MockBank.Configuration(face: face, now: Self.systemTime)
        configuration.address = address
        configuration.port = port
        configuration.controlPort = controlPort
        configuration.tls = MockBank.TLS(
            certificatePEM: try PEMFile.read(certificate), keyPEM: try PEMFile.read(key),
            clientCAPEM: try clientCa.map(PEMFile.read))
        configuration.http2 = http2
        configuration.isStatic = isStatic
        configuration.expectations = try expectations.map(Self.folder)
        return configuration
    }

    private static func folder(_ path: String) throws -> ExpectationFolder {
        do throws(ExpectationRefusal) { return try ExpectationFolder(path) } catch { throw ValidationError(error.description) }
    }

    /// Serves until SIGTERM or SIGINT. Prints one line of JSON when it listens.
    static func serve(_ configuration: MockBank.Configuration) async throws {
        let stop = StopSignals()
        let bank = try await MockBank.start(configuration)
        let ready = JSON.members([
            ("ready", .bool(true)), ("port", .integer(Int64(bank.port))),
            ("control_port", bank.controlPort.map { .integer(Int64($0)) } ?? .null),
        ])
        // Unbuffered, as whoever reads it through a pipe waits for it.
        try FileHandle.standardOutput.write(contentsOf: ready.encoded() + [UInt8(ascii: "\n")])
        await stop.first()
        await bank.stop()
    }

    private static func systemTime() -> Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}
