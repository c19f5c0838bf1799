import AdapterKit
import Payments
import TestKit

/// What an operator does: puts dead letters back, and in the end gives them up by what the bank told him on the telephone.
extension World {
    private static let mostRedrives = 3

    func startOperator() {
        callers.start { [unowned self] in
            var hasNothing = false
            while !(hasNothing && isCalm) {
                await callers.rest(Int64(schedule.dice.within(5_000_000...40_000_000)))
                let page = try? await storage.kept.listed(on: .dead, after: nil, limit: 20)
                let open = (page?.items ?? []).filter { (redrives[$0.id] ?? 0) <= Self.mostRedrives }
                // Those that have just been put back come again, or not.
                hasNothing = open.isEmpty && callersAtWork == 0 && undelivered == 0 && network.isIdle
                for item in open.sorted(by: { $0.id.description < $1.id.description }) { decide(item) }
            }
            isOperatorDone = true
        }
    }

    private func decide(_ item: ShelfPage.Item) {
        let tries = redrives[item.id, default: 0]
        if tries < Self.mostRedrives {
            redrives[item.id] = tries + 1
            order { [id = item.id] operators throws(Problem) in
                _ = try await operators.redrive(id, try RedriveOrder(.object([])), by: "ops")
            }
        } else if isCalm, isTold(item.id.payment) {
            redrives[item.id] = tries + 1
            giveUp(item)
        }
    }

    /// Whether the banks have made up their minds.
    private func isTold(_ payment: PaymentID) -> Bool {
        banks.allSatisfy { $0.charges(payment.text).allSatisfy { !$0.isWaiting } } && network.isIdle
    }

    /// Only what nobody can tell any more; an amount that is not what was asked needs more than a word.
    private func giveUp(_ item: ShelfPage.Item) {
        guard let work = item.work, item.id.operation == nil, let reason = work.payment.record.deadLetter?.reason,
            [.outcomeUnknown, .queueGaveUp, .incomplete].contains(reason),
            banks.allSatisfy({ $0.charges(item.id.payment.text).allSatisfy { $0.amount == $0.asked } })
        else { return }
        let holder = banks.first { $0.held(item.id.payment.text) > 0 }
        let body = JSON.present([
            ("reason", .string("asked the bank")), ("outcome", .string(holder == nil ? "failed" : "succeeded")),
            ("gateway", holder.map { .string($0.name) }),
        ])
        order { [id = item.id] operators throws(Problem) in
            _ = try await operators.discard(id, try DiscardOrder(body), by: "ops")
        }
    }

    private func order(_ body: @escaping @Sendable (OperatorService) async throws(Problem) -> Void) {
        guard let replica = anyReplica(), let process = replica.process, let operators = operators(process) else { return }
        process.start {
            do throws(Problem) { try await body(operators) } catch {
                process.schedule.note("\(process.name) refuses the operator: \(error.code.rawValue) \(error.detail ?? "")")
            }
        }
    }
}
