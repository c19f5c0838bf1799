import AdapterKit
import Foundation
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("The command line", .serialized, .timeLimit(.minutes(2)))
struct CommandLineTests {
    // MARK: Configurations

    private static func check(_ yaml: String, command: String...) async throws -> (run: RunningProgram.Run, path: String) {
        let folder = try Folder()
        let path = try Setup().write(to: folder, bankPort: 9443)
        try Data(yaml.utf8).write(to: URL(filePath: path))
        let arguments = command + ["--config", path]
        let program = try RunningProgram(arguments, environment: Setup.environment)
        let code = await program.ended()
        return (.init(code: code, output: program.output.text, errors: program.errors.text), path)
    }

    private static func usual() throws -> String { try Setup().yaml(bankPort: 9443) }

    @Test("finds a right configuration right, in words and in JSON")
    func right() async throws {
        #expect(try await Self.check(try Self.usual(), command: "check").run.code == 0)
        let run = try await Self.check(try Self.usual(), command: "check", "--json").run
        #expect(run.code == 0)
        #expect(try JSON(parsing: Array(run.output.utf8))["ok"]?.bool == true)
    }

    /// A line of a configuration that cannot be, and the key that is named with it.
    struct WrongLine: Sendable, CustomTestStringConvertible {
        let right: String
        let wrong: String
        let key: String
        var testDescription: String { wrong }
    }

    static let wrongLines = [
        WrongLine(right: "deployment: integration", wrong: "deploiment: integration", key: "deploiment"),
        WrongLine(right: "payments: { deadline: 12s }", wrong: "payments: { deadline: soon }", key: "payments.deadline"),
        WrongLine(right: "connect: 5s", wrong: "connect: 5", key: "gateways.bank-a.timeout.connect"),
        WrongLine(right: "adapter: bank-hmac", wrong: "adapter: bank-hmack", key: "gateways.bank-a.adapter"),
        WrongLine(right: "env:DRAWBRIDGE_TEST_ACME_SECRET", wrong: "env:DRAWBRIDGE_TEST_NOTHING", key: "tenants.acme.keys"),
        WrongLine(right: "file:other.secret", wrong: "file:nowhere.secret", key: "tenants.other.keys"),
        WrongLine(right: "- gateways: [bank-a]", wrong: "- gateways: [bank-z]", key: "routes[0].gateways"),
        WrongLine(right: "https://127.0.0.1:9443", wrong: "http://bank.example", key: "gateways.bank-a.base_url"),
        WrongLine(right: "level: info", wrong: "level: loud", key: "log.level"),
        WrongLine(right: "backend: memory", wrong: "backend: paper", key: "state.backend"),
        WrongLine(right: "min_version: \"1.3\"", wrong: "min_version: \"1.1\"", key: "gateways.bank-a.tls.min_version"),
    ]

    @Test(
        "refuses a wrong configuration with 2, the file, the line and the key, to serve and to check alike", arguments: wrongLines
    )
    func wrong(line: WrongLine) async throws {
        let right = try Self.usual()
        let number = try #require(
            right.split(separator: "\n", omittingEmptySubsequences: false).firstIndex { $0.contains(line.right) })
        let wrong = right.replacing(line.right, with: line.wrong)
        for command in ["serve", "check"] {
            let (run, path) = try await Self.check(wrong, command: command)
            #expect(run.code == 2)
            #expect(run.errors.contains("\(path):\(number + 1): \(line.key)"), "\(run.errors)")
            #expect(run.output.isEmpty)
            for secret in Setup.secrets { #expect(!run.errors.contains(secret)) }
        }
    }

    @Test("says which address another program listens on already", arguments: ["api", "admin"])
    func takenAddress(listener: String) async throws {
        try await RedisServer.with { server in
            let free = "\(listener): { address: 127.0.0.1:0"
            let taken = try Self.usual().replacing(free, with: "\(listener): { address: 127.0.0.1:\(server.port)")
            let run = try await Self.check(taken, command: "serve").run
            #expect(run.code == 1)
            #expect(run.errors.contains("listen.\(listener).address: another program listens there"), "\(run.errors)")
        }
    }

    @Test("refuses what is not YAML, and what is not there")
    func unreadable() async throws {
        for text in ["", "listen: [", "a: b\na: c", "- 1", String(repeating: "[", count: 10_000)] {
            let run = try await Self.check(text, command: "serve").run
            #expect(run.code == 2)
            #expect(run.errors.contains("drawbridge.yaml"))
        }
        let run = try await RunningProgram.run("serve", "--config", "/nowhere/drawbridge.yaml")
        #expect(run.code == 2)
        #expect(run.errors.contains("/nowhere/drawbridge.yaml"))
    }

    @Test(
        "opens the certificates and keys that a configuration names, and refuses those that are none",
        arguments: ["ca.pem", "client.pem", "client.key"])
    func certificates(name: String) async throws {
        let folder = try Folder()
        let path = try Setup().write(to: folder, bankPort: 9443)
        try folder.write(name, "no PEM".utf8)
        let run = try await RunningProgram.run("check", "--config", path, environment: Setup.environment)
        #expect(run.code == 2)
        #expect(run.output.contains("gateways.bank-a.tls"))
    }

    @Test("takes the configuration's name from the environment")
    func environment() async throws {
        let folder = try Folder()
        let path = try Setup().write(to: folder, bankPort: 9443)
        let variables = Setup.environment.merging(["DRAWBRIDGE_CONFIG": path]) { _, new in new }
        #expect(try await RunningProgram.run("check", environment: variables).code == 0)
    }

    // MARK: Usage

    @Test(
        "says how it is used, and ends with 2",
        arguments: [
            ["charge"], ["serve"], ["check"], ["serve", "--port", "1"], ["pay"], ["pay", "--tenant", "acme"],
            ["pay", "--tenant", "open", "--amount", "ten", "--currency", "BRL", "--reference", "r", "--card-token", "t"],
            ["pay", "--tenant", "open", "--amount", "1", "--currency", "BRL", "--reference", "r"],
            [
                "pay", "--tenant", "open", "--key-id", "k", "--amount", "1", "--currency", "BRL", "--reference", "r",
                "--card-token", "t",
            ],
            ["pay", "--tenant", "open", "--amount", "1", "--currency", "BRL", "--reference", "r", "--method", "{"],
            ["payments", "get", "--tenant", "open"], ["payments", "get", "--tenant", "open", "pay_1"],
            ["refund", "--tenant", "open", "../../x"], ["adapters", "--yaml"],
        ])
    func usage(arguments: [String]) async throws {
        let program = try RunningProgram(arguments)
        #expect(await program.ended() == 2)
        #expect(!program.errors.text.isEmpty)
        #expect(program.output.all == [])
    }

    @Test("explains itself and ends with 0", arguments: [["--help"], ["serve", "--help"], ["help", "pay"], ["--version"]])
    func help(arguments: [String]) async throws {
        let program = try RunningProgram(arguments)
        #expect(await program.ended() == 0)
        #expect(!program.output.text.isEmpty)
    }

    @Test("lists the adapters, for people and for programs")
    func adapters() async throws {
        #expect(try await RunningProgram.run("adapters").output.contains("bank-hmac"))
        let run = try await RunningProgram.run("adapters", "--json")
        #expect(run.code == 0)
        let adapters = try JSON(parsing: Array(run.output.utf8)).elements ?? []
        let bank = try #require(adapters.first { $0["name"]?.text == "bank-hmac" })
        #expect(bank["settings"]?.elements?.contains { $0["name"]?.text == "tenant" && $0["required"]?.bool == true } == true)
    }

    // MARK: Payments

    @Test("pays, reads, captures, refunds and syncs at a running program")
    func payments() async throws {
        try await World.with { world in
            let order = ["--amount", "1000", "--currency", "BRL", "--reference", "order-1", "--card-token", "tok_1"]
            let paid = try await world.command(["pay"] + order + ["--idempotency-key", "cli-1"])
            #expect(paid.code == 0)
            let payment = try JSON(parsing: Array(paid.output.utf8))
            let id = try #require(payment["id"]?.text)
            #expect(payment["status"]?.text == "succeeded")
            #expect(try await world.command(["pay"] + order + ["--idempotency-key", "cli-1"]).output == paid.output)
            #expect(try await world.command(["payments", "get", id]).output == paid.output)
            #expect(try await world.command(["refund", id, "--amount", "400"]).code == 0)
            #expect(try await world.command(["sync", id]).code == 0)
            #expect(world.bank.ledger[id]?.refunded == 400)
            let held = try await world.command(["pay"] + order + ["--capture", "manual"])
            let authorized = try #require(try JSON(parsing: Array(held.output.utf8))["id"]?.text)
            #expect(try await world.command(["capture", authorized, "--amount", "250"]).code == 0)
            #expect(world.bank.ledger[authorized]?.captured == 250)
            #expect(world.bank.counters[.charge] == 2)
        }
    }

    @Test("ends with 1 where the API refuses, and where nobody answers")
    func refused() async throws {
        try await World.with { world in
            let missing = try await world.command(["payments", "get", "pay_00000000000000000000000000"])
            #expect(missing.code == 1)
            #expect(try JSON(parsing: Array(missing.output.utf8))["code"]?.text == "not_found")
            await world.gateway.kill()
            let nobody = try await world.command(["payments", "get", "pay_00000000000000000000000000"])
            #expect(nobody.code == 1)
            #expect(nobody.errors.contains("connect_refused"))
        }
    }
}

extension World {
    /// Runs a command as the tenant acme, who signs.
    fileprivate func command(_ arguments: [String]) async throws -> RunningProgram.Run {
        let caller = [
            "--url", "http://127.0.0.1:\(gateway.api)", "--tenant", "acme", "--key-id", "acme-1",
            "--secret", "env:\(Setup.environment.keys.first ?? "")", "--json",
        ]
        let program = try RunningProgram(arguments + caller, environment: Setup.environment)
        let code = await program.ended()
        return .init(code: code, output: program.output.text, errors: program.errors.text)
    }
}
