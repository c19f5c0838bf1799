internal import AdapterKit

/// The bank's books: every charge by its reference, with what was done to it. A value, so that a snapshot is a copy.
public struct Ledger: Sendable {
    /// Charges that are kept; the next one is refused.
    public static let maximumCharges = 1_000_000
    /// Refunds of one charge; the next one is refused.
    static let maximumRefunds = 100

    public internal(set) var charges: [String: Charge] = [:]
    /// References in the order in which the charges came.
    public private(set) var order: [String] = []
    /// How often money moved, over all charges.
    public internal(set) var moneyMovements = 0
    /// Of each charge and refund that was opened, by its serial less one: the reference of the charge.
    private var opened: [String] = []
    /// Of each refund that was opened, the reference of its charge; of several of one reference the last.
    var refunded: [String: String] = [:]

    public init() {}

    public subscript(reference: String) -> Charge? { charges[reference] }

    /// Charges and refunds that were opened.
    var issued: Int { opened.count }

    /// - Returns: the serial of a charge or refund of this charge.
    mutating func issue(for reference: String) -> Int {
        opened.append(reference)
        return opened.count
    }
}

// MARK: - Finding

extension Ledger {
    func charge(serial: Int) -> Charge? {
        guard let charge = charge(opening: serial), charge.serial == serial else { return nil }
        return charge
    }

    func charge(refundedBy reference: String) -> Charge? { refunded[reference].flatMap { charges[$0] } }

    func refund(serial: Int) -> (refund: Refund, charge: Charge)? {
        guard let charge = charge(opening: serial), let refund = charge.refunds.first(where: { $0.serial == serial }) else {
            return nil
        }
        return (refund, charge)
    }

    private func charge(opening serial: Int) -> Charge? {
        (1...).contains(serial) && serial <= opened.count ? charges[opened[serial - 1]] : nil
    }
}

// MARK: - Charges

extension Ledger {
    /// What the issuer makes of a charge or a refund.
    enum Decision: Sendable, Equatable {
        case approve
        case decline(code: String)
        case pend
        case askForAction
        /// Approves a charge whose refunds then wait; a refund waits.
        case approveAndPendRefunds
    }

    mutating func charge(_ order: BankCall.Order, _ decision: Decision, at now: Timestamp) -> BankAnswer {
        if let known = charges[order.reference] {
            guard known.amount == order.amount, known.currency == order.currency else { return .refused(.mismatch) }
            return .repeatedCharge(first: known.asFirstAnswered, now: known)
        }
        guard charges.count < Self.maximumCharges else { return .refused(.full) }
        let charge = opened(order, decision, at: now)
        charges[order.reference] = charge
        self.order.append(order.reference)
        return .charge(charge)
    }

    private mutating func opened(_ order: BankCall.Order, _ decision: Decision, at now: Timestamp) -> Charge {
        let verdict = Self.verdict(on: order, decision)
        var charge = Charge(
            reference: order.reference, serial: issue(for: order.reference), amount: order.amount, currency: order.currency,
            openedAt: now, changedAt: now, captures: order.captures, pendsRefunds: decision == .approveAndPendRefunds,
            method: order.method, details: order.details, first: verdict, status: verdict.status, code: verdict.code)
        if verdict.status == .approved { take(order.amount, from: &charge) }
        return charge
    }

    private static func verdict(on order: BankCall.Order, _ decision: Decision) -> Charge.Verdict {
        switch decision {
        case .approve where order.captures, .approveAndPendRefunds where order.captures:
            .init(status: .approved, code: DeclineCode.approved, captured: order.amount)
        case .approve, .approveAndPendRefunds: .init(status: .authorized, code: DeclineCode.approved, captured: 0)
        case .decline(let code): .init(status: .declined, code: code, captured: 0)
        case .pend: .init(status: .pending, code: DeclineCode.none, captured: 0)
        case .askForAction: .init(status: .actionRequired, code: DeclineCode.none, captured: 0)
        }
    }

    mutating func take(_ amount: Int64, from charge: inout Charge) {
        charge.captured = amount
        countMovement(in: &charge)
    }

    mutating func countMovement(in charge: inout Charge) {
        charge.moneyMovements += 1
        moneyMovements += 1
    }

    func inquiry(_ reference: String) -> BankAnswer { charges[reference].map { .charge($0) } ?? .refused(.notFound) }
}
