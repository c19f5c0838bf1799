import AdapterKit
import Foundation
import MockGateways
import Testing

@Suite("The control API")
struct ControlTests {
    /// What the control API says to a request made by another program.
    static func ask(_ port: Int, _ method: String, _ path: String, _ body: String = "") async throws -> (status: Int, json: JSON?)
    {
        let files = (FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path)
        defer { for file in [files, files + ".head"] { try? FileManager.default.removeItem(atPath: file) } }
        var arguments = [
            "--noproxy", "*", "--silent", "--max-time", "20", "--request", method, "--output", files, "--dump-header",
            files + ".head",
        ]
        if !body.isEmpty { arguments += ["--data-binary", body] }
        let exit = try await Program.run("/usr/bin/curl", arguments + ["http://127.0.0.1:\(port)\(path)"])
        let received = BankClient.Received(
            exit: exit, head: (try? String(contentsOf: URL(filePath: files + ".head"), encoding: .utf8)) ?? "",
            body: (try? Data(contentsOf: URL(filePath: files))) ?? Data())
        return (received.status, received.json)
    }

    @Test("the ledger and counters are shown")
    func shown() async throws {
        try await withBank(controlled: true) { bank, client in
            let port = try #require(bank.controlPort)
            _ = try await client.charge("pay_1")
            _ = try await client.charge("pay_2", captures: false)
            let ledger = try await Self.ask(port, "GET", "/ledger").json
            #expect(ledger?["total"] == .integer(2))
            #expect(ledger?["money_movements"] == .integer(1))
            #expect(ledger?["charges"]?.elements?.map { $0["reference"] } == [.string("pay_1"), .string("pay_2")])
            #expect(try await Self.ask(port, "GET", "/ledger/pay_2").json?["held"] == .integer(1000))
            #expect(try await Self.ask(port, "GET", "/ledger/pay_3").status == 404)
            #expect(try await Self.ask(port, "GET", "/counters").json?["requests"]?["charge"] == .integer(2))
        }
    }

    @Test("misbehaviour, settling and resetting are ordered")
    func ordered() async throws {
        try await withBank(controlled: true) { bank, client in
            let port = try #require(bank.controlPort)
            #expect(try await Self.ask(port, "POST", "/misbehave", #"{"operation":"charge","name":"pending"}"#).status == 200)
            #expect(try await client.charge().json?["status"] == .string("PENDING"))
            #expect(
                try await Self.ask(port, "POST", "/settle", #"{"reference":"pay_1","status":"DECLINED","code":"51"}"#).status
                    == 200)
            #expect(bank.ledger["pay_1"]?.code == "51")
            #expect(try await Self.ask(port, "POST", "/reset").status == 200)
            #expect(bank.ledger.charges.isEmpty)
        }
    }

    @Test(
        "an order that is not understood is 422, says why and changes nothing",
        arguments: [
            ("/misbehave", "{", "invalid_json"), ("/misbehave", "[]", "invalid_json"),
            ("/misbehave", #"{"name":"hang"}"#, "missing_operation"),
            ("/misbehave", #"{"operation":"charges","name":"hang"}"#, "unknown_operation"),
            ("/misbehave", #"{"operation":"charge","name":"hangs"}"#, "unknown_name"),
            ("/misbehave", #"{"operation":"charge","name":"hang","times":0}"#, "times_out_of_range"),
            ("/misbehave", #"{"operation":"charge","name":"hang","times":"1"}"#, "times_out_of_range"),
            ("/settle", #"{"reference":"pay_1"}"#, "missing_status"),
            ("/settle", #"{"reference":"pay_1","status":"DONE"}"#, "not_a_final_status"),
            ("/settle", #"{"reference":"pay_1","status":"APPROVED"}"#, "already_final"),
            ("/settle", #"{"reference":"pay_2","status":"APPROVED"}"#, "unknown_reference"),
            ("/settle", #"{"reference":"pay_1","refund":"r","status":"APPROVED"}"#, "unknown_reference"),
            ("/settle", #"{"settlements":[{"reference":"pay_1"}]}"#, "missing_status"),
            ("/settle", #"{"settlements":[1]}"#, "missing_reference"),
        ])
    func refused(path: String, body: String, code: String) async throws {
        try await withBank(controlled: true) { bank, client in
            _ = try await client.charge()
            let answer = try await Self.ask(try #require(bank.controlPort), "POST", path, body)
            #expect(answer.status == 422)
            #expect(answer.json?["code"] == .string(code))
            #expect(bank.ledger["pay_1"]?.status == .approved)
            #expect(try await client.charge().status == 200)
        }
    }

    @Test("other paths are 404", arguments: [("GET", "/"), ("POST", "/ledger"), ("GET", "/reset"), ("DELETE", "/ledger/pay_1")])
    func unknown(method: String, path: String) async throws {
        try await withBank(controlled: true) { bank, _ in
            let port = try #require(bank.controlPort)
            let answer = try await Self.ask(port, method, path)
            #expect(answer.status == 404)
        }
    }

    @Test("there is no control API unless it is asked for")
    func absent() async throws {
        try await withBank { bank, _ in #expect(bank.controlPort == nil) }
    }
}
