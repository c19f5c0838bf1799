import AdapterKit

/// What a request asks of the facade, read strictly: what the sheet does not describe is no request.
struct FacadeCall {
    let call: BankCall
    /// Of the transaction that is initiated or asked about; `nil` where an address is.
    let transaction: String?
    /// Whether the payer has to act.
    let isCollect: Bool

    enum Path: String {
        case initiate = "/v1/initiateTransaction"
        case inquiry = "/v1/statusInquiry"
        case validation = "/v1/validateVPA"
    }

    /// - Throws: `Malformed` with the code of the switch.
    init(_ path: Path, _ bytes: [UInt8], _ book: TransactionBook) throws(Malformed) {
        guard let body = try? JSON(parsing: bytes), body.members != nil else { throw Malformed(code: FacadeCode.malformed) }
        switch path {
        case .initiate: try self.init(initiating: body, book)
        case .inquiry:
            let transaction = try Self.transaction("txnId", in: body)
            let entry = book[transaction] ?? .init(reference: transaction, refundOf: nil)
            self.init(
                entry.refundOf.map { .refundInquiry(charge: $0, reference: entry.reference) }
                    ?? .inquiry(charge: entry.reference),
                transaction)
        case .validation: self.init(.accountValidation(value: try Self.text("vpa", in: body)), nil)
        }
    }

    private init(_ call: BankCall, _ transaction: String?, isCollect: Bool = false) {
        self.call = call
        self.transaction = transaction
        self.isCollect = isCollect
    }

    private init(initiating body: JSON, _ book: TransactionBook) throws(Malformed) {
        let transaction = try Self.transaction("txnId", in: body)
        let reference = try Self.text("refId", in: body)
        let type = try Self.text("type", in: body)
        guard let money = Money(decimal: try Self.text("amount", in: body), Currency("INR") ?? .unnamed),
            Money.requestable.contains(money.minorUnits), body["currency"]?.text == money.currency.code,
            ["PAY", "COLLECT"].contains(type)
        else { throw Malformed(code: FacadeCode.malformed) }
        let original = body["orgTxnId"] == nil ? nil : try Self.transaction("orgTxnId", in: body)
        let charge = original.map { book[$0]?.reference ?? $0 }
        guard book.note(transaction, .init(reference: reference, refundOf: charge)) else {
            throw Malformed(code: FacadeCode.duplicate)
        }
        guard charge == nil else {
            self.init(.refund(charge: charge ?? "", reference: reference, amount: money.minorUnits), transaction)
            return
        }
        for member in ["payerVpa", "payeeVpa"] { _ = try Self.text(member, in: body) }
        let note = body["note"]?.text ?? ""
        let order = BankCall.Order(
            reference: reference, amount: money.minorUnits, currency: money.currency.code, captures: true, method: "upi",
            description: note, details: Charge.details(of: money, isDeemed: note.contains("deemed")))
        self.init(.charge(order), transaction, isCollect: type == "COLLECT")
    }

    private static func text(_ name: String, in body: JSON) throws(Malformed) -> String {
        guard let text = body[name]?.text, (1...321).contains(text.utf8.count) else {
            throw Malformed(code: FacadeCode.malformed)
        }
        return text
    }

    /// 35 characters.
    private static func transaction(_ name: String, in body: JSON) throws(Malformed) -> String {
        let text = try text(name, in: body)
        guard text.utf8.count == 35 else { throw Malformed(code: FacadeCode.malformed) }
        return text
    }
}
