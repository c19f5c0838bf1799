public import AdapterKit

extension NPCIUPIAdapter {
    /// Unicode scalars of a note; our own limit, the sheet names none.
    private static let maximumNote = 50

    /// - Throws: `EncodingFailure` for another currency than INR, another method than UPI, an address that is none.
    public func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest {
        switch operation {
        case .payment(let charge): try initiate(payment: charge)
        case .refund(let refund): try initiate(refund: refund)
        case .inquiry, .refundInquiry: post("/v1/statusInquiry", [("txnId", .string(try transaction(of: operation).id))])
        case .accountValidation(let account): try validate(account)
        case .authorize, .capture, .void: throw EncodingFailure(reason: "UPI has no authorisation")
        }
    }

    private func initiate(payment charge: Operation.Charge) throws(EncodingFailure) -> GatewayRequest {
        guard case .upi(let method) = charge.method else { throw EncodingFailure(reason: "method must be upi") }
        return post(
            "/v1/initiateTransaction",
            [
                ("txnId", .string(access.participant.transaction(.charge, of: charge.reference))),
                ("type", .string(method.flow == .collect ? "COLLECT" : "PAY")),
                ("payerVpa", .string(try address(method.payerVPA, "payer_vpa"))),
                ("payeeVpa", .string(try address(method.payeeVPA, "payee_vpa"))),
            ] + (try particulars(of: charge.money, note: charge.description, reference: charge.reference)))
    }

    /// A payment in the other direction; whose it is the facade knows from the first one.
    private func initiate(refund: Operation.Refund) throws(EncodingFailure) -> GatewayRequest {
        guard access.takesRefunds else { throw EncodingFailure(reason: "the facade takes no refunds") }
        return post(
            "/v1/initiateTransaction",
            [
                ("txnId", .string(access.participant.transaction(.refund, of: refund.reference))), ("type", .string("PAY")),
                ("orgTxnId", .string(access.participant.transaction(.charge, of: refund.charge))),
            ] + (try particulars(of: refund.money, note: refund.reason, reference: refund.reference)))
    }

    private func validate(_ account: Operation.Account) throws(EncodingFailure) -> GatewayRequest {
        guard account.kind == .vpa else { throw EncodingFailure(reason: "type must be vpa") }
        return post("/v1/validateVPA", [("vpa", .string(try address(account.value, "value")))])
    }

    private func particulars(
        of money: Money, note: String?, reference: String
    ) throws(EncodingFailure) -> [(String, JSON?)] {
        guard money.currency.code == "INR" else { throw EncodingFailure(reason: "currency must be INR") }
        return [
            ("amount", .string(money.decimal)), ("currency", .string(money.currency.code)),
            ("note", note.map { .string(String(String.UnicodeScalarView($0.unicodeScalars.prefix(Self.maximumNote)))) }),
            ("refId", .string(reference)),
        ]
    }

    private func address(_ text: String, _ member: String) throws(EncodingFailure) -> String {
        guard access.checksVPA ? VirtualPaymentAddress.isUsual(text) : VirtualPaymentAddress.isPossible(text) else {
            throw EncodingFailure(reason: "\(member) must be an address such as name@bank")
        }
        return text
    }

    private func post(_ target: String, _ members: [(String, JSON?)]) -> GatewayRequest {
        GatewayRequest(
            method: .post, target: target, headers: Headers([("Content-Type", "application/json")]),
            body: JSON.present(members).encoded())
    }

    /// What an operation is about at the facade.
    func transaction(of operation: Operation) throws(EncodingFailure) -> AskedTransaction {
        switch operation {
        case .payment(let charge): asked(charge.reference, charge.money, awaits: charge.method.isCollect ? .payer : .gateway)
        case .inquiry(let inquiry): asked(inquiry.charge, inquiry.money)
        case .refund(let refund): asked(.refund, refund.reference, refund.money)
        case .refundInquiry(let inquiry): asked(.refund, inquiry.reference, inquiry.money)
        case .authorize, .capture, .void, .accountValidation: throw EncodingFailure(reason: "UPI has no such transaction")
        }
    }

    private func asked(_ reference: String, _ money: Money, awaits: AskedTransaction.Waiting = .gateway) -> AskedTransaction {
        asked(.charge, reference, money, awaits: awaits)
    }

    private func asked(
        _ purpose: Participant.Purpose, _ reference: String, _ money: Money, awaits: AskedTransaction.Waiting = .gateway
    ) -> AskedTransaction {
        AskedTransaction(
            id: access.participant.transaction(purpose, of: reference), purpose: purpose, money: money, awaits: awaits)
    }
}

extension PaymentMethod {
    fileprivate var isCollect: Bool {
        if case .upi(let method) = self { method.flow == .collect } else { false }
    }
}
