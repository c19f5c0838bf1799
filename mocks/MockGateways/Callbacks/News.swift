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
    init?(of call: BankCall, _ misbehaviour: Misbehaviour?, in ledger: Ledger, tellsEverything: Bool) {
        guard let subject = Subject(call) else { return nil }
        if let mode = misbehaviour?.callbackMode ?? ledger.refundMode(of: subject), !subject.isApprovedAtOnce(mode) {
            self.init(subject: subject, resolution: mode.resolution, manner: mode)
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
        case .inquiry, .capture, .void, .refundInquiry, .accountValidation: return nil
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

    var eventKind: BankEvent.Kind {
        switch self {
        case .charge: .chargeUpdated
        case .refund: .refundUpdated
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

    /// A charge or refund as a callback tells of it.
    func data(of subject: News.Subject) -> JSON? {
        switch subject {
        case .charge(let reference): self[reference]?.json
        case .refund(let reference, let charge):
            self[charge]?.refunds.first { $0.reference == reference }?.json(of: charge)
        }
    }

    mutating func resolve(_ subject: News.Subject, as resolution: Resolution) throws(SettleFailure) {
        switch (subject, resolution) {
        case (.charge(let reference), .approve):
            try settle(reference, as: self[reference]?.captures == false ? .authorized : .approved, code: nil)
        case (.charge(let reference), .decline(let code)): try settle(reference, as: .declined, code: code)
        case (.refund(let reference, let charge), .approve): try settleRefund(reference, of: charge, as: .approved)
        case (.refund(let reference, let charge), .decline(let code)):
            try settleRefund(reference, of: charge, as: .declined, code: code)
        }
    }
}
