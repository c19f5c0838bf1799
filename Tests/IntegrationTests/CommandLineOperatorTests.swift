import AdapterKit
import ProcessKit
import TestKit
import Testing

@Suite("What operators do on the command line", .serialized, .timeLimit(.minutes(2)))
struct CommandLineOperatorTests {
    @Test("lists, redrives, discards and audits dead letters")
    func deadLetters() async throws {
        try await AdminDeadLetters.with { world in
            let listed = try await world.command("dead-letters", "list")
            #expect(listed.code == 0)
            #expect(listed.output.contains(world.id) && listed.output.contains("queue_gave_up"))
            #expect(listed.output.hasPrefix("ID "))
            let json = try JSON(parsing: Array(try await world.command("dead-letters", "list", "--json").output.utf8))
            #expect(json["data"]?.elements?.first?["history"]?.elements?.isEmpty == false)
            #expect(try await world.command("queue", "list").output == "Nothing.")
            let undecided = try await world.command("dead-letters", "discard", world.id, "--reason", "r", "--gateway", "bank-a")
            #expect(undecided.code == 1)
            #expect(undecided.errors.contains("/gateway"))
            let discarded = try await world.command("dead-letters", "discard", world.id, "--reason", "given up")
            #expect(discarded.code == 0)
            #expect(discarded.output.contains("failed"))
            let audit = try await world.command("audit", world.id)
            #expect(audit.output.contains("discarded") && audit.output.contains("ann") && audit.output.contains("given up"))
            let again = try await world.command("dead-letters", "redrive", world.id)
            #expect(again.code == 1)
            #expect(again.errors.contains("no dead letter"))
        }
    }

    @Test("redrives all that was dead, and tells how many")
    func redriveAll() async throws {
        try await AdminDeadLetters.with { world in
            let run = try await world.command("dead-letters", "redrive", "--all", "--reason", "bank is back")
            #expect(run.code == 0)
            #expect(run.output.hasPrefix("\(world.id): queued"))
            #expect(run.errors.contains("1 redriven, 0 refused"))
            #expect(try await world.command("audit", world.id).output.contains("bank is back"))
        }
    }

    @Test("forces a breaker and shows it")
    func breaker() async throws {
        try await AdminDeadLetters.with { world in
            let forced = try await world.command("breaker", "bank-a", "open", "--reason", "maintenance", "--for", "10m")
            #expect(forced.code == 0)
            #expect(forced.output == "bank-a: forced_open")
            let shown = try await world.command("gateways")
            #expect(shown.output.contains("forced_open") && shown.output.contains("maintenance") && shown.output.contains("ann"))
            #expect(try await world.command("breaker", "bank-a", "close", "--reason", "r").output == "bank-a: forced_closed")
            #expect(try await world.command("breaker", "bank-a", "reset", "--reason", "r").output == "bank-a: closed")
            #expect(try await world.command("breaker", "bank-z", "reset", "--reason", "r").code == 1)
        }
    }

    @Test(
        "says how it is used, and ends with 2",
        arguments: [
            ["queue", "list", "--limit", "0"], ["queue", "list", "--admin", "127.0.0.1:9090"], ["dead-letters", "redrive"],
            ["dead-letters", "redrive", "pay_1"], ["dead-letters", "redrive", "--after", "x", "pay_00000000000000000000000000"],
            ["dead-letters", "redrive", "--all", "pay_00000000000000000000000000"],
            ["dead-letters", "discard", "pay_00000000000000000000000000"],
            ["dead-letters", "discard", "pay_00000000000000000000000000", "--reason", "r", "--outcome", "lost"],
            ["breaker", "bank-a", "open"], ["breaker", "bank-a", "shut", "--reason", "r"],
            ["breaker", "Bank", "open", "--reason", "r"],
            ["breaker", "bank-a", "open", "--reason", "r", "--for", "soon"],
            ["breaker", "bank-a", "reset", "--reason", "r", "--for", "1m"], ["audit"], ["audit", "pay_1"],
            ["gateways", "--token", "hunter2"], ["gateways", "--actor", "a b"],
        ])
    func usage(arguments: [String]) async throws {
        let program = try RunningProgram(arguments)
        #expect(await program.ended() == 2)
        #expect(!program.errors.text.isEmpty)
        #expect(!program.errors.text.contains("hunter2"))
        #expect(program.output.all == [])
    }

    @Test("ends with 1 where nobody answers, and without the token")
    func refused() async throws {
        let nobody = try await RunningProgram.run("queue", "list", "--admin", "http://127.0.0.1:1")
        #expect(nobody.code == 1)
        #expect(nobody.errors.contains("connect_refused"))
        let setup = try Setup { $0.adminToken = "4dmin-token" }
        try await World.with(.memory, setup) { world in
            let address = "http://127.0.0.1:\(world.gateway.admin)"
            let without = try await RunningProgram.run("gateways", "--admin", address)
            #expect(without.code == 1)
            #expect(without.errors.contains("401"))
            let with = try await RunningProgram.run(
                "gateways", "--admin", address, environment: ["DRAWBRIDGE_ADMIN_TOKEN": "4dmin-token"])
            #expect(with.code == 0)
            #expect(with.output.contains("bank-hmac"))
        }
    }
}
