import AdapterKit
import MockGateways
import Testing

@Suite("Misbehaviour by rule")
struct ScriptTests {
    @Test("a rule is used up, touches no other operation and goes before a description")
    func rules() async throws {
        try await withBank { bank, client in
            try bank.script(.status500, for: .charge, times: 2)
            try bank.script(.rejected, for: .charge)
            try bank.script(.status503, for: .inquiry)
            let wish = "mock:decline_51"
            #expect(try await client.charge(description: wish).status == 500)
            #expect(try await client.charge(description: wish).status == 500)
            #expect(try await client.charge(description: wish).status == 400)
            #expect(try await client.charge(description: wish).code == "51")
            #expect(try await client.get("/v1/charges/pay_1").status == 503)
            #expect(try await client.get("/v1/charges/pay_1").status == 200)
        }
    }

    @Test("a request that is refused for its signature uses up no rule")
    func unauthenticated() async throws {
        try await withBank { bank, client in
            try bank.script(.status500, for: .charge)
            var stranger = client
            stranger.secret = Secret(text: "another")
            #expect(try await stranger.charge().status == 401)
            #expect(try await client.charge().status == 500)
        }
    }

    @Test(
        "a capture or void that is declined changes nothing", arguments: [("captures", BankOperation.capture), ("voids", .void)])
    func declinedChange(kind: String, operation: BankOperation) async throws {
        try await withBank { bank, client in
            _ = try await client.charge(captures: false)
            try bank.script(.decline(code: "05"), for: operation)
            let answer = try await client.change(kind, "x_1", amount: 1000)
            #expect(answer.json?["status"] == .string("DECLINED"))
            #expect(bank.ledger["pay_1"]?.status == .authorized)
            #expect(try await client.change(kind, "x_1", amount: 1000).status == 200)
            #expect(bank.ledger["pay_1"]?.status != .authorized)
        }
    }

    @Test("a capture that is cut after it was carried out is found captured, and its repeat moves nothing")
    func cutCapture() async throws {
        try await withBank { bank, client in
            _ = try await client.charge(captures: false)
            try bank.script(.cutAfter, for: .capture)
            #expect(try await client.change("captures", "cap_1", amount: 1000).exit != 0)
            #expect(try await client.get("/v1/charges/pay_1").json?["captured_amount"] == .integer(1000))
            #expect(try await client.change("captures", "cap_1", amount: 1000).status == 200)
            #expect(bank.ledger["pay_1"]?.moneyMovements == 1)
        }
    }

    @Test("a pending refund reserves its amount until it is decided", arguments: [Refund.Status.approved, .declined])
    func pendingRefund(decision: Refund.Status) async throws {
        try await withBank { bank, client in
            _ = try await client.charge()
            try bank.script(.pending, for: .refund)
            #expect(try await client.change("refunds", "ref_1", amount: 1000).json?["status"] == .string("PENDING"))
            #expect(bank.ledger["pay_1"]?.held == 1000)
            #expect(try await client.change("refunds", "ref_2", amount: 1).status == 422)
            try bank.settleRefund("ref_1", of: "pay_1", as: decision)
            #expect(try await client.get("/v1/charges/pay_1/refunds/ref_1").json?["status"] == .string(decision.rawValue))
            #expect(bank.ledger["pay_1"]?.held == (decision == .approved ? 0 : 1000))
        }
    }

    @Test(
        "a pending charge is settled once",
        arguments: [(Charge.Status.approved, Int64(1000)), (.declined, 0), (.authorized, 1000), (.voided, 0)])
    func settle(status: Charge.Status, held: Int64) async throws {
        try await withBank { bank, client in
            _ = try await client.charge(description: "mock:pending")
            #expect(throws: SettleFailure.notFinal) { try bank.settle("pay_1", as: .actionRequired) }
            #expect(throws: SettleFailure.unknownReference) { try bank.settle("pay_2", as: status) }
            try bank.settle("pay_1", as: status)
            #expect(try await client.get("/v1/charges/pay_1").json?["status"] == .string(status.rawValue))
            #expect(bank.ledger["pay_1"]?.held == held)
            #expect(throws: SettleFailure.alreadyFinal) { try bank.settle("pay_1", as: .approved) }
        }
    }

    @Test("a rule for no request or for too many is refused", arguments: [0, -1, 1_000_001])
    func times(count: Int) async throws {
        try await withBank { bank, client in
            #expect(throws: ScriptFailure.timesOutOfRange) { try bank.script(.hang, for: .charge, times: count) }
            let answer = try await client.charge()
            #expect(answer.status == 200)
        }
    }

    @Test("the 10,001st rule is refused")
    func tooManyRules() async throws {
        try await withBank { bank, _ in
            for _ in 0..<10_000 { try bank.script(.status500, for: .inquiry) }
            #expect(throws: ScriptFailure.tooManyRules) { try bank.script(.status500, for: .inquiry) }
        }
    }

    @Test("a reset forgets charges, counters and rules")
    func reset() async throws {
        try await withBank { bank, client in
            _ = try await client.charge()
            try bank.script(.status500, for: .charge)
            bank.reset()
            #expect(bank.ledger.charges.isEmpty)
            #expect(bank.counters == Counters())
            #expect(try await client.charge().status == 200)
        }
    }

    @Test("waiting ends when the task is cancelled")
    func cancelledWait() async throws {
        try await withBank { bank, _ in
            let waiting = Task { await bank.reaches { _, _ in false } }
            waiting.cancel()
            await waiting.value
            #expect(waiting.isCancelled)
        }
    }
}
