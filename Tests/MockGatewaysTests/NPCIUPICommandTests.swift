import AdapterKit
import Foundation
import Testing

@Suite("mock-gateways npci-upi", .timeLimit(.minutes(1)))
struct NPCIUPICommandTests {
    /// Built beside the tests, as this target depends on it.
    private static let program = Bundle.main.bundleURL.appending(path: "mock-gateways")

    /// The throw-away key of protocols/npci-upi.md, 6.
    private static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE379DfDrrOTPpVm911WWMNDgeE7Xy
        MFuaLDrJLrMJE0JUy8V/7rql/W5SmVeKFqkKy22NLoGJb577txyNiZifVw==
        -----END PUBLIC KEY-----

        """

    private static func arguments(_ scratch: Scratch, clientKey: String = "client-payload.pem", ownKey: String = "server.key")
        throws
        -> [String]
    {
        try Data(publicKey.utf8).write(to: URL(filePath: scratch.path("client-payload.pem")))
        return [
            "npci-upi", "--port", "0", "--control-port", "0", "--certificate", scratch.path("server.pem"),
            "--key", scratch.path("server.key"), "--client-ca", scratch.path("ca.pem"), "--client-organisation", "acme-org",
            "--key-id", "k1", "--secret", "text:upi-hmac-secret", "--client-payload-key", scratch.path(clientKey),
            "--organisation", "npci-facade", "--payload-key", scratch.path(ownKey),
        ]
    }

    @Test("says where it listens, serves, and ends with 0 when it is told to", arguments: [[], ["--der-signatures"]])
    func serves(more: [String]) async throws {
        let scratch = try Scratch()
        let process = Process()
        let output = Pipe()
        process.executableURL = Self.program
        process.arguments = try Self.arguments(scratch) + more
        process.standardOutput = output
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        let ready = try JSON(parsing: [UInt8](output.fileHandleForReading.availableData))
        #expect(ready["ready"] == .bool(true))
        // It speaks UPI: what is signed for a bank is signed for nobody here.
        let port = Int(try #require(ready["port"]?.integer))
        let answer = try await BankClient(scratch: scratch, port: port).charge()
        #expect(answer.status == 401)
        #expect(answer.json == .members([("ack", .bool(false)), ("errCode", .string("U17"))]))
        let control = Int(try #require(ready["control_port"]?.integer))
        #expect(try await ControlTests.ask(control, "GET", "/counters").json?["signature_failures"] == .integer(1))
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test(
        "does not start with keys that are not what they are said to be",
        arguments: [
            ("server.key", "server.key"), ("client-payload.pem", "client-payload.pem"), ("server.pem", "server.key"),
            ("client-payload.pem", "server.pem"), ("no-such-file", "server.key"), ("client-payload.pem", "no-such-file"),
        ])
    func keys(client: String, own: String) async throws {
        let arguments = try Self.arguments(try Scratch(), clientKey: client, ownKey: own)
        #expect(try await Program.run(Self.program.path, arguments) == 64)
    }

    @Test("demands a key where it is to call back")
    func callbacks() async throws {
        let arguments = try Self.arguments(try Scratch()) + ["--callback-url", "http://127.0.0.1:1/callbacks/upi"]
        #expect(try await Program.run(Self.program.path, arguments) == 64)
    }

    @Test("explains itself")
    func help() async throws { #expect(try await Program.run(Self.program.path, ["npci-upi", "--help"]) == 0) }
}
