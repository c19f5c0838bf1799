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

@Suite("What captures, voids and refunds set aside (O8)", .timeLimit(.minutes(1)))
struct ReservationTests {
    private let world: World

    init() throws { world = try World() }

    private func authorized() async throws -> PaymentID { try await world.paid(.authorization) }

    @Test("two refunds never exceed what was captured, the open one counted (O8)")
    func refundsNeverExceed() async throws {
        let id = try await world.paid()
        world.bank.script(.lost, .silence)
        #expect(try await world.operate(.refund, on: id, amount: 600).status == 202)
        let second = try await world.operate(.refund, on: id, key: "op-2", amount: 600)
        #expect(second.status == 422)
        #expect(second.json["errors"]?.elements?.first?["pointer"] == .string("/amount"))
        #expect(world.bank.sent.count == 3)
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
        world.bank.script(step, .silence)
        _ = try await world.pay()
        let sent = world.sent
        let answer = try await world.operate(kind, on: try world.id())
        #expect(answer.status == 409)
        #expect(answer.code == "invalid_state")
        #expect(world.sent == sent)
    }

    @Test("no such payment, or another tenant's: 404", arguments: [OperationRecord.Kind.capture, .void, .refund])
    func notFound(_ kind: OperationRecord.Kind) async throws {
        let id = try await world.paid()
        #expect(try await world.operate(kind, on: id, tenant: "other").status == 404)
        #expect(try await world.operate(kind, on: try world.id("never")).status == 404)
        #expect(world.bank.sent.count == 1)
    }
}
