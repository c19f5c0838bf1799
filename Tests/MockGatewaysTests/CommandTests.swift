import AdapterKit
import Foundation
import Glibc
import Testing

@Suite("mock-gateways bank", .timeLimit(.minutes(1)))
struct CommandTests {
    /// Built beside the tests, as this target depends on it.
    private static let program = Bundle.main.bundleURL.appending(path: "mock-gateways")

    private static func arguments(_ scratch: Scratch, secret: String) -> [String] {
        [
            "bank", "--port", "0", "--control-port", "0", "--certificate", scratch.path("server.pem"),
            "--key", scratch.path("server.key"), "--client-ca", scratch.path("ca.pem"), "--tenant", BankClient.tenant,
            "--key-id", BankClient.key.id, "--secret", secret,
        ]
    }

    @Test("says where it listens, serves, and ends with 0 when it is told to", arguments: [SIGTERM, SIGINT])
    func serves(signal: Int32) async throws {
        let scratch = try Scratch()
        let process = Process()
        let output = Pipe()
        process.executableURL = Self.program
        process.arguments = Self.arguments(scratch, secret: "text:k3y-for-tests-only")
        process.standardOutput = output
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        let ready = try JSON(parsing: [UInt8](output.fileHandleForReading.availableData))
        #expect(ready["ready"] == .bool(true))
        // The time-stamps of a test lie outside the window of the system's clock.
        let port = Int(try #require(ready["port"]?.integer))
        #expect(try await BankClient(scratch: scratch, port: port).charge().code == "TIMESTAMP_OUTSIDE_WINDOW")
        let control = Int(try #require(ready["control_port"]?.integer))
        #expect(try await ControlTests.ask(control, "GET", "/counters").json?["signature_failures"] == .integer(1))
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
    }

    @Test(
        "does not start with a secret it cannot have",
        arguments: ["", "k3y", "text:", "env:NO_SUCH_NAME_HERE", "file:/nowhere", "vault:x"])
    func secrets(source: String) async throws {
        #expect(try await Program.run(Self.program.path, Self.arguments(try Scratch(), secret: source)) != 0)
    }

    @Test("does not start with files that are not what they are said to be", arguments: ["server.pem", "server.key", "ca.pem"])
    func files(name: String) async throws {
        let scratch = try Scratch()
        try Data("not PEM".utf8).write(to: URL(filePath: scratch.path(name)))
        #expect(try await Program.run(Self.program.path, Self.arguments(scratch, secret: "text:x")) != 0)
    }

    @Test("explains itself", arguments: [["--help"], ["bank", "--help"]])
    func help(arguments: [String]) async throws {
        #expect(try await Program.run(Self.program.path, arguments) == 0)
    }
}
