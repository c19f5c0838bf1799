import AdapterKit
import Foundation
import Glibc
import Testing

@Suite("mock-gateways toxiproxy", .timeLimit(.minutes(1)))
struct CommandTests {
    /// Built beside the tests, as this target depends on it.
    private static let program = Bundle.main.bundleURL.appending(path: "mock-gateways")

    private func file(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "toxic-\(UUID().uuidString).json")
        try Data(text.utf8).write(to: path)
        return path.path
    }

    /// What the API at that port answers.
    private func get(_ port: Int, _ path: String) async throws -> JSON {
        let caller = try await Caller.connect(port)
        caller.send("GET \(path) HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n")
        let answer = try await caller.text(.max)
        let body = try #require(answer.range(of: "\r\n\r\n"))
        return try JSON(parsing: Array(answer[body.upperBound...].utf8))
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `says where it listens, has the proxies of its file, and ends with 0 when it is told to`(signal: Int32) async throws {
        let echo = try await EchoServer.start()
        let plans = try file(#"[{"name":"echo","listen":"127.0.0.1:0","upstream":"127.0.0.1:\#(echo.port)"}]"#)
        defer { try? FileManager.default.removeItem(atPath: plans) }
        let process = Process()
        let output = Pipe()
        process.executableURL = Self.program
        process.arguments = ["toxiproxy", "--port", "0", "--populate", plans, "--seed", "7"]
        process.standardOutput = output
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        let ready = try JSON(parsing: [UInt8](output.fileHandleForReading.availableData))
        #expect(ready["ready"] == .bool(true))
        #expect(ready["seed"] == .integer(7))
        let proxies = try await get(Int(try #require(ready["port"]?.integer)), "/proxies")
        let listen = try #require(proxies["echo"]?["listen"]?.text)
        let caller = try await Caller.connect(try #require(Int(listen.split(separator: ":")[1])))
        caller.send("hello")
        #expect(try await caller.text(5) == "hello")
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
        try await echo.stop()
    }

    @Test(arguments: [
        ["--port", "65536"], ["--port", "0", "--populate", "/nowhere"], ["--port", "0", "--seed", "-1"], ["--port", "x"],
    ])
    func `does not start with what it cannot do`(arguments: [String]) throws {
        #expect(try run(["toxiproxy"] + arguments) != 0)
    }

    @Test(arguments: ["{", "{}", #"[{"name":"a"}]"#, #"[{"name":"a","upstream":"127.0.0.1:1","listen":"192.0.2.1:1"}]"#])
    func `does not start with a file that it cannot follow`(text: String) throws {
        let plans = try file(text)
        defer { try? FileManager.default.removeItem(atPath: plans) }
        #expect(try run(["toxiproxy", "--port", "0", "--populate", plans]) != 0)
    }

    private func run(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
