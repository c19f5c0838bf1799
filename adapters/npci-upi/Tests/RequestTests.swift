import AdapterKit
import NPCIUPI
import Testing

@Suite struct RequestTests {
    private let adapter: NPCIUPIAdapter
    private let money: Money

    /// Derived from `pay_1` and `ref_1` with Python's hashlib.
    private static let charge = "ACM6ec81111d581d10d7725c768ec740857"
    private static let refund = "ACM8ad9093bdc61b90e7ef911eb754f2755"

    init() throws {
        adapter = try .sample()
        money = Money(minorUnits: 10_000, currency: try #require(Currency("INR")))
    }

    private func payment(
        _ flow: PaymentMethod.UPI.Flow = .pay, from payer: String = "alice@psp", to payee: String = "shop@bank",
        of money: Money? = nil,
        description: String? = nil
    ) -> Operation {
        .payment(
            .init(
                reference: "pay_1", money: money ?? self.money,
                method: .upi(.init(flow: flow, payerVPA: payer, payeeVPA: payee)), description: description))
    }

    private func expect(
        _ operation: Operation, posts target: String, _ body: String, _ location: SourceLocation = #_sourceLocation
    ) throws {
        let request = try adapter.request(for: operation)
        #expect(request.method == .post, sourceLocation: location)
        #expect(request.target == target, sourceLocation: location)
        #expect(request.idempotencyKey == nil, sourceLocation: location)
        #expect(request.headers == Headers([("Content-Type", "application/json")]), sourceLocation: location)
        #expect(String(decoding: request.body, as: UTF8.self) == body, sourceLocation: location)
    }

    private func refusal(_ operation: Operation, by adapter: NPCIUPIAdapter? = nil) throws -> String {
        try #require(throws: EncodingFailure.self) { try (adapter ?? self.adapter).request(for: operation) }.reason
    }

    @Test func `a payment is initiated as a push`() throws {
        try expect(
            payment(description: "order 17"), posts: "/v1/initiateTransaction",
            #"{"txnId":"\#(Self.charge)","type":"PAY","payerVpa":"alice@psp","payeeVpa":"shop@bank","amount":"100.00","currency":"INR","note":"order 17","refId":"pay_1"}"#
        )
    }

    @Test func `a collect request says so, and has no note where there is none`() throws {
        try expect(
            payment(.collect), posts: "/v1/initiateTransaction",
            #"{"txnId":"\#(Self.charge)","type":"COLLECT","payerVpa":"alice@psp","payeeVpa":"shop@bank","amount":"100.00","currency":"INR","refId":"pay_1"}"#
        )
    }

    @Test func `a refund is a push of its own that names the charge's transaction`() throws {
        try expect(
            .refund(.init(reference: "ref_1", charge: "pay_1", gatewayReference: "other", money: money, reason: "returned")),
            posts: "/v1/initiateTransaction",
            #"{"txnId":"\#(Self.refund)","type":"PAY","orgTxnId":"\#(Self.charge)","amount":"100.00","currency":"INR","note":"returned","refId":"ref_1"}"#
        )
    }

    @Test func `an inquiry asks by the transaction id, whatever the gateway's reference is`() throws {
        try expect(
            .inquiry(.init(charge: "pay_1", gatewayReference: "other", money: money)), posts: "/v1/statusInquiry",
            #"{"txnId":"\#(Self.charge)"}"#)
        try expect(
            .refundInquiry(.init(reference: "ref_1", charge: "pay_1", gatewayReference: nil, money: money)),
            posts: "/v1/statusInquiry", #"{"txnId":"\#(Self.refund)"}"#)
    }

    @Test func `an address is validated as it stands`() throws {
        try expect(
            .accountValidation(.init(kind: .vpa, value: "shop@bank")), posts: "/v1/validateVPA", #"{"vpa":"shop@bank"}"#)
    }

    @Test(
        "amounts have two places",
        arguments: [(1, "0.01"), (10, "0.10"), (100, "1.00"), (123_456, "1234.56"), (999_999_999_999, "9999999999.99")])
    func amount(minorUnits: Int64, text: String) throws {
        let request = try adapter.request(for: payment(of: Money(minorUnits: minorUnits, currency: money.currency)))
        #expect(try JSON(parsing: request.body)["amount"] == .string(text))
    }

    @Test func `a note is cut after 50 characters, never within one`() throws {
        let request = try adapter.request(for: payment(description: String(repeating: "é", count: 51)))
        #expect(try JSON(parsing: request.body)["note"] == .string(String(repeating: "é", count: 50)))
    }

    @Test func `a reference is a charge's or a refund's by the first digit, and the rest is the digest's`() throws {
        var ids: Set<String> = []
        for number in 0..<200 {
            let reference = "pay_\(number)"
            let charge = try adapter.request(for: .inquiry(.init(charge: reference, gatewayReference: nil, money: money)))
            let refund = try adapter.request(
                for: .refundInquiry(.init(reference: reference, charge: "pay_1", gatewayReference: nil, money: money)))
            let (one, other) = (
                try #require(try JSON(parsing: charge.body)["txnId"]?.text),
                try #require(try JSON(parsing: refund.body)["txnId"]?.text)
            )
            #expect(one.dropFirst(4) == other.dropFirst(4) && one.utf8.count == 35)
            let (first, second) = (one.dropFirst(3).first?.hexDigitValue, other.dropFirst(3).first?.hexDigitValue)
            #expect(try #require(first) < 8)
            #expect(try #require(first) + 8 == second)
            ids.formUnion([one, other])
        }
        #expect(ids.count == 400)
    }

    private static let noAddresses = [
        "", "@", "a@", "@bank", "a@bank", "alice", "alice@", "alice@b", "alice@bank1", "alice@ba-nk", "alice@bank.com",
        "alice@@bank", "alice@psp@bank", "al ice@bank", "al+ice@bank", "aliçe@bank", "alice@bänk", "alice@bank\n", " alice@bank",
        String(repeating: "a", count: 257) + "@bank", "alice@" + String(repeating: "b", count: 65),
    ]

    @Test("what is no address is not sent, and not repeated in the reason", arguments: noAddresses)
    func address(text: String) throws {
        #expect(try refusal(payment(from: text)) == "payer_vpa must be an address such as name@bank")
        #expect(try refusal(payment(to: text)) == "payee_vpa must be an address such as name@bank")
        #expect(
            try refusal(.accountValidation(.init(kind: .vpa, value: text))) == "value must be an address such as name@bank")
    }

    @Test(
        "the usual address goes through",
        arguments: [
            "al@bk", "a.b-c_d9@okbank", String(repeating: "a", count: 256) + "@" + String(repeating: "b", count: 64), "AL@BK",
        ])
    func usual(text: String) throws { _ = try adapter.request(for: payment(from: text)) }

    @Test func `unless addresses are checked, the facade judges all that could be one`() throws {
        let lenient = try NPCIUPIAdapter.sample(["check_vpa": .bool(false)])
        for text in ["alice@psp1", "a@b", "al+ice@bank.com"] { _ = try lenient.request(for: payment(from: text)) }
        for text in ["", "@", "alice", "alice@", "@bank", "a@b@c", "al ice@bank", "alice@bank\n", "aliçe@bank"] {
            #expect(try refusal(payment(from: text), by: lenient) == "payer_vpa must be an address such as name@bank")
        }
        let long = String(repeating: "a", count: 317)
        _ = try lenient.request(for: payment(from: long + "@ban"))
        #expect(try refusal(payment(from: long + "@bank"), by: lenient).hasPrefix("payer_vpa"))
    }

    @Test("no currency but the rupee is sent", arguments: ["USD", "EUR", "XXX", "INX"])
    func currency(code: String) throws {
        let money = Money(minorUnits: 100, currency: try #require(Currency(code)))
        #expect(try refusal(payment(of: money)) == "currency must be INR")
        #expect(
            try refusal(.refund(.init(reference: "ref_1", charge: "pay_1", gatewayReference: nil, money: money, reason: nil)))
                == "currency must be INR")
    }

    @Test func `what UPI does not have cannot be said`() throws {
        let upi = PaymentMethod.upi(.init(payerVPA: "alice@psp", payeeVPA: "shop@bank"))
        #expect(throws: EncodingFailure.self) {
            try adapter.request(for: .authorize(.init(reference: "pay_1", money: money, method: upi)))
        }
        #expect(throws: EncodingFailure.self) {
            try adapter.request(
                for: .capture(
                    .init(reference: "cap_1", charge: "pay_1", gatewayReference: nil, authorized: money, money: money)))
        }
        #expect(throws: EncodingFailure.self) {
            try adapter.request(for: .void(.init(reference: "v", charge: "pay_1", gatewayReference: nil, authorized: money)))
        }
        #expect(
            try refusal(.payment(.init(reference: "pay_1", money: money, method: .card(.init(token: "tok_1")))))
                == "method must be upi")
        for kind in [Operation.Account.Kind.pixKey, .bankAccount] {
            #expect(try refusal(.accountValidation(.init(kind: kind, value: "shop@bank"))) == "type must be vpa")
        }
    }

    @Test func `a facade without refunds is sent none`() throws {
        let without = try NPCIUPIAdapter.sample(["refunds": .bool(false)])
        let refund = Operation.refund(
            .init(reference: "ref_1", charge: "pay_1", gatewayReference: nil, money: money, reason: nil))
        #expect(try refusal(refund, by: without) == "the facade takes no refunds")
    }

    @Test func `a push that is taken awaits the gateway, a collect request the payer`() throws {
        let body = #"{"ack":true,"txnId":"\#(Self.charge)","rrn":null,"status":"PENDING"}"#
        let response = GatewayResponse(status: 200, body: Array(body.utf8))
        #expect(adapter.outcome(of: response, for: payment()) == .pending(gatewayReference: Self.charge))
        #expect(
            adapter.outcome(of: response, for: payment(.collect))
                == .requiresAction(NextAction(kind: .approveInApp), gatewayReference: Self.charge))
    }

    @Test func `the bank's code within the switch's stands where the settings say`() throws {
        let other = try NPCIUPIAdapter.sample(["inner_code_member": .string("bankCode")])
        func body(_ member: String) -> GatewayResponse {
            GatewayResponse(
                status: 200,
                body: Array(#"{"txnId":"\#(Self.charge)","result":"FAILURE","respCode":"U30","\#(member)":"Z9"}"#.utf8))
        }
        #expect(other.outcome(of: body("bankCode"), for: payment()).kind == .declined)
        #expect(other.outcome(of: body("refRespCode"), for: payment()).kind == .unknown)
        #expect(adapter.outcome(of: body("bankCode"), for: payment()).kind == .unknown)
    }
}
