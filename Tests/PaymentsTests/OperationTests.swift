import AdapterKit
import Payments
import TestKit
import Testing

/// What the bank says of a payment, and an operation that it then does not take.
private enum WrongState {
    static let all: [(FakeTransport.Step, OperationRecord.Kind)] = [
        (.charge("APPROVED"), .capture), (.charge("APPROVED"), .void), (.charge("DECLINED"), .capture),
        (.charge("DECLINED"), .void), (.charge("DECLINED"), .refund), (.charge("AUTHORIZED"), .refund),
        (.charge("PENDING"), .capture), (.charge("PENDING"), .void), (.charge("PENDING"), .refund), (.problem(429, "S"), .refund),
        (.problem(429, "S"), .capture), (.fails(.sample(.attemptTimedOut)), .void), (.charge("APPROVED", amount: 1), .refund),
    ]
}

@Suite("Capture, void and refund", .timeLimit(.minutes(1)))
struct OperationTests {
    private let world: World

    init() throws { world = try World(route: ["bank-a", "bank-b"]) }

    private func authorized() async throws -> PaymentID { try await world.paid(.authorization) }

    // MARK: What they do

    @Test("capture takes a part, and the rest is released")
    func capture() async throws {
        let id = try await authorized()
        world.bank.script(.charge("APPROVED", captured: 400))
        let answer = try await world.operate(.capture, on: id, amount: 400)
        #expect(answer.status == 200)
        #expect(answer.state == "succeeded")
        #expect(answer.json["amount_captured"] == .integer(400))
        let request = world.bank.sent[1].request
        #expect(request.target == "/v1/charges/\(id)/captures")
        #expect(try JSON(parsing: request.body)["amount"] == .integer(400))
        #expect(try JSON(parsing: request.body)["reference"] == .string(world.operation(.capture, of: id).text))
        #expect(try await world.record().attempts.map(\.operation) == [.authorize, .capture])
    }

    @Test("capture without an amount takes all")
    func captureAll() async throws {
        let id = try await authorized()
        world.bank.script(.charge("APPROVED"))
        #expect(try await world.operate(.capture, on: id).json["amount_captured"] == .integer(1_000))
    }

    @Test("void ends an authorisation")
    func void() async throws {
        let id = try await authorized()
        world.bank.script(.charge("VOIDED"))
        let answer = try await world.operate(.void, on: id)
        #expect(answer.status == 200)
        #expect(answer.state == "canceled")
        #expect(world.bank.sent[1].request.target == "/v1/charges/\(id)/voids")
    }

    @Test("refund gives back a part, then the rest")
    func refund() async throws {
        let id = try await world.paid()
        world.bank.script(.refund("APPROVED", amount: 400), .refund("APPROVED", amount: 600))
        let first = try await world.operate(.refund, on: id, amount: 400)
        #expect(first.status == 201)
        #expect(first.json["object"] == .string("refund"))
        #expect(first.json["amount"] == .integer(400))
        let rest = try await world.operate(.refund, on: id, key: "op-2")
        #expect(rest.json["amount"] == .integer(600))
        #expect(try await world.record().amountRefunded == 1_000)
    }

    @Test("a refund's reason is shown, and stored encrypted")
    func reason() async throws {
        let id = try await world.paid()
        world.bank.script(.fails(.sample(.attemptTimedOut)))
        let body = JSON.members([("amount", .integer(1)), ("reason", .string("broken vase"))])
        let answer = await world.service.refund(id, try RefundRequest(body), body: body, call: world.call("op-1"))
        #expect(answer.json["reason"] == .string("broken vase"))
        let stored = try #require(try await world.store.openOperations(of: id).first)
        #expect(!stored.sealed.isEmpty)
        #expect(stored.sealed.firstRange(of: Array("broken vase".utf8)) == nil)
    }

    @Test("void of a queued payment cancels it without a gateway, and its card number is kept no longer (R5)")
    func voidQueued() async throws {
        world.bank.script(.problem(429, "SLOW"))
        #expect(try await world.pay().state == "queued")
        let answer = try await world.operate(.void, on: try world.id())
        #expect(answer.status == 200)
        #expect(answer.state == "canceled")
        #expect(world.bank.sent.count == 1)
        let record = try await world.record()
        let kept = String(decoding: try world.vault.open(record.sealed, for: record.id.text), as: UTF8.self)
        #expect(!kept.contains("4111111111111111"))
        #expect(answer.json["method"]?["card"]?["last_four"] == .string("1111"))
    }

    // MARK: O7

    @Test(
        "a refused capture or void leaves the payment as it was: 409 with the gateway's code (O7)",
        arguments: [OperationRecord.Kind.capture, .void],
        [FakeTransport.Step.problem(422, "E77"), .problem(409, "E77"), .problem(401, "E77"), .charge("DECLINED", code: "E77")])
    func refused(kind: OperationRecord.Kind, step: FakeTransport.Step) async throws {
        let id = try await authorized()
        world.bank.script(step)
        let answer = try await world.operate(kind, on: id)
        #expect(answer.status == 409)
        #expect(answer.code == "invalid_state")
        #expect(answer.json["detail"]?.text?.contains("E77") == true)
        let stored = try await world.stored()
        #expect(stored.record.status == .authorized)
        #expect(stored.reservations == Reservations())
        #expect(try await world.operate(kind, on: id).body == answer.body)
        world.bank.script(.charge("APPROVED"))
        #expect(try await world.operate(.capture, on: id, key: "op-2").status == 200)
    }

    @Test(
        "a refused refund is failed, and the payment as it was (O7)",
        arguments: [FakeTransport.Step.problem(422, "E77"), .refund("DECLINED", amount: 400, code: "E77")])
    func refundRefused(step: FakeTransport.Step) async throws {
        let id = try await world.paid()
        world.bank.script(step)
        let answer = try await world.operate(.refund, on: id, amount: 400)
        #expect(answer.status == 201)
        #expect(answer.state == "failed")
        #expect(answer.json["failure"]?["gateway_code"] == .string("E77"))
        let stored = try await world.stored()
        #expect(stored.record.status == .succeeded)
        #expect(stored.record.amountRefunded == 0)
        #expect(stored.reservations.refundsOpen == 0)
    }

    @Test(
        "unknown or unavailable is 202, and the reservation stays (O7, O8)",
        arguments: [
            FakeTransport.Step.fails(.sample(.attemptTimedOut)), .fails(.sample(.connectRefused)), .problem(429, "SLOW"),
            .problem(500, "OOPS"), .charge("APPROVED", secret: "another-secret"), .charge("APPROVED", reference: "pay_another"),
            .charge("AUTHORIZED"), .charge("PENDING"),
        ])
    func open(step: FakeTransport.Step) async throws {
        let id = try await authorized()
        world.bank.script(step)
        let answer = try await world.operate(.capture, on: id)
        #expect(answer.status == 202)
        #expect(answer.state == "authorized")
        #expect(try await world.stored().reservations.capturing == world.operation(.capture, of: id))
        for (kind, key) in [(OperationRecord.Kind.capture, "op-2"), (.void, "op-3")] {
            let other = try await world.operate(kind, on: id, key: key)
            #expect(other.status == 409)
            #expect(other.code == "invalid_state")
        }
        #expect(try await world.operate(.capture, on: id).status == 202)
        #expect(world.bank.sent.count == 2)
    }

    @Test("they go to the gateway that holds the payment and to no other (O7)")
    func sameGateway() async throws {
        let id = try await world.paid(.payment(("gateway", .string("bank-b"))))
        world.bank.script(.fails(.sample(.connectRefused)))
        _ = try await world.operate(.refund, on: id)
        #expect(world.hosts == ["bank-b.test", "bank-b.test"])
    }

    @Test("they go nowhere once that gateway is another account (R9)")
    func anotherIdentity() async throws {
        let id = try await world.paid()
        let replica = try World(account: "acme-456", beside: world)
        #expect(try await replica.operate(.refund, on: id).status == 202)
        #expect(world.bank.sent.count == 1)
    }

    // MARK: O6

    @Test(
        "a capture or void that the gateway tells otherwise than asked is never success: manual_review (O6)",
        arguments: [
            (OperationRecord.Kind.capture, FakeTransport.Step.charge("APPROVED", captured: 401)),
            (.capture, .charge("APPROVED", captured: 1_000)), (.capture, .charge("APPROVED", amount: 400, captured: 400)),
            (.capture, .charge("APPROVED", currency: "USD", captured: 400)), (.void, .charge("VOIDED", amount: 1)),
            (.void, .charge("VOIDED", currency: "USD")),
        ])
    func otherwise(kind: OperationRecord.Kind, step: FakeTransport.Step) async throws {
        let id = try await authorized()
        world.bank.script(step)
        let answer = try await world.operate(kind, on: id, amount: kind == .capture ? 400 : nil)
        #expect(answer.status == 202)
        #expect(answer.state == "manual_review")
        #expect(try await world.record().amountCaptured == 0)
    }

    @Test("a refund of another amount is never success, and what it reserved stays reserved (O6, O8)")
    func refundOtherwise() async throws {
        let id = try await world.paid()
        world.bank.script(.refund("APPROVED", amount: 401))
        let answer = try await world.operate(.refund, on: id, amount: 400)
        #expect(answer.status == 202)
        #expect(answer.state == "manual_review")
        let stored = try await world.stored()
        #expect(stored.record.status == .succeeded)
        #expect(stored.record.amountRefunded == 0)
        #expect(stored.reservations.refundsOpen == 400)
    }

    // MARK: O8

    @Test("two refunds never exceed what was captured, the open one counted (O8)")
    func refundsNeverExceed() async throws {
        let id = try await world.paid()
        world.bank.script(.fails(.sample(.attemptTimedOut)))
        #expect(try await world.operate(.refund, on: id, amount: 600).status == 202)
        let second = try await world.operate(.refund, on: id, key: "op-2", amount: 600)
        #expect(second.status == 422)
        #expect(second.json["errors"]?.elements?.first?["pointer"] == .string("/amount"))
        #expect(world.bank.sent.count == 2)
    }

    @Test("ten refunds at once of three tenths each: three are sent (O8)")
    func refundsAtOnce() async throws {
        let id = try await world.paid()
        world.bank.script(.refund("APPROVED", amount: 300), .refund("APPROVED", amount: 300), .refund("APPROVED", amount: 300))
        let world = world
        let codes = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<10 {
                group.addTask { try await world.operate(.refund, on: id, key: "op-\(number)", amount: 300).status }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.sorted() == [201, 201, 201, 422, 422, 422, 422, 422, 422, 422])
        #expect(world.bank.sent.count == 4)
        #expect(try await world.record().amountRefunded == 900)
    }

    @Test("one capture in a payment's life (O8)")
    func oneCapture() async throws {
        let id = try await authorized()
        world.bank.script(.charge("APPROVED", captured: 400))
        _ = try await world.operate(.capture, on: id, amount: 400)
        for kind in [OperationRecord.Kind.capture, .void] {
            let again = try await world.operate(kind, on: id, key: "op-2")
            #expect(again.status == 409)
            #expect(again.code == "invalid_state")
        }
        #expect(world.bank.sent.count == 2)
    }

    @Test("no more than was authorised is captured (O8)")
    func captureTooMuch() async throws {
        let id = try await authorized()
        let answer = try await world.operate(.capture, on: id, amount: 1_001)
        #expect(answer.status == 422)
        #expect(answer.json["errors"]?.elements?.first?["pointer"] == .string("/amount"))
        #expect(world.bank.sent.count == 1)
    }

    @Test("a state that does not allow it: 409, nothing is sent", arguments: WrongState.all.indices)
    func wrongState(_ index: Int) async throws {
        let (step, kind) = WrongState.all[index]
        world.bank.script(step)
        _ = try await world.pay()
        let answer = try await world.operate(kind, on: try world.id())
        #expect(answer.status == 409)
        #expect(answer.code == "invalid_state")
        #expect(world.bank.sent.count == 1)
    }

    @Test("no such payment, or another tenant's: 404", arguments: OperationRecord.Kind.allCases)
    func notFound(_ kind: OperationRecord.Kind) async throws {
        let id = try await world.paid()
        #expect(try await world.operate(kind, on: id, tenant: "other").status == 404)
        #expect(try await world.operate(kind, on: try world.id("never")).status == 404)
        #expect(world.bank.sent.count == 1)
    }

    // MARK: The key

    @Test("the same key replays the answer byte for byte; another request under it is 422 (K2, K3)")
    func replay() async throws {
        let id = try await world.paid()
        world.bank.script(.refund("APPROVED", amount: 400), .refund("APPROVED", amount: 100))
        let first = try await world.operate(.refund, on: id, amount: 400)
        _ = try await world.operate(.refund, on: id, key: "op-2", amount: 100)
        let again = try await world.operate(.refund, on: id, amount: 400)
        #expect(again.body == first.body)
        #expect(again.status == first.status)
        #expect(again.replayed)
        #expect(try await world.operate(.refund, on: id, amount: 401).code == "idempotency_key_reused")
        #expect(world.bank.sent.count == 3)
    }

    @Test("while it is at work its repeat gets 409 at once (K4); told 202, it is shown (K3)")
    func running() async throws {
        let id = try await world.paid()
        let gate = Gate()
        world.bank.script(.held(by: gate, then: .refund("APPROVED", amount: 400)))
        let world = world
        let first = Task { try await world.operate(.refund, on: id, amount: 400, patience: .seconds(1)) }
        await world.bank.sent(atLeast: 2)
        #expect(try await world.operate(.refund, on: id, amount: 400).code == "idempotency_in_progress")
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: .seconds(1))
        #expect(try await first.value.status == 202)
        let shown = try await world.operate(.refund, on: id, amount: 400)
        #expect(shown.status == 202)
        #expect(shown.state == "processing")
        gate.open()
        await world.inFlight.idle()
        #expect(try await world.record().amountRefunded == 400)
    }

    @Test("a store that is away at the claim: 503, and nothing is sent (K5)")
    func claimAway() async throws {
        let id = try await world.paid()
        world.store.fail([.claim], .away)
        #expect(try await world.operate(.refund, on: id).code == "state_store_unavailable")
        #expect(world.bank.sent.count == 1)
    }

    @Test(
        "a store that is away at the settle: 202, and settled once when it is back (T4, R2)",
        arguments: [FaultyStore.Fault.away, .replyLost])
    func settleAway(_ fault: FaultyStore.Fault) async throws {
        let id = try await world.paid()
        world.store.fail([.settle], fault, times: 3)
        world.bank.script(.refund("APPROVED", amount: 400))
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 202)
        await world.finish()
        let record = try await world.record()
        #expect(record.amountRefunded == 400)
        #expect(record.attempts.count == 2)
        #expect(try await world.stored().reservations.refundsOpen == 0)
    }

    @Test("an open one whose settle reply was lost is listed once (R2)")
    func openReplyLost() async throws {
        let id = try await world.paid()
        world.store.fail([.settle], .replyLost, times: 2)
        world.bank.script(.fails(.sample(.attemptTimedOut)))
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 202)
        await world.finish()
        #expect(try await world.record().attempts.count == 2)
    }

    /// A refund whose owner died after it was sent.
    private func abandonRefund(of id: PaymentID) async throws {
        world.store.fail([.markAnswered], .away)
        let sent = world.bank.sent.count
        world.bank.script(.held(by: Gate(), then: .refund("APPROVED", amount: 400)))
        let world = world
        _ = Task { try await world.operate(.refund, on: id, amount: 400) }
        await world.bank.sent(atLeast: sent + 1)
        await world.time.sleepers(atLeast: 1)
        world.time.advance(by: World.lease)
        world.store.heal()
    }

    @Test("its owner dead, the repeat sends it again under the same reference (K4, O3)")
    func takenOver() async throws {
        let id = try await world.paid()
        try await abandonRefund(of: id)
        world.bank.script(.refund("APPROVED", amount: 400))
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 201)
        #expect(world.bank.sent[2].request.body == world.bank.sent[1].request.body)
        #expect(try await world.record().amountRefunded == 400)
    }

    @Test(
        "a repeat that is refused says nothing of the first one: the refund stays open, and its reservation (O1, O8)",
        arguments: [FakeTransport.Step.problem(401, "WHO"), .problem(422, "WRONG"), .problem(409, "WRONG")])
    func repeatRefused(_ step: FakeTransport.Step) async throws {
        let id = try await world.paid()
        try await abandonRefund(of: id)
        world.bank.script(step)
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 202)
        #expect(try await world.stored().reservations.refundsOpen == 400)
    }
}
