import AdapterKit
import ProcessKit
import Signing
import Testing

/// A request with one thing wrong, and the problem that says so.
struct BadRequest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let status: Int
    let code: String
    /// Where the problem says the fault is; `nil` where it names no place.
    let pointer: String?
    /// Spoils the request before the tenant signs it: the signature holds.
    var beforeSigning: @Sendable (inout APIRequest) -> Void = { _ in }
    /// Spoils it afterwards.
    var afterSigning: @Sendable (inout APIRequest) -> Void = { _ in }

    /// The request as it is sent by the tenant acme.
    func request(at now: Timestamp) throws -> APIRequest {
        var request = APIRequest.post("/v1/payments", Caller.order(), key: "order-7")
        request.add("X-Tenant-Id", "acme")
        beforeSigning(&request)
        try request.sign(Setup.acmeKey, at: now)
        afterSigning(&request)
        return request
    }
}

// MARK: - Bodies

extension BadRequest {
    /// A body that is not JSON as we read it.
    static func text(_ name: String, _ body: some Collection<UInt8> & Sendable, at pointer: String?) -> BadRequest {
        let bytes = Array(body)
        return BadRequest(
            testDescription: name, status: 400, code: "malformed_request", pointer: pointer,
            beforeSigning: { $0.body = bytes })
    }

    /// A usual order in which one member is otherwise.
    static func member(_ name: String, _ value: JSON, at pointer: String? = nil) -> BadRequest {
        let text = String(decoding: value.encoded(), as: UTF8.self)
        return rule(
            "\(name) \(text.count > 60 ? "\(text.prefix(60))…" : text)", Caller.order((name, value)), at: pointer ?? "/\(name)")
    }

    /// A usual order without a member.
    static func without(_ name: String) -> BadRequest {
        let members = Caller.order().members ?? []
        return rule("no \(name)", .object(members.filter { $0.name != name }), at: "/\(name)")
    }

    static func rule(_ name: String, _ body: JSON, at pointer: String) -> BadRequest {
        BadRequest(
            testDescription: name, status: 422, code: "validation_failed", pointer: pointer,
            beforeSigning: { $0.body = body.encoded() })
    }

    static let malformed = [
        text("an empty body", [], at: nil),
        text("half of an object", #"{"amount": 1000, "currency""#.utf8, at: nil),
        text("text after the object", #"{"amount":1000} {}"#.utf8, at: nil),
        text("a comment", #"{"amount":1000 /* minor units */}"#.utf8, at: nil),
        text("a trailing comma", #"{"amount":1000,}"#.utf8, at: nil),
        text("a number with a leading zero", #"{"amount":0100}"#.utf8, at: nil),
        text("not a number", #"{"amount":NaN}"#.utf8, at: "/amount"),
        text("text that is not UTF-8", Array(#"{"reference":""#.utf8) + [0xFF, 0xFE] + Array(#""}"#.utf8), at: "/reference"),
        text("an unpaired surrogate", #"{"reference":"\ud800"}"#.utf8, at: "/reference"),
        text("a NUL in a text", Array(#"{"reference":""#.utf8) + [0x00] + Array(#""}"#.utf8), at: "/reference"),
        text("a member that occurs twice", #"{"amount":1,"amount":1000}"#.utf8, at: "/amount"),
        text("a member of the method that occurs twice", #"{"method":{"type":"card","type":"pix"}}"#.utf8, at: "/method/type"),
        text("1,000 arrays in each other", String(repeating: "[", count: 1000).utf8, at: String(repeating: "/0", count: 64)),
        text(
            "1,000 objects in each other", String(repeating: #"{"a":"#, count: 1000).utf8, at: String(repeating: "/a", count: 64)),
    ]

    static let amounts = [
        without("amount"), member("amount", .null), member("amount", .integer(0)), member("amount", .integer(-1)),
        member("amount", .number("10.5")), member("amount", .number("1000.01")), member("amount", .number("1e3")),
        member("amount", .string("1000")), member("amount", .bool(true)), member("amount", .array([.integer(1000)])),
        member("amount", .integer(1_000_000_000_000)), member("amount", .integer(.max)), member("amount", .integer(.min)),
        member("amount", .number("99999999999999999999")),
    ]

    static let members = [
        rule("an array for a body", .array([Caller.order()]), at: ""), rule("a text for a body", .string("pay"), at: ""),
        member("amont", .integer(1000)), member("Amount", .integer(1000)), member("a/b~c", .null, at: "/a~1b~0c"),
        without("currency"), member("currency", .string("brl")), member("currency", .string("BR")),
        member("currency", .string("BRLX")), member("currency", .string("B1L")), member("currency", .integer(986)),
        without("reference"), member("reference", .string("")), member("reference", .string(String(repeating: "r", count: 65))),
        member("reference", .integer(7)), member("description", .string(String(repeating: "d", count: 141))),
        member("capture", .string("later")), member("on_unavailable", .string("retry")), member("gateway", .integer(1)),
        member("metadata", .array([])), member("metadata", .members([("a", .integer(1))]), at: "/metadata/a"),
        member("metadata", .members((0..<21).map { ("m\($0)", .string("v")) })),
        member("metadata", .members([("a", .string(String(repeating: "v", count: 501)))]), at: "/metadata/a"),
        member("customer", .string("someone")), member("customer", .members([("phone", .string("1"))]), at: "/customer/phone"),
        member("customer", .members([("name", .string(String(repeating: "n", count: 141)))]), at: "/customer/name"),
    ]

    static let methods = [
        without("method"), member("method", .string("card")), member("method", .members([]), at: "/method/type"),
        member("method", .members([("type", .string("cash"))]), at: "/method/type"),
        member("method", .members([("type", .string("card"))]), at: "/method/card"),
        member("method", .members([("type", .string("card")), ("pix", .members([]))]), at: "/method/pix"),
        member(
            "method", .members([("type", .string("card")), ("card", .members([])), ("pix", .members([]))]), at: "/method/pix"),
        member("method", .members([("type", .string("card")), ("card", .string("4111"))]), at: "/method/card"),
        member("method", Caller.card(("number", .string("41111111111"))), at: "/method/card/number"),
        member("method", Caller.card(("number", .string("4111 1111 1111 1111"))), at: "/method/card/number"),
        member("method", Caller.card(("number", .integer(4_111_111_111_111_111))), at: "/method/card/number"),
        member("method", Caller.card(("exp_month", .integer(13))), at: "/method/card/exp_month"),
        member("method", Caller.card(("exp_year", .integer(30))), at: "/method/card/exp_year"),
        member("method", Caller.card(("cvc", .string("12"))), at: "/method/card/cvc"),
        member("method", Caller.card(("cvv", .string("123"))), at: "/method/card/cvv"),
        member(
            "method", .members([("type", .string("upi")), ("upi", .members([("payer_vpa", .string("a@b"))]))]),
            at: "/method/upi/payee_vpa"),
        member(
            "method", .members([("type", .string("pix")), ("pix", .members([("expires_in", .integer(59))]))]),
            at: "/method/pix/expires_in"),
        member(
            "method", .members([("type", .string("bank_transfer")), ("bank_transfer", .members([("debtor", .members([]))]))]),
            at: "/method/bank_transfer/creditor"),
        member("method", .members([("type", .string("wallet")), ("wallet", .members([]))]), at: "/method/wallet/provider"),
    ]

    private static func operation(_ name: String, _ body: JSON, at pointer: String) -> BadRequest {
        BadRequest(
            testDescription: "\(name) \(String(decoding: body.encoded(), as: UTF8.self).prefix(60))", status: 422,
            code: "validation_failed", pointer: pointer,
            beforeSigning: { request in
                request.target = name == "validate" ? "/v1/accounts/validate" : "/v1/payments/\(absent)/\(name)"
                request.body = body.encoded()
            })
    }

    /// A payment that nobody made.
    static let absent = "pay_00000000000000000000000000"

    static let operations = [
        operation("capture", .members([("amount", .integer(0))]), at: "/amount"),
        operation("capture", .members([("amount", .string("1"))]), at: "/amount"),
        operation("capture", .members([("reason", .string("r"))]), at: "/reason"), operation("capture", .array([]), at: ""),
        operation("refunds", .members([("amount", .integer(-1))]), at: "/amount"),
        operation("refunds", .members([("amount", .number("0.5"))]), at: "/amount"),
        operation("refunds", .members([("reason", .string(String(repeating: "r", count: 141)))]), at: "/reason"),
        operation("refunds", .members([("currency", .string("BRL"))]), at: "/currency"),
        operation("validate", .members([("type", .string("iban")), ("value", .string("a@b"))]), at: "/type"),
        operation("validate", .members([("type", .string("vpa"))]), at: "/value"),
        operation("validate", .members([("type", .string("vpa")), ("value", .string(""))]), at: "/value"),
    ]

    static let bodies = [
        BadRequest(
            testDescription: "a gateway that is not configured", status: 422, code: "no_gateway", pointer: "/gateway",
            beforeSigning: { $0.body = Caller.order(("gateway", .string("bank-z"))).encoded() }),
        BadRequest(
            testDescription: "a body over the limit", status: 413, code: "payload_too_large", pointer: nil,
            beforeSigning: { $0.body = Array(repeating: UInt8(ascii: " "), count: 256 * 1024) + $0.body }),
        BadRequest(
            testDescription: "another type", status: 415, code: "unsupported_media_type", pointer: nil,
            beforeSigning: { $0.set("Content-Type", "text/plain") }),
        BadRequest(
            testDescription: "no type", status: 415, code: "unsupported_media_type", pointer: nil,
            beforeSigning: { $0.remove("Content-Type") }),
        BadRequest(
            testDescription: "a type that only begins alike", status: 415, code: "unsupported_media_type", pointer: nil,
            beforeSigning: { $0.set("Content-Type", "application/json5") }),
    ]
}
