import AdapterKit
import BankHMAC
import Testing

@Suite struct RequestTests {
    private let money: Money
    private let adapter: BankHMACAdapter

    init() throws {
        money = Money(minorUnits: 1000, currency: try #require(Currency("BRL")))
        adapter = try .sample()
    }

    private func expect(
        _ operation: Operation, sends method: GatewayRequest.Method, _ target: String, key: String?, _ body: String,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let request = try adapter.request(for: operation)
        #expect(request.method == method, sourceLocation: location)
        #expect(request.target == target, sourceLocation: location)
        #expect(request.idempotencyKey == key, sourceLocation: location)
        #expect(String(decoding: request.body, as: UTF8.self) == body, sourceLocation: location)
        #expect(request.headers.single("Content-Type") == (body.isEmpty ? nil : "application/json"), sourceLocation: location)
    }

    @Test func `a payment captures at once and says only what it was given`() throws {
        try expect(
            .payment(.init(reference: "pay_1", money: money, method: .card(.init(token: "tok_1")))), sends: .post, "/v1/charges",
            key: "pay_1",
            #"{"reference":"pay_1","amount":1000,"currency":"BRL","capture":true,"method":{"type":"card","card":{"token":"tok_1"}}}"#
        )
    }

    @Test func `an authorisation does not capture, and a description goes along`() throws {
        try expect(
            .authorize(
                .init(
                    reference: "pay_1", money: money, method: .upi(.init(payerVPA: "a@upi", payeeVPA: "b@upi")),
                    description: "Café \"1\"\n")), sends: .post, "/v1/charges", key: "pay_1",
            #"{"reference":"pay_1","amount":1000,"currency":"BRL","capture":false,"method":{"type":"upi","upi":{"flow":"pay","payer_vpa":"a@upi","payee_vpa":"b@upi"}},"description":"Café \"1\"\u000a"}"#
        )
    }

    @Test func `a capture names its own reference and amount below the charge`() throws {
        try expect(
            .capture(
                .init(
                    reference: "cap_1", charge: "pay_1", gatewayReference: "bnk_1", authorized: money,
                    money: Money(minorUnits: 600, currency: money.currency))), sends: .post, "/v1/charges/pay_1/captures",
            key: "cap_1", #"{"reference":"cap_1","amount":600}"#)
    }

    @Test func `a void names nothing but its reference`() throws {
        try expect(
            .void(.init(reference: "void_1", charge: "pay_1", gatewayReference: nil, authorized: money)), sends: .post,
            "/v1/charges/pay_1/voids", key: "void_1", #"{"reference":"void_1"}"#)
    }

    @Test(
        "a refund gives a reason only where there is one",
        arguments: [
            (nil, #"{"reference":"ref_1","amount":1000}"#),
            ("damaged", #"{"reference":"ref_1","amount":1000,"reason":"damaged"}"#),
        ])
    func refund(reason: String?, body: String) throws {
        try expect(
            .refund(.init(reference: "ref_1", charge: "pay_1", gatewayReference: nil, money: money, reason: reason)),
            sends: .post,
            "/v1/charges/pay_1/refunds", key: "ref_1", body)
    }

    @Test func `inquiries ask by our references and have no body`() throws {
        try expect(
            .inquiry(.init(charge: "pay_1", gatewayReference: "bnk_1", money: money)), sends: .get, "/v1/charges/pay_1", key: nil,
            "")
        try expect(
            .refundInquiry(.init(reference: "ref_1", charge: "pay_1", gatewayReference: nil, money: money)), sends: .get,
            "/v1/charges/pay_1/refunds/ref_1", key: nil, "")
    }

    @Test func `an account validation leaves its idempotency key to the runtime`() throws {
        try expect(
            .accountValidation(.init(kind: .pixKey, value: "x@y")), sends: .post, "/v1/accounts/validate", key: nil,
            #"{"type":"pix_key","value":"x@y"}"#)
    }

    @Test(
        "a reference that is no plain piece of a path is refused",
        arguments: ["", ".", "..", "a/b", "a?b", "a#b", "a b", "a%2Fb", "é", "a\n", String(repeating: "a", count: 65)])
    func refused(reference: String) {
        let requests: [Operation] = [
            .payment(.init(reference: reference, money: money, method: .wallet(.init(provider: "p")))),
            .capture(.init(reference: "cap_1", charge: reference, gatewayReference: nil, authorized: money, money: money)),
            .capture(.init(reference: reference, charge: "pay_1", gatewayReference: nil, authorized: money, money: money)),
            .void(.init(reference: "void_1", charge: reference, gatewayReference: nil, authorized: money)),
            .refund(.init(reference: "ref_1", charge: reference, gatewayReference: nil, money: money, reason: nil)),
            .inquiry(.init(charge: reference, gatewayReference: nil, money: money)),
            .refundInquiry(.init(reference: reference, charge: "pay_1", gatewayReference: nil, money: money)),
        ]
        for operation in requests {
            #expect(throws: EncodingFailure.self) { try adapter.request(for: operation) }
        }
    }
}
