import AdapterKit
import BankHMAC
import Payments
import TestKit

/// What the banks post: early, late, twice and out of order, again until it is acknowledged.
extension World {
    func deliver(_ word: SimulatedBank.Word) {
        guard schedule.dice.chance(scenario.callbacks) else { return }
        delivered += 1
        let id = "evt-\(delivered)"
        for _ in 0..<(schedule.dice.chance(0.3) ? 2 : 1) {
            undelivered += 1
            post(word, id: id, after: Int64(schedule.dice.pick([0, 20_000, 1_000_000, 60_000_000]) ?? 0))
        }
    }

    private func post(_ word: SimulatedBank.Word, id: String, after delay: Int64) {
        schedule.after(delay) { [unowned self] in
            guard let replica = anyReplica(), let process = replica.process, let service = replica.service,
                let heard = gatewayWord(word, id: id)
            else { return post(word, id: id, after: Int64(schedule.dice.within(1_000_000...20_000_000))) }
            let acknowledgement = Acknowledgement()
            process.start {
                do {
                    let reception = try await service.hear(heard.event, at: heard.gateway)
                    await self.checker.acknowledged(heard, reception, by: process.name)
                    await process.step("acknowledge")
                    acknowledgement.isGiven = true
                } catch {
                    if self.scenario.mutation == .acknowledgeBeforeStored {
                        await self.checker.acknowledged(heard, .applied, by: process.name)
                        acknowledgement.isGiven = true
                    }
                }
            }
            schedule.after(10_000_000) { [unowned self] in
                if acknowledgement.isGiven {
                    undelivered -= 1
                } else {
                    post(word, id: id, after: Int64(schedule.dice.within(1_000_000...20_000_000)))
                }
            }
        }
    }

    /// As the adapter reads it.
    private func gatewayWord(_ word: SimulatedBank.Word, id: String) -> GatewayWord? {
        let body = word.body
        let money = Money(minorUnits: body["amount"]?.integer ?? 0, currency: World.currency)
        let operation: Operation =
            word.refund.map { .refundInquiry(.init(reference: $0, charge: word.charge, gatewayReference: nil, money: money)) }
            ?? .inquiry(.init(charge: word.charge, gatewayReference: nil, money: money))
        let response = GatewayResponse(status: 200, body: body.encoded())
        guard case .found(let outcome)? = adapter?.inquiryAnswer(of: response, for: operation) else { return nil }
        let subject =
            word.refund.map { CallbackSubject(refund: $0, of: word.charge, gatewayReference: nil) }
            ?? CallbackSubject(charge: word.charge, gatewayReference: nil)
        return GatewayWord(
            gateway: scenario.mutation == .anyCallbackDecides ? other(word.gateway) : word.gateway,
            event: CallbackEvent(id: id, subject: subject, outcome: outcome, money: money))
    }

    private func other(_ gateway: String) -> String { Self.bankNames.first { $0 != gateway } ?? gateway }
}

/// What a bank said, and which bank.
struct GatewayWord: Sendable {
    let gateway: String
    let event: CallbackEvent

    var outcome: Outcome { event.outcome }
    var charge: String { event.subject.charge ?? "" }
    var refund: String? { event.subject.refund }
}

/// Whether a delivery was acknowledged.
private final class Acknowledgement: @unchecked Sendable {  // its schedule's thread alone touches it
    var isGiven = false
}
