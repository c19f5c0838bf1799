import AdapterKit
import Pix
import Testing

@Suite struct RequestTests {
    private let money: Money
    private let adapter: PixAdapter

    init() throws {
        money = Money(minorUnits: 3700, currency: try #require(Currency("BRL")))
        adapter = try .sample()
    }

    private func charge(
        _ pix: PaymentMethod.Pix = .init(), reference: String = Sample.charge, description: String? = nil
    ) -> Operation {
        .payment(.init(reference: reference, money: money, method: .pix(pix), description: description))
    }

    private func refund(reference: String = Sample.refund, of payment: String? = Sample.endToEndID) -> Operation {
        .refund(.init(reference: reference, charge: Sample.charge, gatewayReference: payment, money: money, reason: "damaged"))
    }

    private func expect(
        _ operation: Operation, sends method: GatewayRequest.Method, _ target: String, _ body: String,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let request = try adapter.request(for: operation)
        #expect(request.method == method, sourceLocation: location)
        #expect(request.target == target, sourceLocation: location)
        #expect(request.idempotencyKey == nil, sourceLocation: location)
        #expect(String(decoding: request.body, as: UTF8.self) == body, sourceLocation: location)
        #expect(request.headers.single("Content-Type") == (body.isEmpty ? nil : "application/json"), sourceLocation: location)
    }

    @Test func `a payment names its life, its amount and our key`() throws {
        try expect(
            charge(), sends: .put, "/cob/\(Sample.txid)",
            #"{"calendario":{"expiracao":3600},"valor":{"original":"37.00"},"chave":"our-key"}"#)
    }

    @Test(
        "a payer is named with both name and tax id, a company by its cnpj",
        arguments: [
            ("39053344705", #""devedor":{"cpf":"39053344705","nome":"Ana \"A\""},"#),
            ("12345678000195", #""devedor":{"cnpj":"12345678000195","nome":"Ana \"A\""},"#),
            ("12ABC34501DE35", #""devedor":{"cnpj":"12ABC34501DE35","nome":"Ana \"A\""},"#),
        ])
    func payer(taxID: String, debtor: String) throws {
        try expect(
            charge(.init(key: "a@b", expiresIn: 60, payerTaxID: taxID, payerName: #"Ana "A""#), description: "Café"), sends: .put,
            "/cob/\(Sample.txid)",
            #"{"calendario":{"expiracao":60},\#(debtor)"valor":{"original":"37.00"},"chave":"a@b","solicitacaoPagador":"Café"}"#)
    }

    @Test("half a payer is left out", arguments: [("39053344705", nil), (nil, "Ana")] as [(String?, String?)])
    func halfPayer(taxID: String?, name: String?) throws {
        try expect(
            charge(.init(payerTaxID: taxID, payerName: name)), sends: .put, "/cob/\(Sample.txid)",
            #"{"calendario":{"expiracao":3600},"valor":{"original":"37.00"},"chave":"our-key"}"#)
    }

    @Test func `a description is cut at 140 characters`() throws {
        let request = try adapter.request(for: charge(description: String(repeating: "é", count: 141)))
        let body = try JSON(parsing: request.body)
        #expect(body["solicitacaoPagador"]?.text == String(repeating: "é", count: 140))
    }

    @Test func `a void removes the charge`() throws {
        try expect(
            .void(.init(reference: "void_1", charge: Sample.charge, gatewayReference: nil, authorized: money)), sends: .patch,
            "/cob/\(Sample.txid)", #"{"status":"REMOVIDA_PELO_USUARIO_RECEBEDOR"}"#)
    }

    @Test("a refund and a reversal stand below the Pix that was received", arguments: ["ref", "rev"])
    func refund(prefix: String) throws {
        try expect(
            refund(reference: "\(prefix)_\(Sample.tail)"), sends: .put,
            "/pix/\(Sample.endToEndID)/devolucao/\(prefix)\(Sample.tail)", #"{"valor":"37.00"}"#)
    }

    @Test func `inquiries ask by our references and have no body`() throws {
        try expect(
            .inquiry(.init(charge: Sample.charge, gatewayReference: nil, money: money)), sends: .get, "/cob/\(Sample.txid)", "")
        try expect(
            .refundInquiry(
                .init(reference: Sample.refund, charge: Sample.charge, gatewayReference: Sample.endToEndID, money: money)),
            sends: .get, "/pix/\(Sample.endToEndID)/devolucao/ref\(Sample.tail)", "")
    }

    @Test(
        "a reference that is not of our form is refused",
        arguments: [
            "", "pay_", "pay_1", Sample.txid, "pay_\(Sample.tail)0", "pay__\(Sample.tail.dropFirst())", "cap_\(Sample.tail)",
            "PAY_\(Sample.tail)", "pay_\(Sample.tail.dropLast())A", "pay_\(Sample.tail.dropLast())/",
            "pay_\(Sample.tail.dropLast())é",
            "../\(Sample.tail)", "pay-\(Sample.tail)", "7978c0c97ea847e78e8849634473c1f1",
        ])
    func foreign(reference: String) {
        let operations: [Operation] = [
            charge(reference: reference), refund(reference: reference),
            .void(.init(reference: "void_1", charge: reference, gatewayReference: nil, authorized: money)),
            .inquiry(.init(charge: reference, gatewayReference: nil, money: money)),
            .refundInquiry(
                .init(reference: reference, charge: Sample.charge, gatewayReference: Sample.endToEndID, money: money)),
        ]
        for operation in operations {
            #expect(throws: EncodingFailure.self) { try adapter.request(for: operation) }
        }
    }

    @Test func `a charge's reference names no refund, and a refund's no charge`() {
        #expect(throws: EncodingFailure.self) { try adapter.request(for: charge(reference: Sample.refund)) }
        #expect(throws: EncodingFailure.self) { try adapter.request(for: refund(reference: Sample.charge)) }
    }

    @Test(
        "a refund of a payment whose endToEndId is not known, or is none, is refused",
        arguments: [
            nil, "", "E1", "E12345678202601010000abcdef1234", "E12345678202601010000abcdef123456",
            "E12345678202601010000abcdef1234/",
            "E12345678202601010000abcdef1234é",
        ])
    func unknownReceipt(id: String?) {
        #expect(throws: EncodingFailure.self) { try adapter.request(for: refund(of: id)) }
        let inquiry = Operation.RefundInquiry(
            reference: Sample.refund, charge: Sample.charge, gatewayReference: id, money: money)
        #expect(throws: EncodingFailure.self) { try adapter.request(for: .refundInquiry(inquiry)) }
    }

    @Test(
        "what the protocol cannot say is refused without a value in the reason",
        arguments: [
            PaymentMethod.Pix(expiresIn: 86_401), .init(expiresIn: 0), .init(expiresIn: -1), .init(key: ""),
            .init(key: String(repeating: "k", count: 78)), .init(payerTaxID: "390.533.447-05", payerName: "Ana"),
            .init(payerTaxID: "3905334470", payerName: "Ana"), .init(payerTaxID: "12abc34501de35", payerName: "Ana"),
            .init(payerTaxID: "3905334470٣", payerName: "Ana"), .init(payerTaxID: "", payerName: "Ana"),
        ])
    func unspeakable(pix: PaymentMethod.Pix) throws {
        let failure = try #require(throws: EncodingFailure.self) { try adapter.request(for: charge(pix)) }
        #expect(failure.reason.hasPrefix("method.pix."))
        #expect(!failure.reason.contains("390"))
    }

    @Test("another currency, another method and an amount out of range are refused", arguments: ["USD", "JPY", "XXX"])
    func otherMoney(code: String) throws {
        let other = Money(minorUnits: 3700, currency: try #require(Currency(code)))
        let least = Money(minorUnits: 0, currency: money.currency)
        let greatest = Money(minorUnits: 1_000_000_000_000, currency: money.currency)
        for amount in [other, least, greatest] {
            #expect(throws: EncodingFailure.self) {
                try adapter.request(for: .payment(.init(reference: Sample.charge, money: amount, method: .pix(.init()))))
            }
            #expect(throws: EncodingFailure.self) {
                try adapter.request(
                    for: .refund(
                        .init(
                            reference: Sample.refund, charge: Sample.charge, gatewayReference: Sample.endToEndID, money: amount,
                            reason: nil)))
            }
        }
        #expect(throws: EncodingFailure.self) {
            try adapter.request(for: .payment(.init(reference: Sample.charge, money: money, method: .card(.init(token: "t")))))
        }
    }

    @Test func `nothing is authorised, captured or looked up`() {
        let operations: [Operation] = [
            .authorize(.init(reference: Sample.charge, money: money, method: .pix(.init()))),
            .capture(.init(reference: "cap_1", charge: Sample.charge, gatewayReference: nil, authorized: money, money: money)),
            .accountValidation(.init(kind: .pixKey, value: "a@b")),
        ]
        for operation in operations {
            #expect(throws: EncodingFailure.self) { try adapter.request(for: operation) }
            let answer = adapter.outcome(of: GatewayResponse(status: 200, body: Array("{}".utf8)), for: operation)
            #expect(answer == .unknown(Unknown(reason: "not_supported")))
        }
    }
}
