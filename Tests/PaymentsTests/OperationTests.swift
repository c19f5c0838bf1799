import AdapterKit
import Payments
import TestKit
import Testing

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
        world.bank.script(.lost, .silence)
        let body = JSON.members([("amount", .integer(1)), ("reason", .string("broken vase"))])
        let answer = await world.service.refund(id, try RefundRequest(body), body: body, call: world.call("op-1"))
        #expect(answer.json["reason"] == .string("broken vase"))
        let stored = try #require(try await world.store.openOperations(of: id).first)
        #expect(!stored.sealed.isEmpty)
        #expect(stored.sealed.firstRange(of: Array("broken vase".utf8)) == nil)
    }

    @Test("void of a queued payment cancels it without a gateway, and its card number is kept no longer (R5)")
    func voidQueued() async throws {
        world.bank.script(.problem(429, "SLOW"), .problem(429, "SLOW"))
        #expect(try await world.pay().state == "queued")
        let answer = try await world.operate(.void, on: try world.id())
        #expect(answer.status == 200)
        #expect(answer.state == "canceled")
        #expect(world.bank.sent.count == 2)
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
        world.bank.script(step, .silence)
        let answer = try await world.operate(.capture, on: id)
        let sent = world.sent
        #expect(answer.status == 202)
        #expect(answer.state == "authorized")
        #expect(try await world.stored().reservations.capturing == world.operation(.capture, of: id))
        for (kind, key) in [(OperationRecord.Kind.capture, "op-2"), (.void, "op-3")] {
            let other = try await world.operate(kind, on: id, key: key)
            #expect(other.status == 409)
            #expect(other.code == "invalid_state")
        }
        #expect(try await world.operate(.capture, on: id).status == 202)
        #expect(world.sent == sent)
        #expect(sent.count { $0.hasPrefix("POST") } == 2)
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
}
