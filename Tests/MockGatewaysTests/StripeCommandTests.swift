import AdapterKit
import Foundation
import Testing

@Suite("mock-gateways stripe", .timeLimit(.minutes(1)))
struct StripeCommandTests {
    /// Built beside the tests, as this target depends on it.
    private static let program = Bundle.main.bundleURL.appending(path: "mock-gateways")

    private static func arguments(_ scratch: Scratch, key: String = "text:sk_test_1") -> [String] {
        [
            "stripe", "--port", "0", "--control-port", "0", "--certificate", scratch.path("server.pem"), "--key",
            scratch.path("server.key"), "--secret-key", key,
        ]
    }

    @Test("serves whoever bears the key, with the client's certificate only where it asks for one", arguments: [false, true])
    func serves(asksForCertificate: Bool) async throws {
        let scratch = try Scratch()
        let process = Process()
        let output = Pipe()
        process.executableURL = Self.program
        process.arguments =
            Self.arguments(scratch) + (asksForCertificate ? ["--client-ca", scratch.path("ca.pem")] : [])
        process.standardOutput = output
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        let ready = try JSON(parsing: [UInt8](output.fileHandleForReading.availableData))
        let port = Int(try #require(ready["port"]?.integer))
        let control = Int(try #require(ready["control_port"]?.integer))
        #expect((try await Self.pay(port, scratch, []) == 0) == !asksForCertificate)
        let certificate = ["--cert", scratch.path("client.pem"), "--key", scratch.path("client.key")]
        #expect(try await Self.pay(port, scratch, certificate) == 0)
        let charges = try await ControlTests.ask(control, "GET", "/ledger").json?["charges"]?.elements
        #expect(charges?.map { $0["reference"] } == [.string("pay_1")])
    }

    /// - Returns: curl's exit code; not 0 either for an answer of 400 and more.
    private static func pay(_ port: Int, _ scratch: Scratch, _ more: [String]) async throws -> Int32 {
        try await Program.run(
            "/usr/bin/curl",
            [
                "--noproxy", "*", "--silent", "--fail", "--output", "/dev/null", "--cacert", scratch.path("ca.pem"), "--header",
                "Authorization: Bearer sk_test_1", "--header", "Idempotency-Key: pay_1", "--data",
                "amount=1000&currency=usd&payment_method=pm_card_visa&confirm=true",
                "https://127.0.0.1:\(port)/v1/payment_intents",
            ] + more)
    }

    @Test(
        "does not start with what does not go together",
        arguments: [
            ["--callback-url", "http://127.0.0.1:1/x"], ["--callback-secret", "text:x"], ["--client-ca", "/nowhere"],
            ["--secret-key", "env:NO_SUCH_NAME_HERE"],
        ])
    func refuses(options: [String]) async throws {
        #expect(try await Program.run(Self.program.path, Self.arguments(try Scratch()) + options) != 0)
    }
}
