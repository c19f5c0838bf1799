import AdapterKit
import Foundation
import MockGateways
import TestKit
import Testing

@Suite("Callbacks until they are acknowledged", .timeLimit(.minutes(1)))
struct CallbackRetryTests {
    private static let wish = "mock:callback_on_time"

    @Test("an event is sent again, each time with a new time and nonce, until it is acknowledged")
    func again() async throws {
        try await CallingBank.run(.with([.status(500), .status(401), .status(503)])) { calling in
            _ = try await calling.client.charge(description: Self.wish)
            let calls = await calling.calls(4)
            #expect(calls.count == 4)
            #expect(Set(calls.map(\.eventID)).count == 1)
            #expect(Set(calls.map(\.nonce)).count == 4)
            #expect(calls.map(\.timestamp) == [0, 1, 3, 7].map { BankClient.now + .seconds($0) })
            #expect(calls.allSatisfy { $0.isSigned(with: CallingBank.key.secret) })
            #expect(calls.allSatisfy { $0.body == calls[0].body })
            #expect(calling.time.waits == [1, 2, 4].map { .seconds($0) })
            #expect(calling.bank.callbacks.attempts.map(\.number) == [1, 2, 3, 4])
            #expect(calling.bank.callbacks.acknowledged == 1)
        }
    }

    @Test("200 and 204 are an acknowledgement", arguments: [200, 204])
    func acknowledged(status: Int) async throws {
        try await CallingBank.run(.with([.status(status)])) { calling in
            _ = try await calling.client.charge(description: Self.wish)
            #expect(await calling.calls(1).count == 1)
            #expect(calling.time.waits.isEmpty)
            #expect(calling.bank.callbacks.attempts.map(\.result) == [.answered(status: status)])
        }
    }

    @Test("no other answer is", arguments: [201, 202, 206, 302, 400, 401, 403, 404, 409, 413, 429, 500, 503])
    func refused(status: Int) async throws {
        try await CallingBank.run(.with([.status(status)])) { calling in
            _ = try await calling.client.charge(description: Self.wish)
            #expect(await calling.calls(2).count == 2)
            #expect(
                calling.bank.callbacks.attempts.map(\.result) == [.answered(status: status), .answered(status: 204)])
        }
    }

    @Test("nor is a connection that ends")
    func cut() async throws {
        try await CallingBank.run(.with([.cut])) { calling in
            _ = try await calling.client.charge(description: Self.wish)
            #expect(await calling.calls(2).count == 2)
            #expect(calling.bank.callbacks.attempts.map(\.result) == [.unanswered(.cut), .answered(status: 204)])
        }
    }

    @Test("nor is an answer that does not come in time")
    func silent() async throws {
        try await CallingBank.run(.with([.silence]) { $0.timeout = .milliseconds(500) }) { calling in
            _ = try await calling.client.charge(description: Self.wish)
            _ = await calling.calls(2)
            #expect(calling.bank.callbacks.attempts.first?.result == .unanswered(.timedOut))
            #expect(calling.bank.callbacks.acknowledged == 1)
        }
    }

    @Test("after ten tries, 511 s of waiting, it is given up")
    func abandoned() async throws {
        try await CallingBank.run(.with([CallbackReceiver.Step](repeating: .status(503), count: 20))) { calling in
            _ = try await calling.client.charge(description: Self.wish)
            #expect(await calling.calls(10).count == 10)
            #expect(calling.time.waits == [1, 2, 4, 8, 16, 32, 64, 128, 256].map { .seconds($0) })
            #expect(calling.bank.callbacks.abandoned == 1)
            #expect(calling.bank.callbacks.acknowledged == 0)
        }
    }

    @Test("what cannot be reached is tried again too")
    func unreachable() async throws {
        let gone = try await CallbackReceiver.start()
        await gone.stop()
        var destination = try CallingBank.destination(gone.port)
        destination.waits = [.zero]
        try await withBank(callbacks: destination) { bank, client in
            _ = try await client.charge(description: Self.wish)
            await bank.reaches(callbacks: { $0.abandoned == 1 })
            #expect(bank.callbacks.attempts.map(\.result) == [.unanswered(.unreachable), .unanswered(.unreachable)])
        }
    }

    @Test("more than may be under way are dropped and counted, and decided all the same")
    func dropped() async throws {
        let gate = Gate()
        try await CallingBank.run(.with([.held(gate), .held(gate)]) { $0.maximumUnderway = 2 }) { calling in
            for number in 1...3 { _ = try await calling.client.charge("pay_\(number)", description: Self.wish) }
            // An answer leaves the bank before what follows from it.
            await calling.bank.reaches(callbacks: { $0.underway + $0.dropped == 3 })
            #expect(calling.bank.callbacks.dropped == 1)
            #expect(calling.bank.ledger["pay_3"]?.status == .approved)
            gate.open()
            _ = await calling.calls(2)
            #expect(Set(calling.bank.callbacks.attempts.map(\.reference)) == ["pay_1", "pay_2"])
        }
    }

    @Test("no more connections at a time than may be; the others follow")
    func bounded() async throws {
        let gate = Gate()
        let held = [CallbackReceiver.Step](repeating: .held(gate), count: 6)
        try await CallingBank.run(.with(held) { $0.maximumConnections = 2 }) { calling in
            for number in 1...6 { _ = try await calling.client.charge("pay_\(number)", description: Self.wish) }
            await calling.receiver.receives(2)
            await calling.bank.reaches(callbacks: { $0.underway == 6 })
            gate.open()
            #expect(await calling.calls(6).count == 6)
            #expect(calling.receiver.mostOpen == 2)
        }
    }

    @Test("an event that waits for its next try keeps no connection from the others")
    func waitsAside() async throws {
        let gate = Gate()
        try await CallingBank.run(
            .with([.status(503)]) {
                $0.maximumConnections = 1
                $0.sleep = { _ in await gate.passed() }
            }
        ) { calling in
            _ = try await calling.client.charge("pay_1", description: Self.wish)
            await calling.bank.reaches(callbacks: { $0.attempts.count == 1 })
            _ = try await calling.client.charge("pay_2", description: Self.wish)
            await calling.bank.reaches(callbacks: { $0.acknowledged == 1 })
            #expect(calling.bank.callbacks.attempts.map(\.reference) == ["pay_1", "pay_2"])
            gate.open()
            #expect(await calling.calls(3).count == 3)
        }
    }

    @Test("stopping ends what is under way: one that is being sent, one that waits")
    func stops() async throws {
        try await CallingBank.run(
            .with([.status(503), .silence]) {
                $0.timeout = .seconds(3600)
                $0.sleep = { _ in try await Task.sleep(for: .seconds(3600)) }  // waits: for its cancellation
            }
        ) { calling in
            _ = try await calling.client.charge("pay_1", description: Self.wish)
            await calling.receiver.receives(1)
            _ = try await calling.client.charge("pay_2", description: Self.wish)
            await calling.receiver.receives(2)
            await calling.bank.stop()
            #expect(calling.bank.callbacks.underway == 0)
            #expect(calling.bank.callbacks.acknowledged == 0)
            #expect(calling.receiver.received.count == 2)
        }
    }

    @Test("a reset forgets them and sends nothing more")
    func reset() async throws {
        let gate = Gate()
        try await CallingBank.run(.with([.status(503)]) { $0.sleep = { _ in await gate.passed() } }) { calling in
            _ = try await calling.client.charge(description: Self.wish)
            await calling.bank.reaches(callbacks: { $0.attempts.count == 1 })
            calling.bank.reset()
            gate.open()
            await calling.bank.reaches(callbacks: { $0.underway == 0 })
            #expect(calling.bank.callbacks == Callbacks())
            #expect(calling.receiver.received.count == 1)
        }
    }
}

@Suite("Callbacks for what is decided by hand", .timeLimit(.minutes(1)))
struct CallbackResolutionTests {
    @Test(
        "a charge that waits is decided in the books and told",
        arguments: ["mock:pending", "mock:action_required"], [Resolution.approve, .decline(code: "51")])
    func resolved(wish: String, resolution: Resolution) async throws {
        try await CallingBank.run { calling in
            _ = try await calling.client.charge(description: wish)
            #expect(calling.bank.callbacks == Callbacks())
            try calling.bank.resolve("pay_1", as: resolution)
            let call = await calling.calls(1).first
            #expect(call?.status == (resolution == .approve ? "APPROVED" : "DECLINED"))
            #expect(call?.json?["data"]?["code"] == .string(resolution == .approve ? "00" : "51"))
            #expect(try await calling.client.get("/v1/charges/pay_1").json == call?.json?["data"])
        }
    }

    @Test("so is a refund", arguments: [Resolution.approve, .decline(code: "91")])
    func refund(resolution: Resolution) async throws {
        try await CallingBank.run { calling in
            _ = try await calling.client.charge()
            try calling.bank.script(.pending, for: .refund)
            _ = try await calling.client.change("refunds", "ref_1", amount: 300)
            try calling.bank.resolveRefund("ref_1", of: "pay_1", as: resolution)
            let call = await calling.calls(1).first
            #expect(call?.json?["data"]?["charge_reference"] == .string("pay_1"))
            #expect(call?.json?["data"]?["code"] == .string(resolution == .approve ? "00" : "91"))
            #expect(calling.bank.ledger["pay_1"]?.refunded == (resolution == .approve ? 300 : 0))
        }
    }

    @Test("what cannot be decided tells nothing")
    func refused() async throws {
        try await CallingBank.run { calling in
            _ = try await calling.client.charge()
            #expect(throws: SettleFailure.alreadyFinal) { try calling.bank.resolve("pay_1", as: .approve) }
            #expect(throws: SettleFailure.unknownReference) { try calling.bank.resolve("pay_2", as: .decline(code: "05")) }
            #expect(throws: SettleFailure.unknownReference) {
                try calling.bank.resolveRefund("ref_1", of: "pay_1", as: .approve)
            }
            #expect(calling.bank.callbacks == Callbacks())
        }
    }

    @Test("the control API settles, tells and lists what came of it")
    func controlled() async throws {
        try await CallingBank.run(.with([.status(503)]), controlled: true) { calling in
            let port = try #require(calling.bank.controlPort)
            _ = try await calling.client.charge(description: "mock:pending")
            #expect(
                try await ControlTests.ask(port, "POST", "/settle", #"{"reference":"pay_1","status":"VOIDED"}"#).status == 200)
            let calls = await calling.calls(2)
            #expect(calls.map(\.status) == ["VOIDED", "VOIDED"])
            let listed = try await ControlTests.ask(port, "GET", "/callbacks").json
            #expect(listed?["acknowledged"] == .integer(1))
            #expect(listed?["attempts"]?.elements?.map { $0["status"] } == [.integer(503), .integer(204)])
            #expect(listed?["attempts"]?.elements?.map { $0["nonce"]?.text } == calls.map(\.nonce))
        }
    }
}
