import AdapterKit
import MockGateways
import Synchronization
import TestKit
import Testing

/// Whether an answer has come yet.
private final class Arrival: Sendable {
    private let come = Atomic(false)
    var hasCome: Bool { come.load(ordering: .acquiring) }

    func of(_ ask: @Sendable () async throws -> BankClient.Received) async throws -> BankClient.Received {
        defer { come.store(true, ordering: .releasing) }
        return try await ask()
    }
}

@Suite("Callbacks by name", .timeLimit(.minutes(1)))
struct CallbackModeTests {
    @Test("on time: the answer is PENDING, then the books and the signed callback say APPROVED")
    func onTime() async throws {
        try await CallingBank.run { calling in
            let answer = try await calling.client.charge(description: "mock:callback_on_time")
            #expect(answer.json?["status"] == .string("PENDING"))
            let calls = await calling.calls(1)
            let call = try #require(calls.first)
            #expect(calls.count == 1)
            #expect(call.method == "POST")
            #expect(call.target == CallingBank.target)
            #expect(call.header("Content-Type") == "application/json")
            #expect(call.header("X-Key-Id") == CallingBank.key.id)
            #expect(call.isSigned(with: CallingBank.key.secret))
            #expect(call.timestamp == BankClient.now)
            #expect((16...64).contains(try #require(call.nonce).count))
            #expect(call.json?["event_id"]?.text == call.eventID)
            #expect(call.json?["type"] == .string("charge.updated"))
            #expect(call.json?["occurred_at"] == .string(BankClient.now.rfc3339WholeSeconds))
            #expect(call.json?["data"] == (try await calling.client.get("/v1/charges/pay_1").json))
            #expect(call.status == "APPROVED")
            let attempt = try #require(calling.bank.callbacks.attempts(for: "pay_1").first)
            #expect(attempt.number == 1)
            #expect(attempt.eventID == call.eventID)
            #expect(attempt.nonce == call.nonce)
            #expect(attempt.timestamp == call.timestamp)
            #expect(attempt.result == .answered(status: 204))
            #expect(calling.bank.callbacks.acknowledged == 1)
        }
    }

    @Test("on time: a charge that only authorises is AUTHORIZED")
    func authorized() async throws {
        try await CallingBank.run { calling in
            _ = try await calling.client.charge(captures: false, description: "mock:callback_on_time")
            #expect(await calling.calls(1).map(\.status) == ["AUTHORIZED"])
            #expect(calling.bank.ledger["pay_1"]?.moneyMovements == 0)
        }
    }

    @Test(
        "a repeated charge is answered again and tells nothing again", arguments: ["callback_on_time", "callback_before_answer"])
    func repeated(name: String) async throws {
        try await CallingBank.run { calling in
            for _ in 0..<3 { _ = try await calling.client.charge(description: "mock:\(name)") }
            _ = try await calling.client.charge("pay_2", description: "mock:\(name)")
            #expect(await calling.calls(2).count == 2)
            #expect(calling.bank.callbacks.attempts.map(\.reference) == ["pay_1", "pay_2"])
            #expect(calling.bank.ledger.moneyMovements == 2)
        }
    }

    @Test("before the answer: the answer waits until the callback was acknowledged")
    func beforeAnswer() async throws {
        let gate = Gate()
        try await CallingBank.run(.with([.held(gate)])) { calling in
            let client = calling.client
            let arrival = Arrival()
            async let charging = arrival.of { try await client.charge(description: "mock:callback_before_answer") }
            await calling.receiver.receives(1)
            #expect(calling.receiver.received.map(\.status) == ["APPROVED"])
            // A whole exchange later an answer that is not held back would have come.
            let inquiry = try await client.get("/v1/charges/pay_1")
            #expect(inquiry.json?["status"] == .string("APPROVED"))
            #expect(!arrival.hasCome)
            gate.open()
            let answer = try await charging
            #expect(answer.json?["status"] == .string("APPROVED"))
            #expect(calling.bank.callbacks.acknowledged == 1)
        }
    }

    @Test("before the answer: a callback that is given up does not keep the answer back for ever")
    func beforeAnswerInVain() async throws {
        try await CallingBank.run(.with([.status(503), .status(503)]) { $0.waits = [.seconds(1)] }) { calling in
            let answer = try await calling.client.charge(description: "mock:callback_before_answer")
            #expect(answer.status == 200)
            #expect(calling.bank.callbacks.abandoned == 1)
        }
    }

    @Test(
        "late: it is decided at once and told after the delay", arguments: [("callback_late", 3000), ("callback_late=250", 250)])
    func late(name: String, milliseconds: Int) async throws {
        let gate = Gate()
        let time = SleptTime()
        try await CallingBank.run(
            .with([]) {
                $0.sleep = {
                    time.sleep($0)
                    await gate.passed()
                }
            }
        ) { calling in
            _ = try await calling.client.charge(description: "mock:\(name)")
            await calling.bank.reaches(callbacks: { $0.underway == 1 })
            #expect(try await calling.client.get("/v1/charges/pay_1").json?["status"] == .string("APPROVED"))
            #expect(calling.receiver.received.isEmpty)
            gate.open()
            #expect(await calling.calls(1).map(\.status) == ["APPROVED"])
            #expect(time.waits == [.milliseconds(milliseconds)])
        }
    }

    @Test("twice: the same event, freshly signed")
    func twice() async throws {
        try await CallingBank.run { calling in
            _ = try await calling.client.charge(description: "mock:callback_twice")
            let calls = await calling.calls(2)
            #expect(calls.count == 2)
            #expect(Set(calls.map(\.eventID)).count == 1)
            #expect(Set(calls.map(\.nonce)).count == 2)
            #expect(calls.allSatisfy { $0.isSigned(with: CallingBank.key.secret) })
            #expect(calling.bank.ledger["pay_1"]?.moneyMovements == 1)
        }
    }

    @Test("out of order: the final state, then an older event that says PENDING")
    func outOfOrder() async throws {
        try await CallingBank.run { calling in
            _ = try await calling.client.charge(description: "mock:callback_out_of_order")
            let calls = await calling.calls(2)
            #expect(calls.map(\.status) == ["APPROVED", "PENDING"])
            #expect(Set(calls.map(\.eventID)).count == 2)
            let times = calls.compactMap { $0.json?["occurred_at"]?.text }.compactMap { Timestamp(wholeSecondsRFC3339: $0) }
            #expect(times.count == 2)
            #expect(times[0] > times[1])
        }
    }

    @Test("forged: the right key id, another secret, at every try")
    func forged() async throws {
        try await CallingBank.run(.with([.status(401), .status(401)]) { $0.waits = [.seconds(1)] }) { calling in
            _ = try await calling.client.charge(description: "mock:callback_forged")
            let calls = await calling.calls(2)
            #expect(calls.count == 2)
            #expect(calls.allSatisfy { $0.header("X-Key-Id") == CallingBank.key.id })
            #expect(!calls.contains { $0.isSigned(with: CallingBank.key.secret) })
            #expect(calling.bank.callbacks.abandoned == 1)
        }
    }

    @Test(
        "signed for a time outside the window, at every try",
        arguments: [("callback_stale", -301), ("callback_from_future", 330)])
    func skewed(name: String, seconds: Int) async throws {
        try await CallingBank.run(.with([.status(401)]) { $0.waits = [.seconds(2)] }) { calling in
            _ = try await calling.client.charge(description: "mock:\(name)")
            let calls = await calling.calls(2)
            #expect(
                calls.map(\.timestamp) == [BankClient.now + .seconds(seconds), BankClient.now + .seconds(seconds + 2)])
            #expect(calls.allSatisfy { $0.isSigned(with: CallingBank.key.secret) })
        }
    }

    @Test("replayed: the very same request once more, whatever it is answered")
    func replayed() async throws {
        try await CallingBank.run(.with([.status(200), .status(409)])) { calling in
            _ = try await calling.client.charge(description: "mock:callback_replayed")
            let calls = await calling.calls(2)
            #expect(calls.count == 2)
            #expect(calls[0].head == calls[1].head)
            #expect(calls[0].body == calls[1].body)
            #expect(calling.bank.callbacks.attempts.map(\.result) == [.answered(status: 200), .answered(status: 409)])
            #expect(calling.bank.callbacks.acknowledged == 1)
        }
    }

    @Test("wrong amount: told with one minor unit too many, booked rightly")
    func wrongAmount() async throws {
        try await CallingBank.run { calling in
            _ = try await calling.client.charge(description: "mock:callback_wrong_amount")
            let call = await calling.calls(1).first
            #expect(call?.json?["data"]?["amount"] == .integer(1001))
            #expect(calling.bank.ledger["pay_1"]?.captured == 1000)
        }
    }

    @Test("lost: approved in the books, never told")
    func lost() async throws {
        try await CallingBank.run { calling in
            #expect(try await calling.client.charge(description: "mock:callback_lost").json?["status"] == .string("PENDING"))
            _ = try await calling.client.charge("pay_2", description: "mock:callback_on_time")
            #expect(await calling.calls(1).compactMap { $0.json?["data"]?["reference"]?.text } == ["pay_2"])
            #expect(calling.bank.ledger["pay_1"]?.status == .approved)
            #expect(calling.bank.callbacks.attempts(for: "pay_1").isEmpty)
        }
    }

    @Test("declined: PENDING, then DECLINED")
    func declined() async throws {
        try await CallingBank.run { calling in
            let answer = try await calling.client.charge(description: "mock:callback_declined")
            #expect(answer.json?["status"] == .string("PENDING"))
            let call = await calling.calls(1).first
            #expect(call?.status == "DECLINED")
            #expect(call?.json?["data"]?["code"] == .string("05"))
            #expect(calling.bank.ledger["pay_1"]?.held == 0)
        }
    }

    @Test("after an action: ACTION_REQUIRED, then APPROVED")
    func afterAction() async throws {
        try await CallingBank.run { calling in
            let answer = try await calling.client.charge(description: "mock:callback_after_action")
            #expect(answer.json?["status"] == .string("ACTION_REQUIRED"))
            #expect(answer.json?["action"]?["type"] == .string("redirect"))
            let call = await calling.calls(1).first
            #expect(call?.status == "APPROVED")
            #expect(call?.json?["data"]?["action"] == .null)
        }
    }

    @Test("for a refund, wished for by the charge or by rule", arguments: [true, false])
    func refund(byWish: Bool) async throws {
        try await CallingBank.run { calling in
            let charge = try await calling.client.charge(description: byWish ? "mock:callback_for_refund" : "")
            #expect(charge.json?["status"] == .string("APPROVED"))
            if !byWish { try calling.bank.script(.callback(.forRefund), for: .refund) }
            let answer = try await calling.client.change("refunds", "ref_1", amount: 300)
            #expect(answer.json?["status"] == .string("PENDING"))
            let calls = await calling.calls(1)
            let call = try #require(calls.first)
            #expect(calls.count == 1)
            #expect(call.json?["type"] == .string("refund.updated"))
            #expect(call.status == "APPROVED")
            #expect(call.json?["data"]?["reference"] == .string("ref_1"))
            #expect(call.json?["data"]?["charge_reference"] == .string("pay_1"))
            #expect(call.json?["data"]?["amount"] == .integer(300))
            #expect(calling.bank.ledger["pay_1"]?.refunded == 300)
            #expect(calling.bank.callbacks.attempts.map(\.reference) == ["ref_1"])
        }
    }

    @Test(
        "a rule for refunds may go wrong as one for charges",
        arguments: [(CallbackMode.declined, "DECLINED"), (.twice, "APPROVED")])
    func refundMode(mode: CallbackMode, status: String) async throws {
        try await CallingBank.run { calling in
            _ = try await calling.client.charge()
            try calling.bank.script(.callback(mode), for: .refund)
            _ = try await calling.client.change("refunds", "ref_1", amount: 300)
            #expect(await calling.calls(1).allSatisfy { $0.status == status })
            #expect(calling.receiver.received.count == (mode == .twice ? 2 : 1))
        }
    }

    @Test("without a destination the same happens, untold")
    func nobody() async throws {
        try await withBank { bank, client in
            let answer = try await client.charge(description: "mock:callback_on_time")
            #expect(answer.json?["status"] == .string("PENDING"))
            await bank.reaches { ledger, _ in ledger["pay_1"]?.status == .approved }
            let other = try await client.charge("pay_2", description: "mock:callback_before_answer")
            #expect(other.status == 200)
            #expect(bank.callbacks == Callbacks())
        }
    }

    @Test("a charge that is simply approved tells nothing, unless everything is told", arguments: [false, true])
    func everything(isTold: Bool) async throws {
        try await CallingBank.run(.with([]) { $0.tellsEverything = isTold }) { calling in
            _ = try await calling.client.charge()
            _ = try await calling.client.change("refunds", "ref_1", amount: 1)
            _ = try await calling.client.charge("pay_2", description: "mock:decline_51")
            _ = try await calling.client.charge("pay_3", description: "mock:callback_on_time")
            let calls = await calling.calls(isTold ? 4 : 1)
            #expect(
                Set(calls.compactMap { $0.json?["data"]?["reference"]?.text })
                    == (isTold ? ["pay_1", "ref_1", "pay_2", "pay_3"] : ["pay_3"]))
            #expect(calls.count == (isTold ? 4 : 1))
        }
    }
}
