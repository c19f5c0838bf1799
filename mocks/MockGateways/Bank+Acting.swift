import AdapterKit

extension Bank {
    /// What is answered, and what is told by itself after that.
    struct Deed: Sendable {
        let reply: Reply
        let news: News?
    }

    /// Acts, unless the misbehaviour is not to, and puts the answer into bytes.
    func act(on visit: Visit) -> Deed {
        let (answer, news) = answer(to: visit)
        return Deed(reply: reply(answer, to: visit.asked, visit.misbehaviour), news: news)
    }

    private func answer(to visit: Visit) -> (BankAnswer, News?) {
        if let refusal = visit.misbehaviour?.refusal { return (.refused(refusal), nil) }
        let now = now()
        let tellsEverything = sender?.destination.tellsEverything ?? false
        let code = face.declineCode(for: .doNotHonor)
        var (answer, news) = update { state in
            let issued = state.ledger.issued
            let answer = state.ledger.answer(visit, at: now)
            // A repeat opens nothing: it is no news.
            guard state.ledger.issued > issued else { return (answer, News?.none) }
            let news = News(
                of: visit.asked.call, visit.course, in: state.ledger, tellsEverything: tellsEverything, declining: code)
            return (answer, news)
        }
        visit.misbehaviour?.reword(&answer)
        return (answer, news)
    }
}

extension Ledger {
    fileprivate mutating func answer(_ visit: Bank.Visit, at now: Timestamp) -> BankAnswer {
        let misbehaviour = visit.misbehaviour
        let decision = visit.course?.decision ?? .approve
        switch visit.asked.call {
        case .charge(let order): return charge(order, decision, at: now)
        case .refund(let charge, let reference, let amount):
            return refund(reference, of: charge, amount: amount, decision, at: now)
        case .accountValidation(let value): return .account(exists: Self.exists(value))
        case .session: return .session
        case .inquiry(let charge): return reworded(inquiry(charge), misbehaviour)
        case .refundInquiry(let charge, let reference): return reworded(refundInquiry(reference, of: charge), misbehaviour)
        case .capture(let charge, let reference, let amount):
            if misbehaviour?.isDecision == true { return reworded(inquiry(charge), misbehaviour) }
            return capture(reference, of: charge, amount: amount, at: now)
        case .void(let charge, let reference):
            if misbehaviour?.isDecision == true { return reworded(inquiry(charge), misbehaviour) }
            return void(reference, of: charge, at: now)
        }
    }

    private func reworded(_ answer: BankAnswer, _ misbehaviour: Misbehaviour?) -> BankAnswer {
        var answer = answer
        misbehaviour?.reword(statusOf: &answer)
        return answer
    }

    /// Every account exists, except those whose value says `invalid`.
    private static func exists(_ value: String) -> Bool { !value.isEmpty && !value.contains("invalid") }
}
