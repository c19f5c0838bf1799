import AdapterKit
import MockGateways
import Testing

@Suite("What the bank does when it is well")
struct OperationTests {
    @Test("the same charge again gets the same answer and moves money once")
    func idempotent() async throws {
        try await withBank { bank, client in
            let first = try await client.charge()
            let second = try await client.charge()
            #expect(first.body == second.body)
            #expect(bank.ledger["pay_1"]?.moneyMovements == 1)
            #expect(bank.ledger["pay_1"]?.captured == 1000)
            #expect(bank.counters[.charge] == 2)
        }
    }

    @Test("the same reference for something else is 409 REFERENCE_MISMATCH", arguments: [(1001, "BRL"), (1000, "USD")])
    func mismatch(amount: Int64, currency: String) async throws {
        try await withBank { bank, client in
            _ = try await client.charge()
            let answer = try await client.charge(amount: amount, currency: currency)
            #expect(answer.status == 409)
            #expect(answer.code == "REFERENCE_MISMATCH")
            #expect(bank.ledger.moneyMovements == 1)
        }
    }

    @Test("the repeat of a charge that was refunded since still shows it as it was first answered")
    func repeatedAfterRefund() async throws {
        try await withBank { _, client in
            let first = try await client.charge()
            _ = try await client.change("refunds", "ref_1", amount: 1000)
            #expect(try await client.charge().body == first.body)
            #expect(try await client.get("/v1/charges/pay_1").json?["refunded_amount"] == .integer(1000))
        }
    }

    @Test("a charge that is only authorised can be captured once, in part")
    func capture() async throws {
        try await withBank { bank, client in
            #expect(try await client.charge(captures: false).json?["status"] == .string("AUTHORIZED"))
            #expect(bank.ledger["pay_1"]?.moneyMovements == 0)
            #expect(bank.ledger["pay_1"]?.held == 1000)
            let first = try await client.change("captures", "cap_1", amount: 600)
            #expect(first.json?["captured_amount"] == .integer(600))
            #expect(try await client.change("captures", "cap_1", amount: 600).body == first.body)
            #expect(try await client.change("captures", "cap_1", amount: 500).code == "REFERENCE_MISMATCH")
            #expect(try await client.change("captures", "cap_2", amount: 100).code == "ALREADY_CAPTURED")
            #expect(bank.ledger["pay_1"]?.moneyMovements == 1)
            #expect(bank.ledger["pay_1"]?.held == 600)
        }
    }

    @Test("more than was authorised cannot be captured")
    func captureTooMuch() async throws {
        try await withBank { bank, client in
            _ = try await client.charge(captures: false)
            #expect(try await client.change("captures", "cap_1", amount: 1001).status == 422)
            #expect(bank.ledger["pay_1"]?.status == .authorized)
        }
    }

    @Test("an authorisation is voided, and the void repeated, but nothing else is done to it after")
    func void() async throws {
        try await withBank { bank, client in
            _ = try await client.charge(captures: false)
            let first = try await client.change("voids", "void_1")
            #expect(first.json?["status"] == .string("VOIDED"))
            #expect(try await client.change("voids", "void_1").body == first.body)
            #expect(try await client.change("voids", "void_2").status == 409)
            #expect(try await client.change("captures", "cap_1", amount: 1).status == 409)
            #expect(bank.ledger["pay_1"]?.held == 0)
        }
    }

    @Test("what is captured cannot be voided")
    func voidCaptured() async throws {
        try await withBank { bank, client in
            _ = try await client.charge()
            let answer = try await client.change("voids", "void_1")
            #expect(answer.status == 409)
            #expect(answer.code == "ALREADY_CAPTURED")
            #expect(bank.ledger["pay_1"]?.held == 1000)
        }
    }

    @Test("refunds add up to no more than was captured, each once")
    func refund() async throws {
        try await withBank { bank, client in
            _ = try await client.charge()
            let first = try await client.change("refunds", "ref_1", amount: 600)
            #expect(first.json?["status"] == .string("APPROVED"))
            #expect(try await client.change("refunds", "ref_1", amount: 600).body == first.body)
            #expect(try await client.change("refunds", "ref_1", amount: 500).code == "REFERENCE_MISMATCH")
            #expect(try await client.change("refunds", "ref_2", amount: 401).status == 422)
            #expect(try await client.change("refunds", "ref_2", amount: 400).status == 200)
            #expect(try await client.get("/v1/charges/pay_1/refunds/ref_1").body == first.body)
            #expect(bank.ledger["pay_1"]?.moneyMovements == 3)
            #expect(bank.ledger["pay_1"]?.held == 0)
        }
    }

    @Test(
        "what the bank never heard of is 404 NOT_FOUND, signed",
        arguments: ["/v1/charges/pay_9", "/v1/charges/pay_1/refunds/ref_9", "/v1/charges/pay_9/refunds/ref_1"])
    func notFound(target: String) async throws {
        try await withBank { _, client in
            _ = try await client.charge()
            let answer = try await client.get(target)
            #expect(answer.status == 404)
            #expect(answer.code == "NOT_FOUND")
            #expect(answer.isSigned)
        }
    }

    @Test("a change to a charge that is not there is 404", arguments: ["captures", "voids", "refunds"])
    func changeOfNothing(kind: String) async throws {
        try await withBank { _, client in
            let answer = try await client.change(kind, "x_1", amount: 1)
            #expect(answer.status == 404)
        }
    }

    @Test(
        "an account is valid unless its value says otherwise",
        arguments: [("maria@example.com", true), ("invalid-1", false), ("", false)])
    func accounts(value: String, isValid: Bool) async throws {
        try await withBank { bank, client in
            let answer = try await client.post(
                "/v1/accounts/validate", .members([("type", .string("pix")), ("value", .string(value))]))
            #expect(answer.json?["valid"] == .bool(isValid))
            #expect(bank.counters[.accountValidation] == 1)
        }
    }
}
