import AdapterKit
import Foundation
import NIOHTTP1
import TestKit
import Testing

@testable import MockGateways

@Suite("Whatever a gateway speaks")
struct FaceTests {
    private let bank = Bank(face: PlainFace(), now: { BankClient.now })

    /// What is answered; then what was to happen by itself has happened.
    @discardableResult
    private func ask(_ target: String) -> String {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target)
        switch bank.admit(CollectedRequest(head: head, body: []), overHTTP2: false) {
        case .answered(let reply): return String(decoding: reply.body, as: UTF8.self)
        case .admitted(let visit):
            let deed = bank.act(on: visit)
            bank.tell(deed.news)
            return String(decoding: deed.reply.body, as: UTF8.self)
        }
    }

    private func status(_ reference: String) -> Charge.Status? { bank.update { $0.ledger[reference]?.status } }

    @Test("what is usual happens to a charge that wishes for nothing")
    func usual() {
        #expect(ask("/charge/pay_1") == "1 ACTION_REQUIRED ")
        #expect(status("pay_1") == .approved)
        #expect(ask("/charge/pay_1") == "again: ACTION_REQUIRED, APPROVED")
        #expect(bank.update { $0.ledger["pay_1"]?.details } == .string("kept"))
    }

    @Test("a misbehaviour that decides takes the place of what is usual")
    func decided() {
        #expect(ask("/charge/pay_1?mock:action_required") == "1 ACTION_REQUIRED ")
        #expect(status("pay_1") == .actionRequired)
        #expect(ask("/void/pay_1") == "1 VOIDED ")
        #expect(ask("/charge/pay_2?mock:declined_expired") == "2 DECLINED no: expired")
        #expect(ask("/charge/pay_3?mock:callback_declined") == "3 PENDING ")
        #expect(bank.update { $0.ledger["pay_3"]?.code } == "no: do_not_honor")
    }

    @Test("a misbehaviour that does not decide leaves it to what is usual")
    func undecided() {
        #expect(ask("/charge/pay_1?mock:empty") == "")
        #expect(status("pay_1") == .approved)
        #expect(ask("/charge/pay_2?mock:status_500") == "internalError")
        #expect(status("pay_2") == nil)
    }

    @Test("refusals come in the gateway's own words")
    func refusals() throws {
        #expect(ask("/charge/pay_1?mock:no_such_thing") == "unknownWish")
        #expect(ask("/void/pay_1") == "notFound")
        ask("/charge/pay_1")
        #expect(ask("/void/pay_1") == "alreadyCaptured")
        try bank.update { state throws(ScriptFailure) in try state.scenario.add(.rateLimited, to: .void, times: 1) }
        #expect(ask("/void/pay_1") == "rateLimited")
    }

    @Test("a charge is found by the bank's number")
    func serial() {
        ask("/charge/pay_1")
        ask("/charge/pay_2")
        #expect(ask("/refund/2") == "ref_2 of pay_2")
        for strange in ["0", "-1", "3", "4", "x"] { #expect(ask("/refund/\(strange)") == "notFound") }
        let books = Books(bank: bank)
        #expect(books.refund(serial: 3)?.charge.reference == "pay_2")
        #expect(books.refund(serial: 1) == nil)
        #expect(books.charge(refundedBy: "ref_2")?.reference == "pay_2")
        #expect(books.charge(refundedBy: "ref_1") == nil)
    }

    @Test("sessions can be scripted and counted, and are forgotten with the rest")
    func sessions() throws {
        #expect(ask("/token/new") == "token 1")
        try bank.update { state throws(ScriptFailure) in try state.scenario.add(.status503, to: .session, times: 1) }
        #expect(ask("/token/new") == "unavailable")
        #expect(bank.update { $0.counters[.session] } == 2)
        bank.reset()
        #expect(ask("/token/new") == "token 1")
    }

    @Test("requests are counted as the face read them")
    func counted() {
        for target in ["/", "/health/now", "/strange/one", "/charge/pay_1"] { ask(target) }
        let counters = bank.update { $0.counters }
        #expect(counters.unroutedRequests == 1)
        #expect(counters.requests == [.inquiry: 1, .charge: 1])
        #expect(counters.signatureFailures == 1)
    }
}

@Suite("Whatever a gateway's callbacks look like", .timeLimit(.minutes(1)))
struct FaceCallbackTests {
    /// A bank with three charges that wait, and its receiver.
    private func run(
        _ steps: [CallbackReceiver.Step], wish: String = "action_required",
        _ body: (MockBank, CallbackReceiver) async throws -> Void
    ) async throws {
        let scratch = try Scratch()
        let receiver = try await CallbackReceiver.start(steps, tls: (scratch.server, scratch.authority))
        var configuration = MockBank.Configuration(face: GatewayFace(face: PlainFace()), now: { BankClient.now })
        configuration.callbacks = try CallingBank.destination(receiver.port, scheme: "https")
        configuration.callbacks?.key = nil
        configuration.callbacks?.waits = [.zero]
        configuration.callbacks?.tls.authorityPEM = scratch.authority.certificate
        configuration.callbacks?.tls.client = (
            [UInt8](try Data(contentsOf: URL(filePath: scratch.path("client.pem")))),
            [UInt8](try Data(contentsOf: URL(filePath: scratch.path("client.key"))))
        )
        let bank = try await MockBank.start(configuration)
        for number in 1...3 {
            let exit = try await Program.run(
                "/usr/bin/curl",
                ["--noproxy", "*", "--silent", "http://127.0.0.1:\(bank.port)/charge/pay_\(number)?mock:\(wish)"])
            #expect(exit == 0)
        }
        do {
            try await body(bank, receiver)
            await bank.stop()
            await receiver.stop()
        } catch {
            await bank.stop()
            await receiver.stop()
            throw error
        }
    }

    @Test("what happens at one moment is told by as few callbacks as the face makes of it")
    func together() async throws {
        try await run([.status(202), .status(202)]) { bank, receiver in
            try bank.settle(["pay_1", "pay_2", "pay_3"], as: .approved)
            await bank.reaches(callbacks: { $0.acknowledged == 2 && $0.underway == 0 })
            let told = receiver.received.map { String(decoding: $0.body, as: UTF8.self) }
            #expect(told == ["pay_1 1000 APPROVED\npay_2 1000 APPROVED", "pay_3 1000 APPROVED"])
            #expect(receiver.received.allSatisfy { $0.target == CallingBank.target + "/plain" })
            #expect(bank.callbacks.attempts.map(\.reference) == ["pay_1", "pay_2", "pay_3"])
        }
    }

    @Test("of several at one moment none is decided when one cannot be")
    func allOrNone() async throws {
        try await run([]) { bank, receiver in
            #expect(throws: SettleFailure.unknownReference) { try bank.settle(["pay_1", "pay_4"], as: .approved) }
            #expect(bank.ledger["pay_1"]?.status == .actionRequired)
            #expect(bank.ledger.moneyMovements == 0)
            #expect(receiver.received.isEmpty)
        }
    }

    @Test("an answer that the face does not take for an acknowledgement is followed by another try")
    func unacknowledged() async throws {
        try await run([.status(204), .status(202)]) { bank, receiver in
            try bank.settle("pay_1", as: .approved)
            await bank.reaches(callbacks: { $0.underway == 0 })
            #expect(bank.callbacks.attempts.map(\.result) == [.answered(status: 204), .answered(status: 202)])
            #expect(Set(receiver.received.map { $0.header("X-Plain") }).count == 2)
        }
    }

    @Test("what the face does not tell of is not told")
    func untold() async throws {
        try await run([]) { bank, receiver in
            try bank.settle("pay_1", as: .declined)
            await bank.reaches(callbacks: { $0.underway == 0 })
            #expect(bank.callbacks.attempts.isEmpty)
            #expect(receiver.received.isEmpty)
        }
    }

    @Test("a forged callback comes without the certificate that would prove it")
    func forged() async throws {
        try await run([], wish: "callback_forged") { bank, receiver in
            await bank.reaches(callbacks: { $0.abandoned == 3 && $0.underway == 0 })
            #expect(bank.callbacks.attempts.allSatisfy { $0.result == .unanswered(.cut) })
            #expect(receiver.received.isEmpty)
        }
    }
}
