import AdapterKit
import MockGateways
import ProcessKit

/// What became of one payment: what its caller was told, what the gateway says of it at the end.
struct Told: Sendable {
    /// The first answer to a key, and that to the same key when all is over.
    struct Answered: Sendable {
        let what: String
        let first: Reply
        let again: Reply
    }

    let id: String
    let key: String
    let answers: [Answered]
    /// The payment when all is over.
    let last: Reply
}

/// The promises of contract/idempotency.md over the books of all banks.
struct Promises {
    let ledgers: [(bank: String, ledger: Ledger)]

    init(_ fleet: Fleet) { ledgers = fleet.banks.map { ($0.name, $0.mock.ledger) } }

    /// What is broken, in words; empty when all is kept.
    func violations(_ payments: [Told]) -> [String] {
        payments.flatMap { payment in broken(by: payment).map { "\(payment.id) (\(payment.key)): \($0)\n\(describe(payment))" } }
            + strangers(besides: Set(payments.map(\.id)))
    }

    private func charges(_ id: String) -> [(bank: String, charge: Charge)] {
        ledgers.compactMap { entry in entry.ledger[id].map { (entry.bank, $0) } }
    }

    private func broken(by payment: Told) -> [String] {
        var broken = answers(of: payment)
        let charges = charges(payment.id)
        let holding = charges.filter { $0.charge.keepsSomething }
        if holding.count > 1 { broken.append("P1: held at \(holding.map(\.bank))") }
        switch payment.last.state {
        case "succeeded", "authorized":
            if holding.map(\.bank) != [payment.last["gateway"]?.text ?? ""] {
                broken.append(
                    "P3: \(payment.last.state ?? "") at \(payment.last["gateway"]?.text ?? "-"), held at \(holding.map(\.bank))")
            }
        case "failed", "canceled":
            if !holding.isEmpty { broken.append("P3: \(payment.last.state ?? ""), yet held at \(holding.map(\.bank))") }
        // Its number was not stored, so that only its caller could have sent it again.
        case "manual_review" where payment.last.isOfCardNumber:
            if !holding.isEmpty { broken.append("P3: left to an operator as held by nobody, yet held at \(holding.map(\.bank))") }
        default: broken.append("P2: still \(payment.last.state ?? "nothing") (\(payment.last.reason ?? "-"))")
        }
        if let holder = holding.first?.charge { broken += amounts(of: payment, holder) }
        return broken + charges.filter { $0.charge.tookTwice }.map { "P1: money moved twice at \($0.bank)" }
    }

    private func answers(of payment: Told) -> [String] {
        (payment.last.status == 200 ? [] : ["P2: forgotten: \(payment.last.status)"]) + payment.answers.flatMap(broken)
    }

    /// P2, K3: an answer that was given stays, byte for byte if it was final; a 202 is followed by a final one.
    private func broken(_ answered: Told.Answered) -> [String] {
        let (first, again) = (answered.first, answered.again)
        switch first.status {
        case 200, 201: return again.status == first.status && again.body == first.body ? [] : [changed(answered)]
        case 202:
            let isLeft = again.state == "manual_review" && again.isOfCardNumber
            return [200, 201].contains(again.status) || isLeft ? [] : [changed(answered)]
        default: return ["\(answered.what) was answered \(first.status) \(first.text)"]
        }
    }

    private func changed(_ answered: Told.Answered) -> String {
        let (first, again) = (answered.first, answered.again)
        return "P2, K3: \(answered.what): \(first.status) became \(again.status)\n  from \(first.text)\n  to   \(again.text)"
    }

    private func amounts(of payment: Told, _ charge: Charge) -> [String] {
        var broken: [String] = []
        let captured = payment.last["amount_captured"]?.integer
        if captured != charge.captured { broken.append("captured \(captured ?? -1), by the books \(charge.captured)") }
        let refunded = payment.last["amount_refunded"]?.integer
        if refunded != charge.refunded { broken.append("refunded \(refunded ?? -1), by the books \(charge.refunded)") }
        if charge.refunded > charge.captured { broken.append("O8: more refunded than captured") }
        return broken
    }

    /// Charges that no caller knows of.
    private func strangers(besides known: Set<String>) -> [String] {
        ledgers.flatMap { entry in
            entry.ledger.order.filter { !known.contains($0) }.map { "P1: \($0) at \(entry.bank) is nobody's payment" }
        }
    }

    private func describe(_ payment: Told) -> String {
        let books = charges(payment.id).map { "\($0.bank): \($0.charge)" }
        return "  last \(payment.last.text)\n  \(books.joined(separator: "\n  "))"
    }
}

extension Charge {
    /// Authorised or captured, and neither released nor given back by a reversal. What a caller had refunded still counts as his.
    fileprivate var keepsSomething: Bool { status == .authorized || status == .approved && captured - refunded > 0 }

    /// A charge or a capture takes once; each refund gives back once.
    fileprivate var tookTwice: Bool { moneyMovements > (captured > 0 ? 1 : 0) + refunds.count { $0.status == .approved } }
}

extension Reply {
    /// Whether it shows a payment by a card whose number was given, not a token.
    fileprivate var isOfCardNumber: Bool { self["method"]?["card"]?["first_six"]?.text != nil }
}
