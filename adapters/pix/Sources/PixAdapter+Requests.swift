public import AdapterKit

extension PixAdapter {
    /// - Throws: `EncodingFailure` for what the protocol cannot say: another currency or method, an authorisation or a capture, a
    ///   reference that is not of our form, and the refund of a payment whose `endToEndId` is not known.
    public func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest {
        switch operation {
        case .payment(let charge): json(.put, try path(ofCharge: charge.reference), try body(of: charge))
        case .void(let void):
            json(
                .patch, try path(ofCharge: void.charge), .members([("status", .string(ChargeAnswer.Status.removedByUs.rawValue))])
            )
        case .refund(let refund):
            json(
                .put, try path(ofRefund: refund.reference, of: refund.gatewayReference),
                .members([("valor", .string(try decimal(refund.money)))]))
        case .inquiry(let inquiry): GatewayRequest(method: .get, target: try path(ofCharge: inquiry.charge))
        case .refundInquiry(let inquiry):
            GatewayRequest(method: .get, target: try path(ofRefund: inquiry.reference, of: inquiry.gatewayReference))
        case .authorize, .capture: throw EncodingFailure(reason: "a Pix is credited at once: nothing is authorised or captured")
        case .accountValidation: throw EncodingFailure(reason: "this API does not look up payees")
        }
    }

    private func json(_ method: GatewayRequest.Method, _ target: String, _ body: JSON) -> GatewayRequest {
        GatewayRequest(
            method: method, target: target, headers: Headers([("Content-Type", "application/json")]), body: body.encoded())
    }

    private func path(ofCharge reference: String) throws(EncodingFailure) -> String {
        "/cob/" + (try TransactionID(reference, .charge).text)
    }

    private func path(ofRefund reference: String, of payment: String?) throws(EncodingFailure) -> String {
        guard let payment, EndToEndID.isValid(payment) else {
            throw EncodingFailure(reason: "a refund needs the endToEndId of the received Pix")
        }
        return "/pix/\(payment)/devolucao/" + (try TransactionID(reference, .refund, .reversal).text)
    }

    private func decimal(_ money: Money) throws(EncodingFailure) -> String {
        guard money.currency == .real else { throw EncodingFailure(reason: "currency must be BRL") }
        guard Money.requestable.contains(money.minorUnits) else { throw EncodingFailure(reason: "amount is out of range") }
        return money.decimal
    }

    private func body(of charge: Operation.Charge) throws(EncodingFailure) -> JSON {
        guard case .pix(let pix) = charge.method else { throw EncodingFailure(reason: "method must be pix") }
        let key = pix.key ?? own.key
        guard Account.isKey(key) else {
            throw EncodingFailure(reason: "method.pix.key must have 1 to \(Account.longestKey) characters")
        }
        guard pix.expiresIn > 0, .seconds(pix.expiresIn) <= own.maximumLife else {
            throw EncodingFailure(reason: "method.pix.expires_in is longer than max_expires_in of the gateway")
        }
        return .present([
            ("calendario", .members([("expiracao", .integer(Int64(pix.expiresIn)))])), ("devedor", try debtor(of: pix)),
            ("valor", .members([("original", .string(try decimal(charge.money)))])), ("chave", .string(key)),
            ("solicitacaoPagador", charge.description.map { .string(Self.cut($0)) }),
        ])
    }

    /// The protocol takes a payer only with both, the tax id as `cpf` or as `cnpj`.
    private func debtor(of pix: PaymentMethod.Pix) throws(EncodingFailure) -> JSON? {
        guard let taxID = pix.payerTaxID else { return nil }
        guard let member = Self.taxIDMember(taxID) else {
            throw EncodingFailure(reason: "method.pix.payer_tax_id must be 11 digits, or 14 digits and upper-case letters")
        }
        guard let name = pix.payerName else { return nil }
        return .members([(member, .string(taxID)), ("nome", .string(name))])
    }

    private static func taxIDMember(_ text: String) -> String? {
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        switch text.utf8.count {
        case 11 where text.utf8.allSatisfy(isDigit): return "cpf"
        case 14 where text.utf8.allSatisfy({ isDigit($0) || (0x41...0x5A).contains($0) }): return "cnpj"
        default: return nil
        }
    }

    /// Unicode scalars of `solicitacaoPagador`.
    private static let longestDescription = 140

    private static func cut(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(longestDescription)))
    }
}

extension Currency {
    /// The only currency of Pix.
    static let real = Currency("BRL") ?? .unnamed
}
