import AdapterKit
import Payments
import TestKit

/// What the callers do.
extension World {
    func startCallers() {
        for order in scenario.orders {
            callersAtWork += 1
            callers.start { [unowned self] in
                await callers.rest(order.begins)
                await carryOut(order)
                callersAtWork -= 1
            }
        }
    }

    private func carryOut(_ order: Scenario.Order) async {
        let ask = Ask(key: order.key, operation: nil)
        await repeating(ask) { [unowned self] service, process in
            guard let request = try? PaymentRequest(order.body) else { return Answer(Problem(.internal), requestID: "") }
            return await service.create(
                request, body: order.body, call: call(order.key, process, patience: order.patience.map { .seconds($0) }))
        }
        guard order.wish != .nothing, let id = derivation.payment(tenant: Self.tenant, key: order.key) else { return }
        guard await isReady(id, for: order.wish) else { return }
        switch order.wish {
        case .nothing: break
        case .sync: await sync(id, key: order.key)
        case .capture: await operate(.capture, on: id, order, "op-1", amount: schedule.dice.chance(0.5) ? order.amount / 2 : nil)
        case .void: await operate(.void, on: id, order, "op-1", amount: nil)
        case .refund: await operate(.refund, on: id, order, "op-1", amount: schedule.dice.chance(0.5) ? order.amount / 2 : nil)
        case .twoRefunds:
            callersAtWork += 1
            callers.start { [unowned self] in
                await operate(.refund, on: id, order, "op-2", amount: nil)
                callersAtWork -= 1
            }
            await operate(.refund, on: id, order, "op-1", amount: nil)
        }
    }

    func sync(_ id: PaymentID, key: String) async {
        await once(Ask(key: key, operation: nil, isQuestion: true)) { [unowned self] service, process in
            await service.sync(id, call: call("sync", process))
        }
    }

    /// Waits until the payment is where the operation needs it.
    private func isReady(_ id: PaymentID, for wish: Scenario.Order.Wish) async -> Bool {
        for _ in 0..<20 {
            // Read at the store itself: what a caller would be shown is looked at elsewhere.
            let stored = try? await storage.kept.payment(id, tenant: Self.tenant)
            switch (stored?.record.status, wish) {
            case (.authorized, .capture), (.authorized, .void), (.queued, .void), (.requiresAction, .void),
                (.succeeded, .refund), (.succeeded, .twoRefunds), (_?, .sync):
                return true
            case (.failed, _), (.canceled, _), (.authorized, _), (.succeeded, _): return false
            default: await callers.rest(Int64(schedule.dice.within(1_000_000...10_000_000)))
            }
        }
        return false
    }

    private func operate(
        _ kind: OperationRecord.Kind, on id: PaymentID, _ order: Scenario.Order, _ key: String, amount: Int64?
    ) async {
        let body = JSON.present([("amount", amount.map { .integer($0) })])
        let ask = Ask(key: key, operation: .init(payment: order.key, kind: kind))
        await repeating(ask) { [unowned self] service, process in
            let call = call(key, process)
            switch kind {
            case .capture:
                guard let request = try? CaptureRequest(body) else { return Answer(Problem(.internal), requestID: "") }
                return await service.capture(id, request, body: body, call: call)
            case .refund:
                guard let request = try? RefundRequest(body) else { return Answer(Problem(.internal), requestID: "") }
                return await service.refund(id, request, body: body, call: call)
            default: return await service.void(id, call: call)
            }
        }
    }

    /// Asks again with the same key until an answer says what became of it, and sometimes once more.
    private func repeating(
        _ ask: Ask, _ body: @escaping @Sendable (PaymentService, SimulatedProcess) async -> Answer
    ) async {
        for _ in 0..<schedule.dice.within(2...12) {
            let said = await once(ask, body)
            if let said, !said.isTransient, schedule.dice.chance(0.7) { return }
            await callers.rest(Int64(schedule.dice.within(100_000...10_000_000)))
        }
    }

    @discardableResult
    private func once(
        _ ask: Ask, _ body: @escaping @Sendable (PaymentService, SimulatedProcess) async -> Answer
    ) async -> Said? {
        let reply = Reply()
        guard let replica = anyReplica() else { return nil }
        replica.serve(reply) { [unowned self] service, process in
            let said = Said(await body(service, process))
            await checker.answered(said, to: ask, by: process.name)
            return said
        }
        let patience = schedule.after(30_000_000) { reply.give(nil) }
        let said = await reply.value()
        schedule.cancel(patience)
        if let said { checker.told(said, to: ask) }
        return said
    }

    private func call(_ key: String, _ process: SimulatedProcess, patience: Duration? = nil) -> Call {
        Call(tenant: Self.tenant, idempotencyKey: key, requestID: "req-\(key)", arrived: process.monotonic(), patience: patience)
    }
}

/// What a caller asks for: a payment, or one of its operations.
struct Ask: Hashable, Sendable {
    struct Operation: Hashable, Sendable {
        let payment: String
        let kind: OperationRecord.Kind
    }

    let key: String
    let operation: Operation?
    /// Not a request for money: its answers are not fixed.
    var isQuestion = false
}

/// An answer, read once.
struct Said: Sendable {
    let answer: Answer
    /// The status of the payment or refund that is shown.
    let status: String?
    /// The code of the problem.
    let code: String?
    /// Whether it says nothing of what became of it: the same key is to be repeated.
    let isTransient: Bool
    /// Whether every repeat must get the same bytes (K3).
    let isFixed: Bool

    init(_ answer: Answer) {
        self.answer = answer
        let json = (try? JSON(parsing: answer.body)) ?? .null
        let isProblem = answer.content == .problem
        status = isProblem ? nil : json["status"]?.text
        code = isProblem ? json["code"]?.text : nil
        let isFinallyUnavailable = code == "gateways_unavailable" && json["detail"]?.text?.contains("failed;") == true
        isTransient =
            ["idempotency_in_progress", "state_store_unavailable", "rate_limited", "gateways_unavailable"].contains(code)
            && !isFinallyUnavailable
        isFixed = isFinallyUnavailable || answer.status == 201 && status != "requires_action"
    }
}

extension Scenario.Order {
    var body: JSON {
        let card = JSON.members([
            ("number", .string("4111111111111111")), ("exp_month", .integer(12)), ("exp_year", .integer(2030)),
            ("cvc", .string("737")),
        ])
        let method: JSON =
            isCard
            ? .members([("type", .string("card")), ("card", card)])
            : .members([("type", .string("pix")), ("pix", .members([("key", .string("ana@example.com"))]))])
        return .present([
            ("amount", .integer(amount)), ("currency", .string("EUR")), ("reference", .string("order")),
            ("capture", .string(isManual ? "manual" : "automatic")), ("method", method),
            ("gateway", pinned.map { .string($0) }), ("on_unavailable", .string(fails ? "fail" : "queue")),
        ])
    }
}
