import AdapterKit
import Testing

@testable import MockGateways

@Suite("A request matcher")
struct ExpectationMatchingTests {
    /// Whether the matcher takes the request.
    private func matches(_ matcher: String, _ request: ReceivedRequest) throws -> Bool {
        try Sample.matcher(matcher).match(request) != nil
    }

    @Test(
        "compares the method as text and as an expression, in either case",
        arguments: [("POST", true), ("post", true), ("P.*", true), ("GET|POST", true), ("", true), ("GET", false), ("PO", false)])
    func method(method: String, isMatched: Bool) throws {
        #expect(try matches(#"{"method":"\#(method)"}"#, Sample.request("POST")) == isMatched)
    }

    @Test(
        "compares the whole path, without the query",
        arguments: [
            ("/v1/charges/pay_1", true), ("/V1/Charges/PAY_1", true), ("/v1/charges/.*", true), ("/v1/charges/pay_[0-9]+", true),
            ("/v1/charges", false), ("/v1/charges/pay_", false), ("/v1/charges/pay_[0-9]{2}", false), ("charges", false),
        ])
    func path(path: String, isMatched: Bool) throws {
        #expect(try matches(#"{"path":"\#(path)"}"#, Sample.request("GET", "/v1/charges/pay_1?a=1")) == isMatched)
    }

    @Test("finds the path's parameters")
    func parameters() throws {
        let matcher = try Sample.matcher(
            #"{"path":"/v1/charges/{charge}/refunds/{refund}","pathParameters":{"charge":["pay_.*"],"refund":".*"}}"#)
        let found = matcher.match(Sample.request("GET", "/v1/charges/pay_1/refunds/ref%5F2"))
        #expect(found == ["charge": "pay_1", "refund": "ref_2"])
        for path in ["/v1/charges/ch_1/refunds/ref_2", "/v1/charges/pay_1/refunds", "/v1/charges/pay_1/captures/ref_2", "/"] {
            #expect(matcher.match(Sample.request("GET", path)) == nil)
        }
    }

    @Test(
        "wants the query parameters it names, in either form, and does not mind others",
        arguments: [#"{"a":["1"]}"#, #"{"a":"1"}"#, #"[{"name":"a","values":["1"]}]"#, #"{"a":["1|x"]}"#, #"{"A":["1"]}"#])
    func query(parameters: String) throws {
        let matcher = #"{"queryStringParameters":\#(parameters)}"#
        #expect(try matches(matcher, Sample.request("GET", "/?b=2&a=1")))
        #expect(try matches(matcher, Sample.request("GET", "/?a=2&a=1")))
        #expect(try matches(matcher, Sample.request("GET", "/?%61=%31")))
        #expect(try !matches(matcher, Sample.request("GET", "/?a=2")))
        #expect(try !matches(matcher, Sample.request("GET", "/?a")))
        #expect(try !matches(matcher, Sample.request("GET", "/")))
    }

    @Test("wants the headers it names, whatever the case of their names")
    func headers() throws {
        let matcher = #"{"headers":{"Idempotency-Key":["pay_.*"],"X-Tenant-Id":"acme"}}"#
        #expect(try matches(matcher, Sample.request(headers: [("idempotency-key", "pay_1"), ("X-Tenant-Id", "acme")])))
        #expect(try !matches(matcher, Sample.request(headers: [("idempotency-key", "ref_1"), ("X-Tenant-Id", "acme")])))
        #expect(try !matches(matcher, Sample.request(headers: [("X-Tenant-Id", "acme")])))
    }

    @Test(
        "compares text bodies",
        arguments: [
            (#""text""#, "text", true), (#""text""#, "a text", false), (#""text""#, "Text", false), (#""""#, "any", true),
            (#"{"type":"STRING","string":"text"}"#, "text", true), (#"{"type":"STRING","string":"ext"}"#, "text", false),
            (#"{"type":"STRING","string":"ext","subString":true}"#, "texts", true),
            (#"{"type":"STRING","string":"xt","subString":false}"#, "texts", false),
            (#"{"type":"STRING","string":"no","subString":true}"#, "texts", false),
            (#"{"type":"REGEX","regex":"t.*s"}"#, "texts", true), (#"{"type":"REGEX","regex":"ext"}"#, "texts", false),
        ])
    func text(body: String, sent: String, isMatched: Bool) throws {
        #expect(try matches(#"{"body":\#(body)}"#, Sample.request("POST", "/", sent)) == isMatched)
    }

    @Test(
        "compares JSON bodies by the fields that it names",
        arguments: [
            (#"{"a":1}"#, #"{"b":2,"a":1}"#, true), (#"{"a":1}"#, #"{"a":2}"#, false), (#"{"a":1}"#, #"{"b":1}"#, false),
            (#"{"a":1}"#, #"{"a":1.0}"#, false), (#"{"a":1}"#, #"{"a":"1"}"#, false),
            (#"{"a":{"b":1}}"#, #"{"a":{"c":2,"b":1}}"#, true),
            (#"{"a":{"b":1}}"#, #"{"a":1}"#, false), (#"{"a":[2,1]}"#, #"{"a":[1,3,2]}"#, true),
            (#"{"a":[1,1]}"#, #"{"a":[1,2]}"#, false),
            (#"{"a":[{},{"b":1}]}"#, #"{"a":[{"b":1},{}]}"#, true), (#"{"a":[{"b":1},{}]}"#, #"{"a":[{"c":1},{"c":2}]}"#, false),
            (#"{"a":null}"#, #"{"a":null}"#, true), (#"{"a":null}"#, "{}", false), (#"{"a":1}"#, "not JSON", false),
            (#"{"a":1}"#, #"{"a":1,"a":1}"#, false), ("{}", "[]", false), ("{}", #"{"a":1}"#, true),
        ])
    func partial(expected: String, sent: String, isMatched: Bool) throws {
        for body in [expected, #"{"type":"JSON","json":\#(expected),"matchType":"ONLY_MATCHING_FIELDS"}"#] {
            #expect(try matches(#"{"body":\#(body)}"#, Sample.request("POST", "/", sent)) == isMatched)
        }
    }

    @Test(
        "compares JSON bodies strictly where it is told to",
        arguments: [
            (#"{"a":1,"b":[1,2]}"#, #"{ "b": [1, 2], "a": 1 }"#, true), (#"{"a":1}"#, #"{"a":1,"b":2}"#, false),
            (#"{"b":[1,2]}"#, #"{"b":[2,1]}"#, false), (#"{"b":[1]}"#, #"{"b":[1,2]}"#, false),
        ])
    func strict(expected: String, sent: String, isMatched: Bool) throws {
        let matcher = #"{"body":{"type":"JSON","json":\#(expected),"matchType":"STRICT"}}"#
        #expect(try matches(matcher, Sample.request("POST", "/", sent)) == isMatched)
    }

    @Test(
        "compares the fields of a form",
        arguments: [
            ("amount=1000&currency=brl", true), ("currency=brl&metadata%5Bref%5D=pay_1&amount=1000", true),
            ("amount=10&currency=brl", false), ("amount=1000", false), ("", false), (#"{"amount":1000,"currency":"brl"}"#, false),
        ])
    func form(sent: String, isMatched: Bool) throws {
        let matcher = #"{"body":{"type":"PARAMETERS","parameters":{"amount":["[0-9]{4}"],"currency":["brl"]}}}"#
        #expect(try matches(matcher, Sample.request("POST", "/", sent)) == isMatched)
    }

    @Test("takes names with brackets for themselves", arguments: ["metadata[ref]", "expand[]"])
    func brackets(name: String) throws {
        let matcher = #"{"body":{"type":"PARAMETERS","parameters":[{"name":"\#(name)","values":["a b"]}]}}"#
        #expect(try matches(matcher, Sample.request("POST", "/", "\(name)=a+b")))
        #expect(try matches(matcher, Sample.request("POST", "/", "\(name.replacing("[", with: "%5B"))=a%20b")))
        #expect(try !matches(matcher, Sample.request("POST", "/", "metadata=a+b")))
    }

    @Test(
        "is refused by name when it has what is not supported",
        arguments: [
            "cookies", "secure", "keepAlive", "protocol", "not", "jwt", "socketAddress", "clientIp", "respondBeforeBody",
            "operationId",
        ])
    func unsupported(member: String) {
        let refusal = Sample.refusal(#"{"httpRequest":{"\#(member)":true},"httpResponse":{}}"#)
        #expect(refusal == "httpRequest.\(member): not supported by mock-gateways")
    }

    @Test(
        "is refused where it is wrong",
        arguments: [
            (#"{"method":1}"#, "method: not a string"),
            (#"{"method":"!GET"}"#, "method: a leading ! (not, optional) is not supported by mock-gateways"),
            (#"{"path":"?/a"}"#, "path: a leading ? (not, optional) is not supported by mock-gateways"),
            (#"{"path":"/a("}"#, "path: not a regular expression"), (#"{"path":{"not":true}}"#, "path: not a string"),
            (#"{"path":"/a/{id}"}"#, #"path: has the parameters ["id"], pathParameters describes []"#),
            (
                #"{"path":"/a/{id}","pathParameters":{"other":".*"}}"#,
                #"path: has the parameters ["id"], pathParameters describes ["other"]"#
            ),
            (#"{"path":"/a","pathParameters":{"id":".*"}}"#, #"path: has the parameters [], pathParameters describes ["id"]"#),
            (#"{"pathParameters":{"id":".*"}}"#, "pathParameters: without a path"),
            (#"{"headers":{"A":[]}}"#, "headers: A must have exactly one value"),
            (#"{"headers":{"A":["1","2"]}}"#, "headers: A must have exactly one value"),
            (#"{"headers":{"A":[{"schema":{}}]}}"#, "headers.A[0]: not a string"),
            (#"{"headers":{"A":["!1"]}}"#, "headers.A[0]: a leading ! (not, optional) is not supported by mock-gateways"),
            (
                #"{"headers":{"!A":["1"]}}"#,
                "headers: a name that is empty or begins with ! or ? is not supported by mock-gateways"
            ),
            (#"{"headers":{"A":["["]}}"#, "headers.A[0]: not a regular expression"),
            (#"{"headers":{"keyMatchStyle":"SUB_SET","A":["1"]}}"#, "headers.keyMatchStyle: not supported by mock-gateways"),
            (#"{"headers":["A"]}"#, "headers[0]: not an object"), (#"{"headers":"A"}"#, "headers: not an object"),
            (
                #"{"headers":[{"name":"A","values":["1"]},{"name":"A","values":["2"]}]}"#, "headers: A occurs twice"
            ),
            (#"{"queryStringParameters":[{"name":"a"}]}"#, "queryStringParameters[0].values: missing"),
            (#"{"body":1}"#, "body: neither a string, an object nor an array"),
            (#"{"body":{"type":"JSON_PATH","jsonPath":"$"}}"#, "body: type JSON_PATH is not supported by mock-gateways"),
            (#"{"body":{"type":"XPATH","xpath":"/a"}}"#, "body: type XPATH is not supported by mock-gateways"),
            (#"{"body":{"type":"BINARY","base64Bytes":"aGk="}}"#, "body: type BINARY is not supported by mock-gateways"),
            (#"{"body":{"type":"STRING","string":"a","not":true}}"#, "body.not: not supported by mock-gateways"),
            (#"{"body":{"type":"STRING","string":"a","subString":1}}"#, "body.subString: neither true nor false"),
            (#"{"body":{"type":"REGEX","regex":"("}}"#, "body.regex: not a regular expression"),
            (
                #"{"body":{"type":"JSON","json":{},"matchType":"LOOSE"}}"#,
                "body.matchType: neither STRICT nor ONLY_MATCHING_FIELDS"
            ),
            (#"{"body":{"a":["${json-unit.any-string}"]}}"#, "body: json-unit placeholders are not supported by mock-gateways"),
            (#"{"body":{"type":"PARAMETERS","parameters":{"a":["1","2"]}}}"#, "body.parameters: a must have exactly one value"),
            (
                #"{"body":{"type":"PARAMETERS","parameters":{},"optional":true}}"#,
                "body.optional: not supported by mock-gateways"
            ),
        ])
    func wrong(request: String, refusal: String) {
        #expect(Sample.refusal(#"{"httpRequest":\#(request),"httpResponse":{}}"#) == "httpRequest.\(refusal)")
    }
}
