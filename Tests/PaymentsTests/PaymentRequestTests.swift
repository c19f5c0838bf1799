import AdapterKit
import Payments
import Testing

@Suite("A payment request")
struct PaymentRequestTests {
    private func pointers(_ body: JSON) -> [String] {
        do {
            _ = try PaymentRequest(body)
            return []
        } catch {
            #expect(error.code == .validationFailed)
            return error.errors.map(\.pointer)
        }
    }

    private static func method(_ text: String) throws -> JSON { .payment(("method", try .parsed(text))) }

    private static func letters(_ count: Int) -> JSON { .string(String(repeating: "a", count: count)) }

    // MARK: Valid

    @Test(
        "is taken with every method of payment",
        arguments: [
            #"{"type":"card","card":{"token":"tok_1"}}"#, #"{"type":"card","card":{}}"#,
            #"{"type":"card","card":{"number":"411111111111","exp_month":1,"exp_year":2000,"cvc":"1234","holder":""}}"#,
            #"{"card":{"number":"4111111111111111111","exp_month":12,"exp_year":2099},"type":"card"}"#,
            #"{"type":"pix","pix":{}}"#, #"{"type":"pix","pix":{"expires_in":60}}"#,
            #"{"type":"pix","pix":{"expires_in":2592000}}"#,
            #"{"type":"upi","upi":{"payer_vpa":"a@b","payee_vpa":"c@d","flow":"collect"}}"#,
            #"{"type":"bank_transfer","bank_transfer":{"debtor":{"account":"A"},"creditor":{"account":"B","agent":"X","name":"N"}}}"#,
            #"{"type":"wallet","wallet":{"provider":"p","token":"t","return_url":"https://x.test"}}"#,
        ])
    func methods(_ method: String) throws { #expect(pointers(try Self.method(method)) == []) }

    @Test("is taken at the edges of its bounds, lengths counted in code points")
    func edges() {
        // One flag is two code points, "e" with a combining accent too.
        let edges: [(String, JSON)] = [
            ("amount", .integer(1)), ("amount", .integer(999_999_999_999)), ("reference", Self.letters(64)),
            ("reference", .string("a")),
            ("reference", .string(String(repeating: "🇧🇷", count: 32))), ("description", .string("")),
            ("description", Self.letters(140)),
            ("description", .string(String(repeating: "e\u{301}", count: 70))), ("gateway", Self.letters(63)),
            ("metadata", .object([])),
            ("metadata", .object((0..<20).map { JSON.Member("m\($0)", Self.letters(500)) })),
            ("customer", .members([("id", Self.letters(64)), ("email", Self.letters(254)), ("tax_id", Self.letters(32))])),
        ]
        for (name, value) in edges { #expect(pointers(.payment((name, value))) == [], "\(name)") }
    }

    @Test("has the contract's defaults")
    func defaults() throws {
        let request = try PaymentRequest(.payment())
        #expect(request.capture == .automatic)
        #expect(request.onUnavailable == .queue)
        #expect(request.gateway == nil)
        #expect(request.metadata == [])
        #expect(request.money == Money(minorUnits: 1_000, currency: try #require(Currency("EUR"))))
    }

    @Test("takes a whole number with a fraction of zeros, as JSON Schema does", arguments: ["1000", "1000.0", "1000.00"])
    func wholeAmount(_ text: String) throws {
        #expect(try PaymentRequest(.payment(("amount", try .parsed(text)))).money.minorUnits == 1_000)
    }

    // MARK: Invalid

    @Test(
        "is refused for an amount that is none, zero, negative, too large, a fraction or a text",
        arguments: [
            "null", "0", "-1", "1000000000000", "99999999999999999999", "10.01", "10.50", "1e3", "0.5", "\"1000\"", "true",
            "[1000]",
            "{\"value\":1000}", "-0",
        ])
    func amount(_ text: String) throws { #expect(pointers(.payment(("amount", try .parsed(text)))) == ["/amount"]) }

    @Test(
        "is refused for a currency that is not three capital letters",
        arguments: [
            "\"eur\"", "\"EU\"", "\"EURO\"", "\"\"", "\"E R\"", "\"€UR\"", "\"EÜR\"", "978", "null", "\"123\"", "\"ＥＵＲ\"",
        ])
    func currency(_ text: String) throws { #expect(pointers(.payment(("currency", try .parsed(text)))) == ["/currency"]) }

    @Test("is refused where a required member is missing", arguments: ["amount", "currency", "reference", "method"])
    func missing(_ name: String) { #expect(pointers(.payment((name, nil))) == ["/\(name)"]) }

    @Test("is refused where a member has the wrong length, type or word")
    func members() {
        let wrong: [(String, JSON)] = [
            ("reference", .string("")), ("reference", Self.letters(65)), ("reference", .integer(1)), ("reference", .null),
            ("reference", .string(String(repeating: "🇧🇷", count: 33))), ("description", Self.letters(141)),
            ("description", .string(String(repeating: "e\u{301}", count: 71))), ("description", .null),
            ("description", .bool(true)),
            ("capture", .string("later")), ("capture", .string("Manual")), ("capture", .bool(true)), ("capture", .null),
            ("on_unavailable", .string("retry")), ("on_unavailable", .integer(0)), ("gateway", .integer(1)),
            ("gateway", Self.letters(2049)), ("gateway", .array([])), ("metadata", .array([])), ("metadata", .string("x")),
            ("metadata", .null), ("metadata", .object((0..<21).map { JSON.Member("m\($0)", .string("")) })),
            ("customer", .string("x")),
            ("customer", .null), ("customer", .array([])),
        ]
        for (name, value) in wrong { #expect(pointers(.payment((name, value))) == ["/\(name)"], "\(name) \(value)") }
    }

    @Test("is refused for members that no request has", arguments: ["Amount", "amount ", "id", "status", "", "captur"])
    func unknown(_ name: String) { #expect(pointers(.payment((name, .string("x")))) == ["/\(name)"]) }

    @Test(
        "is refused where it is no object",
        arguments: [JSON.null, .array([]), .string("x"), .integer(1), .bool(true)])
    func noObject(_ body: JSON) { #expect(pointers(body).contains("")) }

    @Test("names the member inside, its name escaped as RFC 6901 wants it")
    func inside() {
        let wrong: [(String, JSON, String)] = [
            ("metadata", .members([("a/b", .integer(1))]), "/metadata/a~1b"),
            ("metadata", .members([("a~b", .null)]), "/metadata/a~0b"),
            ("metadata", .members([("k", Self.letters(501))]), "/metadata/k"),
            ("metadata", .members([("k", .object([]))]), "/metadata/k"),
            ("customer", .members([("phone", .string("1"))]), "/customer/phone"),
            ("customer", .members([("id", Self.letters(65))]), "/customer/id"),
            ("customer", .members([("name", Self.letters(141))]), "/customer/name"),
            ("customer", .members([("email", .null)]), "/customer/email"),
            ("customer", .members([("tax_id", Self.letters(33))]), "/customer/tax_id"),
        ]
        for (name, value, pointer) in wrong { #expect(pointers(.payment((name, value))) == [pointer]) }
    }

    @Test(
        "is refused for a method that is missing, another's, or broken inside",
        arguments: [
            ("null", "/method"), ("\"card\"", "/method"), ("{}", "/method/type"), (#"{"type":"cash"}"#, "/method/type"),
            (#"{"type":1}"#, "/method/type"), (#"{"type":"card"}"#, "/method/card"),
            (#"{"type":"card","pix":{}}"#, "/method/pix"),
            (#"{"type":"card","card":{},"pix":{}}"#, "/method/pix"), (#"{"type":"card","card":{},"cash":{}}"#, "/method/cash"),
            (#"{"type":"card","card":"4111"}"#, "/method/card"), (#"{"type":"card","card":{"pan":"4111"}}"#, "/method/card/pan"),
            (#"{"type":"card","card":{"number":"41111111111"}}"#, "/method/card/number"),
            (#"{"type":"card","card":{"number":"41111111111111111111"}}"#, "/method/card/number"),
            (#"{"type":"card","card":{"number":"4111 1111 1111 1111"}}"#, "/method/card/number"),
            (#"{"type":"card","card":{"number":4111111111111111}}"#, "/method/card/number"),
            (#"{"type":"card","card":{"number":"４１１１１１１１１１１１１１１１"}}"#, "/method/card/number"),
            (#"{"type":"card","card":{"exp_month":0}}"#, "/method/card/exp_month"),
            (#"{"type":"card","card":{"exp_month":13}}"#, "/method/card/exp_month"),
            (#"{"type":"card","card":{"exp_month":"12"}}"#, "/method/card/exp_month"),
            (#"{"type":"card","card":{"exp_year":30}}"#, "/method/card/exp_year"),
            (#"{"type":"card","card":{"exp_year":2100}}"#, "/method/card/exp_year"),
            (#"{"type":"card","card":{"cvc":"12"}}"#, "/method/card/cvc"),
            (#"{"type":"card","card":{"cvc":"12345"}}"#, "/method/card/cvc"),
            (#"{"type":"card","card":{"cvc":737}}"#, "/method/card/cvc"),
            (#"{"type":"card","card":{"cvc":"7a7"}}"#, "/method/card/cvc"),
            (#"{"type":"card","card":{"token":7}}"#, "/method/card/token"),
            (#"{"type":"wallet","wallet":{"provider":"p","return_url":""}}"#, "/method/wallet/return_url"),
            (#"{"type":"wallet","wallet":{"provider":"p","return_url":"shop.example/done"}}"#, "/method/wallet/return_url"),
            (#"{"type":"wallet","wallet":{"provider":"p","return_url":"https://a b"}}"#, "/method/wallet/return_url"),
            (#"{"type":"wallet","wallet":{"provider":"p","return_url":"1https://a"}}"#, "/method/wallet/return_url"),
            (#"{"type":"card","card":{"holder":null}}"#, "/method/card/holder"),
            (#"{"type":"pix","pix":{"expires_in":59}}"#, "/method/pix/expires_in"),
            (#"{"type":"pix","pix":{"expires_in":2592001}}"#, "/method/pix/expires_in"),
            (#"{"type":"pix","pix":{"expires_in":60.5}}"#, "/method/pix/expires_in"),
            (#"{"type":"upi","upi":{"payer_vpa":"a@b"}}"#, "/method/upi/payee_vpa"),
            (#"{"type":"upi","upi":{"payer_vpa":"a@b","payee_vpa":"c@d","flow":"push"}}"#, "/method/upi/flow"),
            (#"{"type":"bank_transfer","bank_transfer":{"debtor":{"account":"A"}}}"#, "/method/bank_transfer/creditor"),
            (
                #"{"type":"bank_transfer","bank_transfer":{"debtor":{},"creditor":{"account":"B"}}}"#,
                "/method/bank_transfer/debtor/account"
            ), (#"{"type":"wallet","wallet":{"token":"t"}}"#, "/method/wallet/provider"),
        ])
    func method(text: String, pointer: String) throws { #expect(pointers(try Self.method(text)).contains(pointer)) }

    @Test("names every rule that is broken, not only the first")
    func all() {
        let found = pointers(.payment(("amount", .integer(0)), ("currency", .string("eur")), ("reference", nil), ("x", .null)))
        #expect(Set(found) == ["/amount", "/currency", "/reference", "/x"])
    }

    @Test("a refusal does not repeat what was sent")
    func silent() throws {
        let body = try Self.method(#"{"type":"card","card":{"number":"4111111111111111x","cvc":"73737"}}"#)
        let problem = #expect(throws: Problem.self) { try PaymentRequest(body) }
        let text = String(decoding: problem?.body(requestID: "r") ?? [], as: UTF8.self)
        #expect(text.contains("/method/card/number"))
        #expect(!text.contains("4111111111111111"))
        #expect(!text.contains("73737"))
    }

    // MARK: The other requests

    @Test(
        "a capture or refund is refused for a wrong amount, reason or member",
        arguments: [
            (#"{"amount":0}"#, "/amount"), (#"{"amount":-1}"#, "/amount"), (#"{"amount":1.5}"#, "/amount"),
            (#"{"amount":"1"}"#, "/amount"),
            (#"{"amount":null}"#, "/amount"), (#"{"amount":1000000000000}"#, "/amount"), (#"{"currency":"EUR"}"#, "/currency"),
            ("[]", ""),
        ])
    func operations(text: String, pointer: String) throws {
        let body = try JSON.parsed(text)
        let capture = #expect(throws: Problem.self) { try CaptureRequest(body) }
        let refund = #expect(throws: Problem.self) { try RefundRequest(body) }
        #expect(capture?.errors.map(\.pointer) == [pointer])
        #expect(refund?.errors.map(\.pointer) == [pointer])
    }

    @Test("a capture takes no reason, a refund one of at most 140 characters")
    func reason() throws {
        let reason = JSON.members([("reason", Self.letters(140))])
        #expect(throws: Problem.self) { try CaptureRequest(reason) }
        #expect(try RefundRequest(reason).amount == nil)
        #expect(throws: Problem.self) { try RefundRequest(.members([("reason", Self.letters(141))])) }
    }

    @Test(
        "an account to validate needs a kind and a value",
        arguments: [
            (#"{"value":"a@b"}"#, "/type"), (#"{"type":"iban","value":"a"}"#, "/type"), (#"{"type":"vpa"}"#, "/value"),
            (#"{"type":"vpa","value":""}"#, "/value"), (#"{"type":"vpa","value":1}"#, "/value"),
            (#"{"type":"vpa","value":"a@b","gateway":7}"#, "/gateway"), (#"{"type":"vpa","value":"a@b","x":1}"#, "/x"),
        ])
    func account(text: String, pointer: String) throws {
        let problem = #expect(throws: Problem.self) { try AccountRequest(.parsed(text)) }
        #expect(problem?.errors.map(\.pointer) == [pointer])
    }
}
