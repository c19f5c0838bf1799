public import AdapterKit

/// What the bank knows of one charge. Amounts are in minor units.
public struct Charge: Sendable, Equatable {
    public enum Status: String, Sendable, CaseIterable {
        case approved = "APPROVED"
        case authorized = "AUTHORIZED"
        case pending = "PENDING"
        case actionRequired = "ACTION_REQUIRED"
        case declined = "DECLINED"
        case voided = "VOIDED"
    }

    /// A capture that was carried out.
    public struct Capture: Sendable, Equatable {
        public let reference: String
        public let amount: Int64
    }

    public internal(set) var reference: String
    /// The bank's number of it, from 1; charges and refunds share the count.
    public let serial: Int
    public internal(set) var amount: Int64
    public internal(set) var currency: String
    public let openedAt: Timestamp
    /// When it was last decided, captured or voided.
    public internal(set) var changedAt: Timestamp
    /// Whether approval captures, or only authorises.
    let captures: Bool
    /// Whether its refunds wait and are approved by callback.
    let pendsRefunds: Bool
    /// How the payer pays, which says what he is asked to do while the charge waits for it.
    let method: String
    /// What the face wanted to see again.
    let details: JSON
    /// What the first answer said; repeats of the charge say it again.
    let first: Verdict
    public internal(set) var status: Status
    public internal(set) var code: String
    public internal(set) var captured: Int64 = 0
    public internal(set) var capture: Capture?
    public internal(set) var voidReference: String?
    public internal(set) var refunds: [Refund] = []
    /// How often money moved: taken by a charge or a capture, given back by a refund. Holding and releasing move none.
    public internal(set) var moneyMovements = 0

    struct Verdict: Sendable, Equatable {
        let status: Status
        let code: String
        let captured: Int64
    }

    public var bankReference: String { "bank_\(serial)" }

    /// Given back, without what is still pending.
    public var refunded: Int64 { refunds.filter { $0.status == .approved }.reduce(0) { $0 + $1.amount } }

    /// Given back or promised: what another refund can no longer have.
    var committed: Int64 { refunds.filter { $0.status != .declined }.reduce(0) { $0 + $1.amount } }

    /// What the bank holds of the payer's money now: authorised or captured, less what was given back.
    public var held: Int64 {
        switch status {
        case .authorized: amount
        case .approved: captured - refunded
        case .pending, .actionRequired, .declined, .voided: 0
        }
    }
}

extension Charge {
    private static let actionLifetime = Duration.seconds(900)

    /// Until when the payer can act.
    var actionExpiresAt: Timestamp { openedAt + Self.actionLifetime }

    /// The charge as its first answer showed it.
    var asFirstAnswered: Charge { seen(first.status, code: first.code, captured: first.captured) }

    /// The charge right after its capture.
    var asCaptured: Charge { seen(.approved, code: DeclineCode.approved, captured: captured) }

    private func seen(_ status: Status, code: String, captured: Int64) -> Charge {
        var charge = self
        charge.status = status
        charge.code = code
        charge.captured = captured
        charge.refunds = []
        return charge
    }
}
