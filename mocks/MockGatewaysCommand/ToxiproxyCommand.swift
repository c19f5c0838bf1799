import AdapterKit
import ArgumentParser
import Foundation
import ToxicProxy

/// `mock-gateways toxiproxy`: serves until SIGTERM or SIGINT.
struct ToxiproxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "toxiproxy", abstract: "A proxy that speaks Toxiproxy's HTTP API, for where there is no Toxiproxy.",
        discussion: """
            Prints one line of JSON when it listens: {"ready":true,"port":8474,"seed":1}.

              GET, POST /proxies                           {"name","listen","upstream","enabled"}
              GET, PATCH, DELETE /proxies/NAME
              GET, POST /proxies/NAME/toxics               {"name","type","stream","toxicity","attributes"}
              GET, PATCH, DELETE /proxies/NAME/toxics/TOXIC
              POST /populate, POST /reset, GET /version
            Toxics: latency, timeout, reset_peer, limit_data, slicer, bandwidth, slow_close.
            """)

    @Option(help: "Port of the API on 127.0.0.1; 0 takes a free one.")
    var port = 8474

    @Option(help: "JSON file with the proxies to begin with, as POST /populate takes it.")
    var populate: String?

    @Option(help: "What chance follows from; without it a new one each time.")
    var seed: UInt64?

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("\(port) is not a port: 0 to 65535.") }
    }

    func run() async throws {
        let plans = try populate.map { try JSON(parsing: try PEMFile.read($0)) } ?? .array([])
        var system = SystemRandomNumberGenerator()
        try await Self.serve(port: port, seed: seed ?? UInt64(UInt32.random(in: 0...(.max), using: &system)), plans)
    }

    private static func serve(port: Int, seed: UInt64, _ plans: JSON) async throws {
        let stop = StopSignals()
        let server = try await ProxyServer.start(port: port, seed: seed)
        try await server.populate(plans)
        try tell(port: server.port, seed: seed)
        await stop.first()
        await server.stop()
    }

    private static func tell(port: Int, seed: UInt64) throws {
        let ready = JSON.members([
            ("ready", .bool(true)), ("port", .integer(Int64(port))), ("seed", .number(String(seed))),
        ])
        // Unbuffered, as whoever reads it through a pipe waits for it.
        try FileHandle.standardOutput.write(contentsOf: ready.encoded() + [UInt8(ascii: "\n")])
    }
}
