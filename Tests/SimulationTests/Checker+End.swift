import AdapterKit
import Payments
import TestKit

/// The promises, once all is quiet.
extension Checker {
    func judge(_ order: Scenario.Order) async {
        guard let id = derivation.payment(tenant: World.tenant, key: order.key) else { return }
        let record = try? await storage.kept.payment(id, tenant: World.tenant)?.record
        let isGivenUp = await hasDeadReversal(id)
        if !isGivenUp { judgeHolders(of: id.text) }
        judgeBooks(of: id.text)
        judgeLoss(of: order, record)
        guard let record else {
            for bank in banks where bank.held(id.text) > 0 { fail("P3", "\(bank.name) holds \(id), which is not stored") }
            return
        }
        judgeEvents(of: record)
        let isOpen = await waitsForOperator(record)
        if !isOpen, !(isGivenUp && [.failed, .canceled].contains(record.status)) { judgeHolder(of: record) }
        for (ask, said) in told.sorted(by: { $0.key.key < $1.key.key }) where ask.operation?.payment == order.key {
            judge(said, to: ask, of: id, isGivenUp: isGivenUp)
        }
    }

    /// P2: the end of every payment is told, and that one last.
    private func judgeEvents(of record: PaymentRecord) {
        guard record.status != .processing || record.processingReason != .inFlight else { return }
        let last = lastEvents[record.id.text]?.kind.rawValue
        if last != "payment.\(record.status.rawValue)" {
            fail("P2", "\(record.id) is \(record.status.rawValue), and \(last ?? "nothing") was told last")
        }
    }

    /// Whether one of its operations waits for an operator: until then the amounts are not known.
    private func waitsForOperator(_ record: PaymentRecord) async -> Bool {
        for kind in [OperationRecord.Kind.capture, .void, .refund] {
            for key in ["op-1", "op-2"] {
                guard let id = derivation.operation(kind, of: record.id, tenant: World.tenant, key: key),
                    let work = try? await storage.kept.work(WorkID(record.id, id))
                else { continue }
                if work.operation?.record.status == .manualReview { return true }
            }
        }
        return false
    }

    /// Two minutes after all is well nothing is unknown that can be known.
    func judgeUnknown(_ order: Scenario.Order) async {
        guard let id = derivation.payment(tenant: World.tenant, key: order.key),
            let record = try? await storage.kept.payment(id, tenant: World.tenant)?.record
        else { return }
        let now = SimulatedProcess.start + .microseconds(schedule.elapsed)
        // R3: a try that never ended may still arrive for as long as its signature is good.
        let isWaiting = record.attempts.contains { $0.end == nil && now - $0.startedAt < .seconds(310) }
        // Between two turns of the inquiry schedule.
        let isAsked = now - record.updatedAt < .seconds(40)
        if record.status == .processing, record.processingReason != .awaitingGateway, !isWaiting, !isAsked {
            fail("R4", "\(id) is \(record.processingReason?.rawValue ?? "") two minutes after all is well")
        }
    }

    /// R6: a bank may refuse to give back what it should not hold, or not say whether it did; then that is a dead letter.
    private func hasDeadReversal(_ id: PaymentID) async -> Bool {
        for bank in banks {
            guard let reversal = derivation.reversal(of: id, tenant: World.tenant, at: bank.name),
                let work = try? await storage.kept.work(WorkID(id, reversal))
            else { continue }
            if work.operation?.record.deadLetter != nil { return true }
        }
        return false
    }

    /// P1.
    private func judgeHolders(of reference: String) {
        let holders = banks.filter { $0.held(reference) > 0 }
        if holders.count > 1 { fail("P1", "\(holders.map(\.name)) hold \(reference) in the end") }
    }

    /// What a bank's books may never show.
    private func judgeBooks(of reference: String) {
        for bank in banks {
            let charges = bank.charges(reference)
            if charges.count(where: { $0.held > 0 }) > 1 { failReference("\(bank.name) holds \(reference) twice in the end") }
            for charge in charges {
                if charge.captures.count > 1 { fail("O8", "\(bank.name) captured \(reference) \(charge.captures.count) times") }
                if charge.captured > charge.amount { fail("O8", "\(bank.name) captured more of \(reference) than is authorised") }
                if charge.refunded > charge.captured { fail("O8", "\(bank.name) gave back more of \(reference) than it took") }
                let reversals =
                    charge.voids.count { $0.hasPrefix("rev_") }
                    + charge.refunds.count { $0.reference.hasPrefix("rev_") && $0.status == .approved }
                if reversals > 1 { fail("R6", "\(bank.name) reversed \(reference) \(reversals) times") }
            }
            for outlived in bank.outlived where outlived == reference {
                fail("O3", "\(bank.name) was asked for \(reference) after its life")
            }
        }
    }

    /// P2.
    private func judgeLoss(of order: Scenario.Order, _ record: PaymentRecord?) {
        let promised = told[Ask(key: order.key, operation: nil)]?.contains { [201, 202].contains($0.answer.status) } == true
        guard let record else {
            if promised { fail("P2", "\(order.key) was answered, and is not stored") }
            return
        }
        switch record.status {
        case .processing, .queued, .requiresAction: fail("P2", "\(record.id) is still \(record.status.rawValue)")
        case .authorized, .succeeded, .failed, .canceled, .manualReview: break
        }
    }

    /// P3.
    private func judgeHolder(of record: PaymentRecord) {
        let reference = record.id.text
        switch record.status {
        case .failed, .canceled:
            for bank in banks where bank.held(reference) > 0 {
                fail("P3", "\(reference) is \(record.status.rawValue), and \(bank.name) holds it")
            }
        case .authorized, .succeeded:
            guard let bank = banks.first(where: { $0.name == record.gateway }), let charge = bank.charges(reference).last else {
                return fail("P3", "\(reference) is \(record.status.rawValue), and no bank knows it")
            }
            if charge.amount != record.money.minorUnits {
                fail(
                    "O6", "\(reference) is \(record.status.rawValue) over \(record.money), and \(bank.name) has \(charge.amount)")
            }
            let isAsStored =
                record.status == .authorized
                ? charge.status == .authorized
                : charge.captured == record.amountCaptured && charge.refunded == record.amountRefunded
            if !isAsStored {
                fail("P3", "\(reference) is \(record.status.rawValue), and \(bank.name) has \(charge.status.rawValue)")
            }
        case .processing, .queued, .requiresAction, .manualReview: break
        }
    }

    /// What callers were told of a capture, void or refund.
    private func judge(_ answers: [Said], to ask: Ask, of payment: PaymentID, isGivenUp: Bool) {
        guard let kind = ask.operation?.kind,
            let id = derivation.operation(kind, of: payment, tenant: World.tenant, key: ask.key)
        else { return }
        let charges = banks.flatMap { $0.charges(payment.text) }
        let isDone =
            switch kind {
            case .capture: charges.contains { $0.captures.contains { $0.reference == id.text } }
            case .void: isGivenUp || !charges.contains { $0.held > 0 }
            default: charges.contains { $0.refunds.contains { $0.reference == id.text && $0.status == .approved } }
            }
        for said in answers {
            let saysDone = said.answer.status == 200 || said.status == "succeeded" && said.answer.status == 201
            if saysDone, !isDone { fail("P3", "\(id) was answered as done, and is not") }
            if said.status == "failed", kind == .refund, isDone { fail("P3", "\(id) was answered as failed, and is done") }
        }
    }
}
