import AdapterKit
import Testing

@testable import MockGateways

@Suite("A response template")
struct ExpectationTemplateTests {
    /// An expectation that answers `/charges/{id}` by the template.
    private static func expectation(_ template: String) -> JSON {
        .members([
            (
                "httpRequest",
                .members([("path", .string("/charges/{id}")), ("pathParameters", .members([("id", .string(".*"))]))])
            ),
            ("httpResponseTemplate", .members([("templateType", .string("VELOCITY")), ("template", .string(template))])),
        ])
    }

    /// The body that the template writes for a request, where `body` stands in `{"body": …}`.
    private func body(_ body: String, _ before: String = "", sent: String, target: String = "/charges/pay_1?q=7") throws -> String
    {
        let expectations = Expectations { Sample.now }
        _ = try expectations.add(Expectation.several(Self.expectation(#"\#(before){"statusCode": 201, "body": \#(body)}"#)))
        let request = Sample.request("POST", target, headers: [("X-Request-Id", "req-1")], sent)
        guard case .respond(let response) = expectations.answer(to: request) else { return "no answer" }
        return "\(response.status) \(String(decoding: response.body, as: UTF8.self))"
    }

    @Test(
        "echoes each part of a request",
        arguments: [
            ("$!request.method", "POST"), ("$!request.path", "/charges/pay_1"), ("$!{request.method}!", "POST!"),
            ("$!request.headers['X-Request-Id'][0]", "req-1"), ("$!request.headers['x-request-id'][0]", ""),
            ("$!request.pathParameters['id'][0]", "pay_1"), ("$!request.pathParameters['other'][0]", ""),
            ("$!request.queryStringParameters['q'][0]", "7"), ("costs 5$ and #1, 50% of $9", "costs 5$ and #1, 50% of $9"),
            ("$!request.path.replaceAll('^/charges/(.*)_(.*)$', '$2-$1')", "1-pay"),
        ])
    func echoes(written: String, read: String) throws {
        #expect(try body("\"\(written)\"", sent: "") == "201 \(read)")
    }

    @Test(
        "echoes fields of JSON",
        arguments: [
            ("$!json_.amount", "1000"), ("$!json_.method.type", "card"), ("$!json_.list[1].a", "2"), ("$!json_.list[9].a", ""),
            ("$!json_.none", ""), ("$!json_.amount.none", ""), ("$!json_.null", ""), ("$!json_.flag", "true"),
            ("$!json_.rate", "1.50"),
            ("$!json_.amount.", "1000."),
        ])
    func json(written: String, read: String) throws {
        let sent = #"{"amount":1000,"method":{"type":"card"},"list":[{"a":1},{"a":2}],"flag":true,"rate":1.50,"null":null}"#
        let parse = "#set($json_ = $json.parse($!request.body))\n"
        #expect(try body("\"\(written)\"", parse, sent: sent) == "201 \(read)")
        #expect(try body("{\"n\": \"\(written)\"}", parse, sent: "not JSON").hasPrefix(#"201 {"n":""#))
    }

    @Test(
        "echoes fields of a form",
        arguments: [
            ("amount=1000&metadata[ref]=pay+1", "1000"), ("currency=brl&amount=5", "5"), ("my_amount=3", ""), ("", ""),
            ("amount=%31%32", "12"),
        ])
    func form(sent: String, read: String) throws {
        let parse = "#set($amount = $esc.unurl($request.body.replaceAll('^(?:(?:.*&)?amount=([^&]*))?.*$', '$1')))"
        #expect(try body(#""$!amount""#, parse, sent: sent) == "201 \(read)")
    }

    @Test("escapes what goes into a JSON string where it is told to")
    func escapes() throws {
        let parse = "#set($parsed = $json.parse($!request.body)) "
        #expect(
            try body(#"{"n": "$!esc.java($parsed.name)"}"#, parse, sent: #"{"name":"a \"b\" \\ c"}"#)
                == #"201 {"n":"a \"b\" \\ c"}"#)
    }

    @Test(
        "answers 404 when what it writes is no response",
        arguments: [#"{"name":"a \" b"}"#, #"{"name":{"a":1}}"#, #"{"name":[]}"#])
    func fails(sent: String) throws {
        let written = try body(#""$!parsed.name""#, "#set($parsed = $json.parse($!request.body))", sent: sent)
        #expect(written.hasPrefix("404 template: "))
    }

    @Test("cannot be made to write another status than one of HTTP")
    func status() throws {
        let expectations = Expectations { Sample.now }
        _ = try expectations.add(
            Expectation.several(Self.expectation(#"{"statusCode": $!request.queryStringParameters['s'][0]}"#)))
        for (status, answered) in [("402", 402), ("99", 404), ("1000", 404), ("", 404)] {
            let request = Sample.request("GET", "/charges/pay_1?s=\(status)")
            guard case .respond(let response) = expectations.answer(to: request) else {
                Issue.record("no answer")
                return
            }
            #expect(response.status == answered)
        }
    }

    @Test(
        "is refused by name when it uses what is not supported",
        arguments: [
            ("#if($request.method == 'POST'){}#end", "#if is not supported by mock-gateways"),
            ("#foreach($a in $b){}#end", "#foreach is not supported by mock-gateways"),
            ("## comment", "## is not supported by mock-gateways"), ("#* comment *#", "#* is not supported by mock-gateways"),
            ("#[[raw]]#", "#[[raw is not supported by mock-gateways"),
            ("#macro(a)#end", "#macro is not supported by mock-gateways"),
            ("#{set}($a = $request.body)", "#{set is not supported by mock-gateways"),
            ("#set($json = $request.body)", "#set of $json is not supported by mock-gateways"),
            ("#set($a = 'text')", #"expected $ before "'text')""#), ("#set($a = $b)", "$b is not supported by mock-gateways"),
            ("#set($a = $math.add(1, 2))", "$math is not supported by mock-gateways"),
            ("$!jsonPath.find('$.a')", "$jsonPath is not supported by mock-gateways"),
            ("$!uuid", "$uuid is not supported by mock-gateways"),
            ("$request.body", "write $!request.body: only quiet references are supported"),
            ("${request.body}", "write $!{request.body}: only quiet references are supported"),
            ("$!request.cookies['a']", "$request.cookies is not supported by mock-gateways"),
            ("$!request.remoteAddress", "$request.remoteAddress is not supported by mock-gateways"),
            ("$!request.getMethod()", "$request.getMethod is not supported by mock-gateways"),
            ("$!request.headers.host[0]", #"expected [ before ".host[0]""#),
            ("$!request.headers['a'][1]", "another value than [0] is not supported by mock-gateways"),
            ("$!request.headers['a']", #"expected [ before """#),
            ("$!request.body.substring(1)", ".substring(…) is not supported by mock-gateways"),
            ("$!request.body.replaceAll('(', '')", "'(' is not a regular expression"),
            ("$!request.body.replaceAll('a', '$1')", "'a' has no group 1"),
            ("$!request.body.replaceAll('(a)', '$12')", "the replacement '$12' is not supported by mock-gateways"),
            (#"$!request.body.replaceAll('a', '\\')"#, #"the replacement '\\' is not supported by mock-gateways"#),
            ("$!request.body.replaceAll('a, '')", #"expected , before "')""#),
            ("$!request.body.replaceAll('a", "a quotation that does not end"),
            ("$!esc.html($request.body)", "$esc.html is not supported by mock-gateways"),
            ("$!json.parse($request.path)", "$json.parse of anything but $!request.body is not supported by mock-gateways"),
            ("$!", #"expected a name before """#), ("$!{request.body", #"expected } before """#),
            (#"\$!request.body"#, #"\$ is not supported by mock-gateways"#),
        ])
    func unsupported(template: String, problem: String) {
        #expect(throws: ExpectationRefusal(place: "httpResponseTemplate.template", problem: problem)) {
            _ = try Expectation.several(Self.expectation(template))
        }
    }

    @Test(
        "is refused when it writes no response",
        arguments: [
            ("", "does not write JSON"), ("{'statusCode': 200}", "does not write JSON"), ("[]", "response: not an object"),
            (#"{"statusCode": 20}"#, "response.statusCode: not an integer of 200 to 599"),
            (#"{"cookies": {}}"#, "response.cookies: not supported by mock-gateways"),
            (#"{"body": {"type": "XML", "xml": "<a/>"}}"#, "response.body: type XML is not supported by mock-gateways"),
        ])
    func noResponse(template: String, problem: String) {
        #expect(throws: ExpectationRefusal(place: "httpResponseTemplate.template", problem: problem)) {
            _ = try Expectation.several(Self.expectation(template))
        }
    }

    @Test(
        "is refused in another language or from elsewhere",
        arguments: [
            (#"{"templateType":"MUSTACHE","template":"{}"}"#, "templateType: only VELOCITY is supported by mock-gateways"),
            (#"{"templateType":"JAVASCRIPT","template":"{}"}"#, "templateType: only VELOCITY is supported by mock-gateways"),
            (#"{"template":"{}"}"#, "templateType: missing"), (#"{"templateType":"VELOCITY"}"#, "template: missing"),
            (#"{"templateType":"VELOCITY","templateFile":"a"}"#, "templateFile: not supported by mock-gateways"),
            (#"{"templateType":"VELOCITY","template":"{}","parameters":{}}"#, "parameters: not supported by mock-gateways"),
        ])
    func elsewhere(template: String, problem: String) {
        let refusal = Sample.refusal(#"{"httpRequest":{},"httpResponseTemplate":\#(template)}"#)
        #expect(refusal == "httpResponseTemplate.\(problem)")
    }
}
