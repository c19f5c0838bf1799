internal import AdapterKit

/// The bank's books: every charge by its reference, with what was done to it. A value, so that a snapshot is a copy.
public struct Ledger: Sendable {
    /// Charges that are kept; the next one is answered 503 with `X-Not-Processed: true`.
    public static let maximumCharges = 1_000_000
    /// Refunds of one charge; the next one is answered 422.
    static let maximumRefunds = 100

    public private(set) var charges: [String: Charge] = [:]
    /// References in the order in which the charges came.
    public private(set) var order: [String] = []
    /// How often money moved, over all charges.
    public private(set) var moneyMovements = 0
    /// Charges and refunds that were opened.
    private(set) var issued = 0

    public init() {}

    public subscript(reference: String) -> Charge? { charges[reference] }

    private mutating func nextBankReference() -> String {
        issued += 1
        return "bank_\(issued)"
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

    mutating func charge(_ order: BankCall.Order, _ decision: Decision, at now: Timestamp) -> Answer {
        if let known = charges[order.reference] {
            guard known.amount == order.amount, known.currency == order.currency else { return Self.mismatch }
            return .ok(known.firstJSON)
        }
        guard charges.count < Self.maximumCharges else { return Self.full }
        let charge = opened(order, decision, at: now)
        charges[order.reference] = charge
        self.order.append(order.reference)
        return .ok(charge.json)
    }

    private mutating func opened(_ order: BankCall.Order, _ decision: Decision, at now: Timestamp) -> Charge {
        let verdict = Self.verdict(on: order, decision)
        let bankReference = nextBankReference()
        var charge = Charge(
            reference: order.reference, bankReference: bankReference, amount: order.amount, currency: order.currency,
            captures: order.captures, pendsRefunds: decision == .approveAndPendRefunds,
            action: Self.action(for: order.method, bankReference, at: now), first: verdict,
            status: verdict.status, code: verdict.code)
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

    private static let actionLifetime = Duration.seconds(900)

    private static func action(for method: String, _ bankReference: String, at now: Timestamp) -> JSON {
        let kind =
            switch method {
            case "pix": "display_qr"
            case "upi": "approve_in_app"
            default: "redirect"
            }
        return .members([
            ("type", .string(kind)),
            ("url", kind == "redirect" ? .string("https://bank.example/approve/\(bankReference)") : .null),
            ("qr_payload", kind == "display_qr" ? .string("mock-qr-\(bankReference)") : .null),
            ("expires_at", .string((now + actionLifetime).rfc3339WholeSeconds)),
        ])
    }

    private mutating func take(_ amount: Int64, from charge: inout Charge) {
        charge.captured = amount
        countMovement(in: &charge)
    }

    func inquiry(_ reference: String) -> Answer { charges[reference].map { .ok($0.json) } ?? .notFound }

    static let mismatch = Answer.refusal(409, "REFERENCE_MISMATCH")

    private static var full: Answer {
        var answer = Answer.refusal(503, "LEDGER_FULL")
        answer.headers = [.notProcessed]
        return answer
    }
}

extension Answer.Header {
    /// The protocol's word that a 503 did nothing.
    static let notProcessed = Answer.Header(name: "X-Not-Processed", value: "true")
}

// MARK: - Capture and void

extension Ledger {
    /// One capture in a charge's life; what it leaves is released.
    mutating func capture(_ reference: String, of chargeReference: String, amount: Int64) -> Answer {
        guard var charge = charges[chargeReference] else { return .notFound }
        if let done = charge.capture, done.reference == reference {
            return done.amount == amount ? .ok(charge.capturedJSON) : Self.mismatch
        }
        guard charge.status == .authorized else { return Self.refusal(of: charge.status) }
        guard amount <= charge.amount else { return .refusal(422, "AMOUNT_TOO_HIGH") }
        charge.status = .approved
        charge.capture = Charge.Capture(reference: reference, amount: amount)
        take(amount, from: &charge)
        charges[chargeReference] = charge
        return .ok(charge.json)
    }

    /// Releases what is authorised; also calls off what is not decided yet.
    mutating func void(_ reference: String, of chargeReference: String) -> Answer {
        guard var charge = charges[chargeReference] else { return .notFound }
        switch charge.status {
        case .voided where charge.voidReference == reference: return .ok(charge.json)
        case .authorized, .pending, .actionRequired:
            charge.status = .voided
            charge.voidReference = reference
            charges[chargeReference] = charge
            return .ok(charge.json)
        case .approved, .declined, .voided: return Self.refusal(of: charge.status)
        }
    }

    private static func refusal(of status: Charge.Status) -> Answer {
        switch status {
        case .approved: .refusal(409, "ALREADY_CAPTURED")
        case .voided: .refusal(409, "ALREADY_VOIDED")
        case .declined: .refusal(409, "CHARGE_DECLINED")
        case .authorized, .pending, .actionRequired: .refusal(409, "NOT_CAPTURED")
        }
    }
}

// MARK: - Refunds

extension Ledger {
    mutating func refund(_ reference: String, of chargeReference: String, amount: Int64, _ decision: Decision) -> Answer {
        guard var charge = charges[chargeReference] else { return .notFound }
        if let known = charge.refunds.first(where: { $0.reference == reference }) {
            return known.amount == amount ? .ok(known.json) : Self.mismatch
        }
        guard charge.status == .approved else { return Self.refusal(of: charge.status) }
        guard amount <= charge.captured - charge.committed else { return .refusal(422, "AMOUNT_TOO_HIGH") }
        guard charge.refunds.count < Self.maximumRefunds else { return .refusal(422, "TOO_MANY_REFUNDS") }
        let (status, code) = Self.verdict(onRefund: charge.pendsRefunds && decision == .approve ? .pend : decision)
        let refund = Refund(
            reference: reference, bankReference: nextBankReference(), amount: amount, status: status, code: code)
        charge.refunds.append(refund)
        if status == .approved { countMovement(in: &charge) }
        charges[chargeReference] = charge
        return .ok(refund.json)
    }

    private static func verdict(onRefund decision: Decision) -> (Refund.Status, code: String) {
        switch decision {
        case .approve: (.approved, DeclineCode.approved)
        case .decline(let code): (.declined, code)
        // A refund knows no payer to act: it waits.
        case .pend, .askForAction, .approveAndPendRefunds: (.pending, DeclineCode.none)
        }
    }

    private mutating func countMovement(in charge: inout Charge) {
        charge.moneyMovements += 1
        moneyMovements += 1
    }

    func refundInquiry(_ reference: String, of chargeReference: String) -> Answer {
        guard let refund = charges[chargeReference]?.refunds.first(where: { $0.reference == reference }) else { return .notFound }
        return .ok(refund.json)
    }
}

// MARK: - Settling by hand

extension Ledger {
    /// Decides a charge that is pending or waits for its payer.
    mutating func settle(_ reference: String, as status: Charge.Status, code: String?) throws(SettleFailure) {
        guard var charge = charges[reference] else { throw .unknownReference }
        guard charge.status == .pending || charge.status == .actionRequired else { throw .alreadyFinal }
        switch status {
        case .approved: take(charge.amount, from: &charge)
        case .authorized, .declined, .voided: break
        case .pending, .actionRequired: throw .notFinal
        }
        charge.status = status
        charge.code = code ?? (status == .declined ? DeclineCode.doNotHonour : DeclineCode.approved)
        charges[reference] = charge
    }

    /// Decides a refund that is pending.
    mutating func settleRefund(
        _ reference: String, of chargeReference: String, as status: Refund.Status, code: String? = nil
    ) throws(SettleFailure) {
        guard var charge = charges[chargeReference],
            let index = charge.refunds.firstIndex(where: { $0.reference == reference })
        else { throw .unknownReference }
        guard charge.refunds[index].status == .pending else { throw .alreadyFinal }
        guard status != .pending else { throw .notFinal }
        charge.refunds[index].status = status
        charge.refunds[index].code = code ?? (status == .approved ? DeclineCode.approved : DeclineCode.doNotHonour)
        if status == .approved { countMovement(in: &charge) }
        charges[chargeReference] = charge
    }
}

/// Why a charge or refund cannot be settled by hand.
public enum SettleFailure: String, Error, Sendable {
    case unknownReference = "unknown_reference"
    case alreadyFinal = "already_final"
    case notFinal = "not_a_final_status"
}
