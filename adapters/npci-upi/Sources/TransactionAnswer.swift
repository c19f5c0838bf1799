import AdapterKit

/// The facade's word about a transaction: taken, or how it ended (protocols/npci-upi.md, 2).
struct TransactionAnswer {
    enum Result: String {
        case success = "SUCCESS"
        case failure = "FAILURE"
        case partial = "PARTIAL"
        case deemed = "DEEMED"
    }

    struct Ending {
        let result: Result
        let code: String
        /// The bank's own within U30 and U31.
        let innerCode: String?
    }

    private enum Status: String { case pending = "PENDING" }

    /// Where it was said.
    enum Source { case answer, inquiry, callback }

    /// Bytes.
    private static let maximumBankReference = 64

    let transaction: String
    /// `nil`: pending.
    let ending: Ending?
    /// In the currency that is named beside it; `nil` where the facade names no amount.
    let money: Money?

    init(_ bytes: [UInt8], innerCodeMember: String) throws(UnreadableAnswer) {
        let body = try AnswerReader(bytes)
        transaction = try body.text("txnId")
        money = try Self.money(in: body)
        ending = try Ending(body, innerCodeMember: innerCodeMember)
        if ending == nil { try Self.demandPending(body) }
        // Not needed here, but of another type this is not the facade's message.
        for name in ["rrn", "approvalNum"] { _ = try body.wholeText(name, limit: Self.maximumBankReference) }
    }

    private static func demandPending(_ body: AnswerReader) throws(UnreadableAnswer) {
        let _: Status = try body.word("status")
        guard try body.flag("ack") else { throw UnreadableAnswer() }
    }

    private static func money(in body: AnswerReader) throws(UnreadableAnswer) -> Money? {
        let (amount, code) = (try body.wholeText("amount", limit: 13), try body.wholeText("currency", limit: 3))
        guard amount != nil || code != nil else { return nil }
        guard let currency = code.map(Currency.init) ?? Currency.unnamed,
            let money = amount.flatMap({ Money(decimal: $0, currency) })
        else { throw UnreadableAnswer() }
        return money
    }

    /// - Returns: `.notProcessed` is never said: see `ResponseCode`.
    func outcome(for asked: AskedTransaction, _ source: Source) -> Outcome {
        guard transaction == asked.id else { return .unknown(Unknown(reason: "another_reference")) }
        let named = money.map { $0.currency == .unnamed ? Money(minorUnits: $0.minorUnits, currency: asked.money.currency) : $0 }
        let outcome = outcome(asked.purpose, of: named ?? asked.money, awaits: asked.awaits, source)
        // An approval of another amount is handed on as it is (O6); any other word about one is not about our transaction.
        guard outcome.kind == .approved || named ?? asked.money == asked.money else {
            return .unknown(Unknown(reason: "another_amount"))
        }
        return outcome
    }

    /// - Parameter money: what an approval is of.
    func outcome(
        _ purpose: Participant.Purpose, of money: Money, awaits: AskedTransaction.Waiting, _ source: Source
    ) -> Outcome {
        guard let ending else { return pending(awaits) }
        switch ending.result {
        case .success:
            guard ending.code == ResponseCode.success else { return ending.unknown("contradicting_code") }
            let state: Approval.State = purpose == .refund ? .refunded : .captured
            return .approved(Approval(state: state, gatewayReference: transaction, money: money, code: ending.code))
        case .failure: return failure(ending, source)
        case .partial: return ending.unknown("partial")
        case .deemed: return .pending(gatewayReference: transaction)
        }
    }

    private func pending(_ awaits: AskedTransaction.Waiting) -> Outcome {
        switch awaits {
        case .gateway: .pending(gatewayReference: transaction)
        case .payer: .requiresAction(NextAction(kind: .approveInApp), gatewayReference: transaction)
        }
    }

    private func failure(_ ending: Ending, _ source: Source) -> Outcome {
        guard ending.code != ResponseCode.success else { return ending.unknown("contradicting_code") }
        switch ResponseCode.meaning(of: ending.code, inner: ending.innerCode) {
        case .pending: return .pending(gatewayReference: transaction)
        case .unknown(let reason): return ending.unknown(reason)
        case .declined(let category): return declined(category, ending)
        case .declinedOnceAsked(let category):
            return source == .inquiry ? declined(category, ending) : ending.unknown("leg_unanswered")
        case .rejected(let cause):
            // Of a transaction that was taken before, it ends it: a rejection speaks for a request alone.
            guard source == .answer else { return declined(cause == .request ? .invalidRequest : .configuration, ending) }
            return .rejected(Rejection(cause: cause, code: ending.code, message: nil))
        case .notFound, .wrapping: return ending.unknown("not_found")
        }
    }

    private func declined(_ category: FailureCategory, _ ending: Ending) -> Outcome {
        .declined(Decline(category: category, code: ending.told, message: nil, gatewayReference: transaction))
    }

    /// Whether an inquiry says that there is no such transaction.
    var isNotFound: Bool {
        guard let ending, ending.result == .failure else { return false }
        return ResponseCode.meaning(of: ending.code, inner: ending.innerCode) == .notFound
    }
}

extension TransactionAnswer.Ending {
    /// Characters of a code.
    private static let lengths = 1...8

    /// - Returns: `nil` where the body names no result.
    init?(_ body: AnswerReader, innerCodeMember: String) throws(UnreadableAnswer) {
        guard try body.wholeText("result", limit: 16) != nil else { return nil }
        result = try body.word("result")
        guard let responseCode = try Self.code("respCode", in: body) else { throw UnreadableAnswer() }
        let errorCode = try Self.code("errCode", in: body)
        code = errorCode ?? responseCode
        // A facade that keeps the switch's two places apart says the bank's code in `respCode` beside the switch's `errCode`.
        innerCode = try Self.code(innerCodeMember, in: body) ?? (errorCode == nil ? nil : responseCode)
    }

    private static func code(_ name: String, in body: AnswerReader) throws(UnreadableAnswer) -> String? {
        guard let code = try body.wholeText(name, limit: lengths.upperBound) else { return nil }
        guard !code.isEmpty, code.utf8.allSatisfy(\.isAlphanumeric) else { throw UnreadableAnswer() }
        return code
    }

    /// What is shown to people: U30 alone tells nothing.
    fileprivate var told: String { innerCode.map { $0 == code ? code : "\(code)/\($0)" } ?? code }

    fileprivate func unknown(_ reason: String) -> Outcome { .unknown(Unknown(reason: reason, code: told)) }
}
