import AdapterKit
import Stripe
import Testing

/// Fixtures hold what is read. These answers hold all that their senders wrote.
@Suite struct WholeAnswerTests {
    private let adapter: StripeAdapter
    private let money: Money

    init() throws {
        adapter = try .sample()
        money = Money(minorUnits: 1099, currency: try #require(Currency("USD")))
    }

    private func outcome(_ status: Int, _ body: String, _ operation: Operation) -> Outcome {
        adapter.outcome(of: GatewayResponse(status: status, body: Array(body.utf8)), for: operation)
    }

    private var authorize: Operation {
        .authorize(.init(reference: "pay_1", money: money, method: .card(.init(token: "pm_card_visa"))))
    }

    @Test func `Stripe's own answer to an authorisation is read`() {
        let body = #"""
            {"id":"pi_1","object":"payment_intent","amount":1099,"amount_capturable":1099,"amount_details":{"tip":{}},
             "amount_received":0,"application":null,"automatic_payment_methods":null,"canceled_at":null,"capture_method":"manual",
             "client_secret":"pi_1_secret_x","confirmation_method":"automatic","created":1795265375,"currency":"usd",
             "description":null,"last_payment_error":null,"latest_charge":"ch_1","livemode":false,
             "metadata":{"reference":"pay_1"},"next_action":null,"payment_method":"pm_1","payment_method_types":["card"],
             "processing":null,"receipt_email":null,"status":"requires_capture","transfer_data":null}
            """#
        #expect(
            outcome(200, body, authorize)
                == .approved(Approval(state: .authorized, gatewayReference: "pi_1", money: money, captured: 0)))
    }

    @Test func `Stripe's own decline is read`() {
        let body = #"""
            {"error":{"advice_code":"try_again_later","charge":"ch_2","code":"card_declined","decline_code":"insufficient_funds",
             "doc_url":"https://stripe.com/docs/error-codes/card-declined","message":"Your card has insufficient funds.",
             "network_decline_code":"51","payment_intent":{"id":"pi_2","object":"payment_intent","amount":1099,"currency":"usd",
             "last_payment_error":{"code":"card_declined"},"metadata":{"reference":"pay_1"},"status":"requires_payment_method"},
             "payment_method":{"id":"pm_2","object":"payment_method"},"request_log_url":"https://dashboard.stripe.com/x",
             "type":"card_error"}}
            """#
        #expect(
            outcome(402, body, authorize)
                == .declined(
                    Decline(
                        category: .insufficientFunds, code: "insufficient_funds",
                        message: "Your card has insufficient funds.", gatewayReference: "pi_2")))
    }

    @Test func `localstripe's expanded charge does not get in the way`() {
        let body = #"""
            {"amount":1099,"capture_method":"manual","charges":{"data":[{"id":"ch_1","amount":1099,"amount_refunded":0}],
             "object":"list"},"client_secret":"x","currency":"usd","customer":null,"id":"pi_1","last_payment_error":null,
             "latest_charge":{"id":"ch_1","amount":1099,"status":"succeeded"},"livemode":false,"metadata":{"reference":"pay_1"},
             "next_action":null,"object":"payment_intent","payment_method":"pm_card_visa","status":"requires_capture"}
            """#
        #expect(
            outcome(200, body, authorize) == .approved(Approval(state: .authorized, gatewayReference: "pi_1", money: money)))
    }

    @Test func `a refund that localstripe gives no PaymentIntent is read`() {
        let body = #"""
            {"amount":1099,"balance_transaction":"txn_1","charge":"ch_1","created":1,"currency":"usd","date":1,"id":"re_1",
             "livemode":false,"metadata":{"payment":"pay_1","reference":"ref_1"},"object":"refund","payment_intent":null,
             "status":"succeeded"}
            """#
        let refund = Operation.refund(
            .init(reference: "ref_1", charge: "pay_1", gatewayReference: "pi_1", money: money, reason: nil))
        #expect(
            outcome(200, body, refund) == .approved(Approval(state: .refunded, gatewayReference: "re_1", money: money)))
    }

    @Test(
        "what became of a refund is read where it is about that refund, of that charge and amount",
        arguments: [
            (#""status":"pending""#, "pending"), (#""status":"failed","failure_reason":"lost_or_stolen_card""#, "declined"),
            (#""status":"succeeded""#, "approved"), (#""status":"succeeded","metadata":{"reference":"ref_2"}"#, nil),
            (#""status":"succeeded","metadata":{"payment":"pay_2"}"#, nil),
            (#""status":"succeeded","payment_intent":"pi_2""#, nil),
            (#""status":"gone""#, nil),
        ] as [(String, String?)])
    func refundInquiry(members: String, kind: String?) {
        let inquiry = Operation.refundInquiry(
            .init(reference: "ref_1", charge: "pay_1", gatewayReference: "pi_1", refundReference: "re_1", money: money))
        let body = #"{"id":"re_1","object":"refund","amount":1099,"currency":"usd","# + members + "}"
        let answer = adapter.inquiryAnswer(of: GatewayResponse(status: 200, body: Array(body.utf8)), for: inquiry)
        switch answer {
        case .found(let outcome): #expect(outcome.kind.rawValue == kind)
        case .unanswered, .notFound: #expect(kind == nil)
        }
    }

    @Test(
        "a void of what is canceled already is done, and of anything else refused",
        arguments: [
            ("canceled", "pi_1", "pay_1", "approved"), ("requires_action", "pi_1", "pay_1", "rejected"),
            ("succeeded", "pi_1", "pay_1", "rejected"), ("canceled", "pi_2", "pay_1", "rejected"),
            ("canceled", "pi_1", "pay_2", "rejected"),
        ])
    func canceledBefore(status: String, intent: String, reference: String, kind: String) {
        let body = #"""
            {"error":{"type":"invalid_request_error","code":"payment_intent_unexpected_state","payment_intent":
             {"id":"\#(intent)","status":"\#(status)","amount":1099,"metadata":{"reference":"\#(reference)"}}}}
            """#
        let void = Operation.void(.init(reference: "void_1", charge: "pay_1", gatewayReference: "pi_1", authorized: money))
        #expect(outcome(400, body, void).kind.rawValue == kind)
    }
}
