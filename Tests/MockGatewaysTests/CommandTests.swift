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

    private static func callbacks(_ port: Int) -> [String] {
        ["--callback-url", "http://127.0.0.1:\(port)/callbacks/bank-a", "--callback-key-id", "cb-1"]
    }

    @Test("calls back with the key it was given", arguments: [false, true])
    func callsBack(always: Bool) async throws {
        let scratch = try Scratch()
        let receiver = try await CallbackReceiver.start()
        let process = Process()
        let output = Pipe()
        process.executableURL = Self.program
        process.arguments =
            Self.arguments(scratch, secret: "text:k3y-for-tests-only") + Self.callbacks(receiver.port)
            + ["--callback-secret", "env:MOCK_CALLBACK_SECRET"] + (always ? ["--callback-always"] : [])
        process.environment = ["MOCK_CALLBACK_SECRET": "callback-k3y-for-tests"]
        process.standardOutput = output
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        let ready = try JSON(parsing: [UInt8](output.fileHandleForReading.availableData))
        var client = BankClient(scratch: scratch, port: Int(try #require(ready["port"]?.integer)))
        // The program has the system's clock.
        client.timestamp = Timestamp(seconds: Int64(Date().timeIntervalSince1970)).rfc3339WholeSeconds
        let answer = try await client.charge(description: always ? "" : "mock:callback_on_time")
        #expect(answer.json?["status"] == .string(always ? "APPROVED" : "PENDING"))
        await receiver.receives(1)
        #expect(receiver.received.map(\.target) == ["/callbacks/bank-a"])
        #expect(receiver.received.map(\.status) == ["APPROVED"])
        #expect(receiver.received.allSatisfy { $0.isSigned(with: CallingBank.key.secret) })
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        await receiver.stop()
    }

    @Test(
        "does not start when callbacks are half described",
        arguments: [
            callbacks(1), ["--callback-secret", "text:x"], ["--callback-key-id", "cb-1"], ["--callback-always"],
            ["--callback-ca", "ca.pem"], ["--callback-url", "http://127.0.0.1:1/", "--callback-secret", "text:x"],
            callbacks(1) + ["--callback-secret", "vault:x"], callbacks(1) + ["--callback-secret", "env:NO_SUCH_NAME_HERE"],
            callbacks(1) + ["--callback-secret", "text:x", "--callback-certificate", "client.pem"],
            callbacks(1) + ["--callback-secret", "text:x", "--callback-key", "client.key"],
            ["--callback-url", "ftp://127.0.0.1/", "--callback-key-id", "cb-1", "--callback-secret", "text:x"],
        ])
    func halfDescribed(callbacks: [String]) async throws {
        let arguments = Self.arguments(try Scratch(), secret: "text:x") + callbacks
        #expect(try await Program.run(Self.program.path, arguments) == 64)
    }

    @Test("explains itself", arguments: [["--help"], ["bank", "--help"]])
    func help(arguments: [String]) async throws {
        #expect(try await Program.run(Self.program.path, arguments) == 0)
    }
}
