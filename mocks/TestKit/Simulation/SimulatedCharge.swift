import AdapterKit

/// What a simulated bank knows of one charge. Amounts are in minor units.
package struct SimulatedCharge: Sendable {
    package enum Status: String, Sendable {
        case approved = "APPROVED"
        case authorized = "AUTHORIZED"
        case pending = "PENDING"
        case actionRequired = "ACTION_REQUIRED"
        case declined = "DECLINED"
        case voided = "VOIDED"
    }

    package enum Decision: Sendable {
        case approve
        /// With the bank's code.
        case decline(String)
        /// Decided after so many seconds; `asksPayer`: the payer must do something meanwhile.
        case wait(seconds: Int, isApproved: Bool, asksPayer: Bool)
        /// Approved, but the bank takes another amount than it was asked for.
        case approveOther(amount: Int64)
    }

    package struct Capture: Sendable {
        package let reference: String
        package let amount: Int64
    }

    package struct Refund: Sendable {
        package enum Status: String, Sendable {
            case approved = "APPROVED"
            case pending = "PENDING"
            case declined = "DECLINED"
        }

        package let reference: String
        let bankReference: String
        package let amount: Int64
        package var status: Status

        init(reference: String, bankReference: String, amount: Int64, _ decision: Decision) {
            self.reference = reference
            self.bankReference = bankReference
            self.amount = amount
            status =
                switch decision {
                case .approve, .approveOther: .approved
                case .decline: .declined
                case .wait: .pending
                }
        }

        var json: JSON {
            .members([
                ("bank_reference", .string(bankReference)), ("reference", .string(reference)),
                ("status", .string(status.rawValue)), ("amount", .integer(amount)),
                ("code", .string(status == .declined ? "05" : "00")), ("message", .null),
            ])
        }
    }

    package let reference: String
    let bankReference: String
    /// What was asked for, and what the bank took it for.
    package let asked: Int64
    package var amount: Int64
    package let currency: String
    let capturesAtOnce: Bool
    /// Microseconds since the simulation began.
    package let bookedAt: Int64
    package var status = Status.pending
    /// What the first answer said; repeats of the charge say it again.
    package private(set) var first = Status.pending
    private var code = "00"
    package var captures: [Capture] = []
    /// References of the voids that were carried out.
    package var voids: [String] = []
    package var refunds: [Refund] = []

    init(reference: String, bankReference: String, asked: Int64, currency: String, captures: Bool, bookedAt: Int64) {
        self.reference = reference
        self.bankReference = bankReference
        self.asked = asked
        self.amount = asked
        self.currency = currency
        self.capturesAtOnce = captures
        self.bookedAt = bookedAt
    }

    package var captured: Int64 { captures.reduce(0) { $0 + $1.amount } }
    package var refunded: Int64 { refunds.reduce(0) { $0 + ($1.status == .approved ? $1.amount : 0) } }
    package var isWaiting: Bool { status == .pending || status == .actionRequired }

    /// Authorised or captured, less what was given back.
    package var held: Int64 {
        switch status {
        case .authorized: amount
        case .approved: captured - refunded
        case .pending, .actionRequired, .declined, .voided: 0
        }
    }

    mutating func open(_ decision: Decision) {
        decide(decision)
        first = status
    }

    mutating func decide(_ decision: Decision) {
        switch decision {
        case .approve: approve()
        case .approveOther(let amount):
            self.amount = amount
            approve()
        case .decline(let code):
            status = .declined
            self.code = code
        case .wait(_, _, let asksPayer): status = asksPayer ? .actionRequired : .pending
        }
    }

    private mutating func approve() {
        status = capturesAtOnce ? .approved : .authorized
        if capturesAtOnce { captures = [Capture(reference: reference, amount: amount)] }
    }

    func json(as status: Status) -> JSON {
        .members([
            ("bank_reference", .string(bankReference)), ("reference", .string(reference)), ("status", .string(status.rawValue)),
            ("amount", .integer(amount)), ("currency", .string(currency)),
            ("captured_amount", .integer(status == .approved ? captured : 0)), ("refunded_amount", .integer(refunded)),
            ("code", .string(code)), ("message", .null), ("action", status == .actionRequired ? Self.action : .null),
        ])
    }

    private static let action = JSON.members([("type", .string("redirect")), ("url", .string("https://bank.example/approve"))])
}
