import AdapterKit

/// Something that the bank is to tell of by itself, once the request that led to it was answered.
struct News: Sendable, Equatable {
    enum Subject: Sendable, Equatable {
        case charge(String)
        case refund(String, of: String)
    }

    let subject: Subject
    /// What happens to it before it is told; `nil` where nothing does.
    var resolution: Resolution?
    var manner = CallbackMode.onTime
}

extension News {
    /// What comes of a charge or refund that was just opened.
    /// - Parameter code: the gateway's own for a decline.
    init?(of call: BankCall, _ course: Misbehaviour?, in ledger: Ledger, tellsEverything: Bool, declining code: String) {
        guard let subject = Subject(call) else { return nil }
        if let mode = course?.callbackMode ?? ledger.refundMode(of: subject), !subject.isApprovedAtOnce(mode) {
            self.init(subject: subject, resolution: mode.resolution(declining: code), manner: mode)
        } else if tellsEverything {
            self.init(subject: subject)
        } else {
            return nil
        }
    }
}

extension News.Subject {
    fileprivate init?(_ call: BankCall) {
        switch call {
        case .charge(let order): self = .charge(order.reference)
        case .refund(let charge, let reference, _): self = .refund(reference, of: charge)
        case .inquiry, .capture, .void, .refundInquiry, .accountValidation, .session: return nil
        }
    }

    /// A charge whose refunds are what is told.
    fileprivate func isApprovedAtOnce(_ mode: CallbackMode) -> Bool {
        if case .charge = self { mode == .forRefund } else { false }
    }

    /// Our reference of the charge or refund.
    var reference: String {
        switch self {
        case .charge(let reference), .refund(let reference, _): reference
        }
    }
}

extension Misbehaviour {
    fileprivate var callbackMode: CallbackMode? {
        if case .callback(let mode) = self { mode } else { nil }
    }
}

extension Ledger {
    /// Set where a refund waits because its charge asked for that.
    fileprivate func refundMode(of subject: News.Subject) -> CallbackMode? {
        guard case .refund(let reference, let charge) = subject, let charge = self[charge], charge.pendsRefunds,
            charge.refunds.contains(where: { $0.reference == reference && $0.status == .pending })
        else { return nil }
        return .forRefund
    }

    typealias Standing = (charge: Charge, refund: Refund?)

    /// The charge, and the refund where that is the subject, as a callback tells of them.
    func standing(of subject: News.Subject) -> Standing? {
        switch subject {
        case .charge(let reference): return self[reference].map { ($0, nil) }
        case .refund(let reference, let charge):
            guard let charge = self[charge], let refund = charge.refunds.first(where: { $0.reference == reference }) else {
                return nil
            }
            return (charge, refund)
        }
    }

    mutating func resolve(_ subject: News.Subject, as resolution: Resolution, at now: Timestamp) throws(SettleFailure) {
        switch (subject, resolution) {
        case (.charge(let reference), .approve):
            let status: Charge.Status = self[reference]?.captures == false ? .authorized : .approved
            try settle(reference, as: status, code: nil, at: now)
        case (.charge(let reference), .decline(let code)): try settle(reference, as: .declined, code: code, at: now)
        case (.refund(let reference, let charge), .approve):
            try settleRefund(reference, of: charge, as: .approved, code: nil, at: now)
        case (.refund(let reference, let charge), .decline(let code)):
            try settleRefund(reference, of: charge, as: .declined, code: code, at: now)
        }
    }
}
