import AdapterKit
import Stripe
import Testing

@Suite struct RequestTests {
    private let money: Money
    private let adapter: StripeAdapter

    init() throws {
        money = Money(minorUnits: 1000, currency: try #require(Currency("USD")))
        adapter = try .sample()
    }

    private func expect(
        _ operation: Operation, by adapter: StripeAdapter? = nil, sends method: GatewayRequest.Method, _ target: String,
        key: String?, _ body: String, headers: [(String, String)] = [("Stripe-Version", "2026-10-28.endive")],
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let request = try (adapter ?? self.adapter).request(for: operation)
        let form = ("Content-Type", "application/x-www-form-urlencoded")
        #expect(
            request
                == GatewayRequest(
                    method: method, target: target, headers: Headers(headers + (body.isEmpty ? [] : [form])),
                    body: Array(body.utf8), idempotencyKey: key), sourceLocation: location)
    }

    private func charge(
        _ method: PaymentMethod = .card(.init(token: "pm_card_visa")), reference: String = "pay_1", description: String? = nil,
        currency: String = "USD"
    ) throws -> Operation.Charge {
        let money = Money(minorUnits: 1000, currency: try #require(Currency(currency)))
        return .init(reference: reference, money: money, method: method, description: description)
    }

    @Test func `a payment is confirmed at once and captured by itself`() throws {
        try expect(
            .payment(charge()), sends: .post, "/v1/payment_intents", key: "pay_1",
            "amount=1000&currency=usd&payment_method=pm_card_visa&payment_method_types%5B%5D=card&capture_method=automatic"
                + "&confirm=true&metadata%5Breference%5D=pay_1")
    }

    @Test func `an authorisation is captured by hand, and a description goes along`() throws {
        try expect(
            .authorize(charge(description: "Café & \"1\"\n")), sends: .post, "/v1/payment_intents", key: "pay_1",
            "amount=1000&currency=usd&payment_method=pm_card_visa&payment_method_types%5B%5D=card&capture_method=manual"
                + "&confirm=true&metadata%5Breference%5D=pay_1&description=Caf%C3%A9+%26+%221%22%0A")
    }

    @Test func `a return address, a version and a connected account go where Stripe reads them`() throws {
        let adapter = try StripeAdapter.sample(
            #"""
            {"secret_key":"text:k","account":"acct_1","stripe_account":"acct_2","api_version":"2027-01-01","return_url":"https://shop.example/?a=b"}
            """#)
        let headers = [("Stripe-Version", "2027-01-01"), ("Stripe-Account", "acct_2")]
        try expect(
            .payment(charge(currency: "JPY")), by: adapter, sends: .post, "/v1/payment_intents", key: "pay_1",
            "amount=1000&currency=jpy&payment_method=pm_card_visa&payment_method_types%5B%5D=card&capture_method=automatic"
                + "&confirm=true&metadata%5Breference%5D=pay_1&return_url=https%3A%2F%2Fshop.example%2F%3Fa%3Db", headers: headers
        )
        try expect(
            .inquiry(.init(charge: "pay_1", gatewayReference: "pi_1", money: money)), by: adapter, sends: .get,
            "/v1/payment_intents/pi_1", key: nil, "", headers: headers)
    }

    @Test func `of a card only its token is sent`() throws {
        let card = PaymentMethod.Card(
            token: "pm_1", number: "4111111111111111", expiryMonth: 12, expiryYear: 2031, cvc: "123", holder: "A B")
        let request = try adapter.request(for: .payment(charge(.card(card))))
        #expect(try request == adapter.request(for: .payment(charge(.card(.init(token: "pm_1"))))))
    }

    @Test func `a capture names its amount, its key our reference`() throws {
        try expect(
            .capture(
                .init(
                    reference: "cap_1", charge: "pay_1", gatewayReference: "pi_1", authorized: money,
                    money: Money(minorUnits: 600, currency: money.currency))), sends: .post,
            "/v1/payment_intents/pi_1/capture", key: "cap_1", "amount_to_capture=600")
    }

    @Test func `a void has a body that says nothing about the money`() throws {
        try expect(
            .void(.init(reference: "void_1", charge: "pay_1", gatewayReference: "pi_1", authorized: money)), sends: .post,
            "/v1/payment_intents/pi_1/cancel", key: "void_1", "expand%5B%5D=latest_charge")
    }

    @Test("a refund names itself and its payment, whatever the reason", arguments: [nil, "damaged", "fraudulent"])
    func refund(reason: String?) throws {
        try expect(
            .refund(.init(reference: "ref_1", charge: "pay_1", gatewayReference: "pi_1", money: money, reason: reason)),
            sends: .post, "/v1/refunds", key: "ref_1",
            "payment_intent=pi_1&amount=1000&metadata%5Breference%5D=ref_1&metadata%5Bpayment%5D=pay_1")
    }

    @Test func `an inquiry asks by Stripe's own id`() throws {
        try expect(
            .inquiry(.init(charge: "pay_1", gatewayReference: "pi_1", money: money)), sends: .get, "/v1/payment_intents/pi_1",
            key: nil, "")
    }

    @Test(
        "whatever needs a PaymentIntent is refused without a plain id of one",
        arguments: [
            nil, "", ".", "..", "a/b", "pi_1/capture", "a?b", "a#b", "a b", "a%2Fb", "é", "a\n",
            String(repeating: "a", count: 256),
        ])
    func refused(id: String?) {
        let operations: [Operation] = [
            .capture(.init(reference: "cap_1", charge: "pay_1", gatewayReference: id, authorized: money, money: money)),
            .void(.init(reference: "void_1", charge: "pay_1", gatewayReference: id, authorized: money)),
            .refund(.init(reference: "ref_1", charge: "pay_1", gatewayReference: id, money: money, reason: nil)),
            .inquiry(.init(charge: "pay_1", gatewayReference: id, money: money)),
        ]
        for operation in operations {
            #expect(throws: EncodingFailure(reason: "Stripe's own id is not known")) {
                try adapter.request(for: operation)
            }
        }
    }

    @Test(
        "a reference that is no idempotency key is refused",
        arguments: ["", "a b", "é", "a\n", String(repeating: "a", count: 256)])
    func refusedReference(reference: String) throws {
        let charge = try charge(reference: reference)
        #expect(throws: EncodingFailure.self) { try adapter.request(for: .payment(charge)) }
    }

    @Test(
        "a card without a token is refused",
        arguments: [PaymentMethod.Card(), .init(token: ""), .init(number: "4111111111111111", expiryMonth: 12, expiryYear: 2031)])
    func withoutToken(card: PaymentMethod.Card) throws {
        let charge = try charge(.card(card))
        for operation in [Operation.payment(charge), .authorize(charge)] {
            #expect(throws: EncodingFailure(reason: "card.token is required")) { try adapter.request(for: operation) }
        }
    }

    @Test func `any other method is refused`() throws {
        let charge = try charge(.upi(.init(payerVPA: "a@upi", payeeVPA: "b@upi")))
        #expect(throws: EncodingFailure(reason: "only cards are supported")) { try adapter.request(for: .payment(charge)) }
    }

    @Test("a currency that Stripe counts in another unit than we do is refused", arguments: ["ISK", "UGX", "MGA"])
    func countedOtherwise(currency: String) throws {
        let charge = try charge(currency: currency)
        #expect(throws: EncodingFailure(reason: "currency is counted in another unit at Stripe")) {
            try adapter.request(for: .authorize(charge))
        }
    }

    @Test func `what Stripe cannot be asked is refused`() {
        #expect(throws: EncodingFailure(reason: "not_supported")) {
            try adapter.request(for: .accountValidation(.init(kind: .bankAccount, value: "x")))
        }
    }

    @Test func `a refund is asked about by Stripe's own id, and by no other`() throws {
        var inquiry = Operation.RefundInquiry(reference: "ref_1", charge: "pay_1", gatewayReference: "pi_1", money: money)
        #expect(throws: EncodingFailure(reason: "Stripe's own id is not known")) {
            try adapter.request(for: .refundInquiry(inquiry))
        }
        inquiry.refundReference = "re_1"
        let request = try adapter.request(for: .refundInquiry(inquiry))
        #expect(request.method == .get)
        #expect(request.target == "/v1/refunds/re_1")
        #expect(request.body.isEmpty)
        inquiry.refundReference = "re_1/../x"
        #expect(throws: EncodingFailure(reason: "Stripe's own id is not known")) {
            try adapter.request(for: .refundInquiry(inquiry))
        }
    }
}
