import AdapterKit

/// A decision by hand about a charge or refund that waits.
struct Settlement: Sendable, Equatable {
    enum Status: Sendable, Equatable {
        case charge(Charge.Status)
        case refund(Refund.Status, of: String)
    }

    /// Our reference of the charge or refund.
    let reference: String
    let status: Status
    /// Why it is declined; `nil` for the gateway's code that says nothing more.
    var code: String?

    var subject: News.Subject {
        switch status {
        case .charge: .charge(reference)
        case .refund(_, let charge): .refund(reference, of: charge)
        }
    }
}

extension Ledger {
    /// - Parameter code: for a decline that names none.
    mutating func settle(_ settlement: Settlement, declining code: String, at now: Timestamp) throws(SettleFailure) {
        let reference = settlement.reference
        switch settlement.status {
        case .charge(let status):
            try settle(reference, as: status, code: settlement.code ?? (status == .declined ? code : nil), at: now)
        case .refund(let status, let charge):
            let code = settlement.code ?? (status == .declined ? code : nil)
            try settleRefund(reference, of: charge, as: status, code: code, at: now)
        }
    }
}
