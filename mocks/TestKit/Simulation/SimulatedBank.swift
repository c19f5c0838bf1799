package import AdapterKit

/// A bank of protocols/bank-hmac.md with its books: who asked for what, what was taken and given back.
///
/// It trusts its callers more than a real one would: it takes a second capture, and refunds beyond what was taken, so that the books show
/// what a service let through.
package final class SimulatedBank: @unchecked Sendable {  // its schedule's thread alone touches it
    /// For how long the bank knows a reference again.
    package enum Memory: Sendable {
        case forever, never
        case until(seconds: Int64)
    }

    package struct Word: Sendable {
        package let gateway: String
        package let charge: String
        package let refund: String?
        package let body: JSON
    }

    package let name: String
    package let schedule: SimulatedSchedule
    package var memory = Memory.forever
    /// For how many seconds a signed request is accepted, either side of now.
    package var tolerance: Int64 = 300
    /// How a new charge is decided.
    package var decide: @Sendable (_ reference: String) -> SimulatedCharge.Decision = { _ in .approve }
    package var decideRefund: @Sendable (_ reference: String) -> SimulatedCharge.Decision = { _ in .approve }
    /// Told of every change that the bank would post to a callback address.
    package var tell: (@Sendable (Word) -> Void)?
    /// Told of every booking that holds or takes money.
    package var booked: (@Sendable (SimulatedBank, SimulatedCharge) -> Void)?

    package private(set) var charges: [SimulatedCharge] = []
    /// Requests that move money, by reference: when each came first.
    package private(set) var firstSeen: [String: Int64] = [:]
    /// References under which money was asked for after their life had passed (O3).
    package private(set) var outlived: [String] = []
    private var issued = 0

    package init(name: String, schedule: SimulatedSchedule) {
        self.name = name
        self.schedule = schedule
    }

    /// The bookings under a reference, oldest first; more than one only where the bank forgets.
    package func charges(_ reference: String) -> [SimulatedCharge] { charges.filter { $0.reference == reference } }

    /// What the bank holds of the payer's money under a reference.
    package func held(_ reference: String) -> Int64 { charges.reduce(0) { $0 + ($1.reference == reference ? $1.held : 0) } }

    private func index(of reference: String) -> Int? { charges.lastIndex { $0.reference == reference } }

    private func isKnown(_ bookedAt: Int64) -> Bool {
        switch memory {
        case .forever: true
        case .never: false
        case .until(let seconds): schedule.elapsed - bookedAt <= seconds * 1_000_000
        }
    }

    /// Remembers who asked for money, and whether the reference was too old for it.
    func watch(_ reference: String) {
        let first = firstSeen[reference] ?? schedule.elapsed
        firstSeen[reference] = first
        if case .until = memory, !isKnown(first) { outlived.append(reference) }
    }

    private func nextReference() -> String {
        issued += 1
        return "\(name)_\(issued)"
    }

    // MARK: Charges

    func charge(_ reference: String, amount: Int64, currency: String, captures: Bool) -> SimulatedReply {
        if let index = index(of: reference), isKnown(charges[index].bookedAt) {
            let known = charges[index]
            guard known.asked == amount else { return .refusal(409, "REFERENCE_MISMATCH") }
            return .ok(known.json(as: known.first))
        }
        var charge = SimulatedCharge(
            reference: reference, bankReference: nextReference(), asked: amount, currency: currency, captures: captures,
            bookedAt: schedule.elapsed)
        let decision = decide(reference)
        charge.open(decision)
        charges.append(charge)
        schedule.note("\(name) books \(reference) \(charge.status.rawValue) \(charge.amount)")
        if charge.held > 0 { booked?(self, charge) }
        plan(decision, for: charges.count - 1)
        told(charge)
        return .ok(charge.json(as: charge.first))
    }

    private func plan(_ decision: SimulatedCharge.Decision, for index: Int) {
        guard case .wait(let seconds, let isApproved, _) = decision else { return }
        schedule.after(Int64(seconds) * 1_000_000) { [weak self] in self?.settle(index, isApproved: isApproved) }
    }

    private func settle(_ index: Int, isApproved: Bool) {
        guard charges[index].isWaiting else { return }
        charges[index].decide(isApproved ? .approve : .decline("05"))
        schedule.note("\(name) settles \(charges[index].reference) \(charges[index].status.rawValue)")
        if charges[index].held > 0 { booked?(self, charges[index]) }
        told(charges[index])
    }

    func inquiry(_ reference: String) -> SimulatedReply {
        index(of: reference).map { .ok(charges[$0].json(as: charges[$0].status)) } ?? .refusal(404, "NOT_FOUND")
    }

    // MARK: Capture, void, refund

    func capture(_ reference: String, of charge: String, amount: Int64) -> SimulatedReply {
        guard let index = index(of: charge) else { return .refusal(404, "NOT_FOUND") }
        if charges[index].captures.contains(where: { $0.reference == reference }) {
            return .ok(charges[index].json(as: .approved))
        }
        guard charges[index].status == .authorized || !charges[index].captures.isEmpty else {
            return .refusal(409, "NOT_AUTHORIZED")
        }
        charges[index].captures.append(.init(reference: reference, amount: amount))
        charges[index].status = .approved
        schedule.note("\(name) captures \(amount) of \(charge)")
        return changed(index)
    }

    func void(_ reference: String, of charge: String) -> SimulatedReply {
        guard let index = index(of: charge) else { return .refusal(404, "NOT_FOUND") }
        if charges[index].voids.contains(reference) { return .ok(charges[index].json(as: charges[index].status)) }
        switch charges[index].status {
        case .authorized, .pending, .actionRequired:
            charges[index].status = .voided
            charges[index].voids.append(reference)
            schedule.note("\(name) voids \(charge) for \(reference)")
            return changed(index)
        case .approved, .declined, .voided: return .refusal(409, "NOT_VOIDABLE")
        }
    }

    func refund(_ reference: String, of charge: String, amount: Int64) -> SimulatedReply {
        guard let index = index(of: charge) else { return .refusal(404, "NOT_FOUND") }
        if let known = charges[index].refunds.first(where: { $0.reference == reference }) {
            guard known.amount == amount else { return .refusal(409, "REFERENCE_MISMATCH") }
            return .ok(known.json)
        }
        guard charges[index].status == .approved else { return .refusal(409, "NOT_CAPTURED") }
        let decision = decideRefund(reference)
        charges[index].refunds.append(.init(reference: reference, bankReference: nextReference(), amount: amount, decision))
        let number = charges[index].refunds.count - 1
        schedule.note("\(name) refunds \(amount) of \(charge) for \(reference) \(charges[index].refunds[number].status.rawValue)")
        if case .wait(let seconds, let isApproved, _) = decision {
            schedule.after(Int64(seconds) * 1_000_000) { [weak self] in
                self?.settleRefund(number, of: index, isApproved: isApproved)
            }
        }
        toldRefund(number, of: index)
        return .ok(charges[index].refunds[number].json)
    }

    private func settleRefund(_ number: Int, of index: Int, isApproved: Bool) {
        charges[index].refunds[number].status = isApproved ? .approved : .declined
        schedule.note("\(name) settles \(charges[index].refunds[number].reference) \(isApproved)")
        toldRefund(number, of: index)
    }

    func refundInquiry(_ reference: String, of charge: String) -> SimulatedReply {
        guard let index = index(of: charge), let refund = charges[index].refunds.first(where: { $0.reference == reference })
        else {
            return .refusal(404, "NOT_FOUND")
        }
        return .ok(refund.json)
    }

    private func changed(_ index: Int) -> SimulatedReply {
        told(charges[index])
        return .ok(charges[index].json(as: charges[index].status))
    }

    private func told(_ charge: SimulatedCharge) {
        tell?(Word(gateway: name, charge: charge.reference, refund: nil, body: charge.json(as: charge.status)))
    }

    private func toldRefund(_ number: Int, of index: Int) {
        let refund = charges[index].refunds[number]
        tell?(Word(gateway: name, charge: charges[index].reference, refund: refund.reference, body: refund.json))
    }
}

/// What the bank answers, before it is signed.
package struct SimulatedReply: Sendable {
    package var status: Int
    package var body: JSON
    package var headers: [(String, String)] = []

    package static func ok(_ body: JSON) -> SimulatedReply { SimulatedReply(status: 200, body: body) }

    package static func refusal(_ status: Int, _ code: String) -> SimulatedReply {
        SimulatedReply(status: status, body: .members([("code", .string(code)), ("message", .null)]))
    }
}
