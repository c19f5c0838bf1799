import AdapterKit

extension Bank {
    /// Lets happen what the news is about, and calls back.
    /// - Returns: what ends when nothing more will be sent; `nil` when nothing is.
    @discardableResult
    func announce(_ news: News) throws(SettleFailure) -> Task<Void, Never>? {
        let now = now()
        return try change([news.subject], telling: news.manner) { ledger throws(SettleFailure) in
            if let resolution = news.resolution { try ledger.resolve(news.subject, as: resolution, at: now) }
        }
    }

    /// As `announce`, for a charge or refund that may have been decided otherwise meanwhile: then there is nothing to tell.
    @discardableResult
    func tell(_ news: News?) -> Task<Void, Never>? { news.flatMap { try? announce($0) } }

    /// Decides charges and refunds at one moment: all of them or, when one cannot be decided, none. Told by as few callbacks as the
    /// gateway makes of it.
    func settle(_ settlements: [Settlement]) throws(SettleFailure) {
        let now = now()
        let code = face.declineCode(for: .doNotHonor)
        try change(settlements.map(\.subject)) { ledger throws(SettleFailure) in
            // A copy of the books is dear: one settlement that fails changes nothing by itself.
            guard settlements.count > 1 else {
                for settlement in settlements { try ledger.settle(settlement, declining: code, at: now) }
                return
            }
            var settled = ledger
            for settlement in settlements { try settled.settle(settlement, declining: code, at: now) }
            ledger = settled
        }
    }

    /// The one way to a change that is told of.
    @discardableResult
    private func change(
        _ subjects: [News.Subject], telling manner: CallbackMode = .onTime,
        _ change: (inout Ledger) throws(SettleFailure) -> Void
    ) throws(SettleFailure) -> Task<Void, Never>? {
        let (before, after) = try update { state throws(SettleFailure) in
            let before = subjects.compactMap { state.ledger.standing(of: $0) }
            try change(&state.ledger)
            return (before, subjects.compactMap { state.ledger.standing(of: $0) })
        }
        guard let sender, !after.isEmpty, manner != .lost else { return nil }
        let occurrences = occurrences(manner, before: before, after: after, sender).filter { face.tells(of: $0) }
        let dispatch = CallbackSender.Dispatch(tellings: occurrences.inGroups(of: face.occurrencesPerCallback), manner: manner)
        return sender.start(dispatch) { change in self.update { change(&$0.callbacks) } }
    }

    private func occurrences(
        _ manner: CallbackMode, before: [Ledger.Standing], after: [Ledger.Standing], _ sender: CallbackSender
    ) -> [Occurrence] {
        let now = now()
        func occurrence(_ standing: Ledger.Standing, at moment: Timestamp) -> Occurrence {
            Occurrence(id: "evt_" + sender.token(), moment: moment, charge: standing.charge, refund: standing.refund)
        }
        let told = after.map { occurrence($0, at: now) }
        switch manner {
        case .outOfOrder: return told + before.map { occurrence($0, at: now + .seconds(-1)) }
        case .wrongAmount: return told.map(\.overstated)
        default: return told
        }
    }
}

extension Occurrence {
    /// One minor unit too many.
    fileprivate var overstated: Occurrence {
        var told = self
        if refund == nil { told.charge.amount += 1 } else { told.refund?.amount += 1 }
        return told
    }
}

extension Array {
    fileprivate func inGroups(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
