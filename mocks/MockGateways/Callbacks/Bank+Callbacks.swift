import AdapterKit

extension Bank {
    /// Lets happen what the news is about, and calls back.
    /// - Returns: what ends when nothing more will be sent; `nil` when nothing is.
    @discardableResult
    func announce(_ news: News) throws(SettleFailure) -> Task<Void, Never>? {
        try change(news.subject, telling: news.manner) { ledger throws(SettleFailure) in
            if let resolution = news.resolution { try ledger.resolve(news.subject, as: resolution) }
        }
    }

    /// As `announce`, for a charge or refund that may have been decided otherwise meanwhile: then there is nothing to tell.
    @discardableResult
    func tell(_ news: News?) -> Task<Void, Never>? { news.flatMap { try? announce($0) } }

    func settle(_ reference: String, as status: Charge.Status, code: String?) throws(SettleFailure) {
        try change(.charge(reference)) { ledger throws(SettleFailure) in try ledger.settle(reference, as: status, code: code) }
    }

    func settleRefund(_ reference: String, of charge: String, as status: Refund.Status) throws(SettleFailure) {
        try change(.refund(reference, of: charge)) { ledger throws(SettleFailure) in
            try ledger.settleRefund(reference, of: charge, as: status)
        }
    }

    /// The one way to a change that is told of.
    @discardableResult
    private func change(
        _ subject: News.Subject, telling manner: CallbackMode = .onTime,
        _ change: (inout Ledger) throws(SettleFailure) -> Void
    ) throws(SettleFailure) -> Task<Void, Never>? {
        let (before, after) = try update { state throws(SettleFailure) in
            let before = state.ledger.data(of: subject)
            try change(&state.ledger)
            return (before, state.ledger.data(of: subject))
        }
        guard let sender, let before, let after, manner != .lost else { return nil }
        let events = events(of: subject, manner, before: before, after: after, sender)
        let dispatch = CallbackSender.Dispatch(events: events, reference: subject.reference, manner: manner)
        return sender.start(dispatch) { change in self.update { change(&$0.callbacks) } }
    }

    private func events(
        of subject: News.Subject, _ manner: CallbackMode, before: JSON, after: JSON, _ sender: CallbackSender
    ) -> [BankEvent] {
        let now = now()
        func event(_ data: JSON, at moment: Timestamp) -> BankEvent {
            BankEvent(id: "evt_" + sender.token(), kind: subject.eventKind, occurredAt: moment, data: data)
        }
        switch manner {
        case .outOfOrder: return [event(after, at: now), event(before, at: now + .seconds(-1))]
        case .wrongAmount:
            var told = Answer.ok(after)
            Misbehaviour.wrongAmount.reword(&told)
            return [event(told.body, at: now)]
        default: return [event(after, at: now)]
        }
    }
}
