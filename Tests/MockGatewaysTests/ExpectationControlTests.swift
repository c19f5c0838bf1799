import AdapterKit
import Testing

@testable import MockGateways

@Suite("MockServer's control API")
struct ExpectationControlTests {
    private let expectations: Expectations
    private let control: ExpectationControl

    init() {
        expectations = Expectations { Sample.now }
        control = ExpectationControl(expectations: expectations, port: 9443)
    }

    private static let charges =
        #"{"id":"charges","httpRequest":{"method":"POST","path":"/v1/charges"},"httpResponse":{"statusCode":402}}"#
    private static let refunds = #"{"id":"refunds","httpRequest":{"method":"POST","path":"/v1/refunds"},"httpResponse":{}}"#

    private func put(_ call: String, _ body: String = "") -> ExpectationControl.Reply? {
        control.answer(method: "PUT", target: "/mockserver/\(call)", body: Array(body.utf8))
    }

    private func said(_ reply: ExpectationControl.Reply?) -> String {
        reply.map { "\($0.status) \(String(decoding: $0.body, as: UTF8.self))" } ?? ""
    }

    private func listed(_ call: String, _ body: String = "", _ member: String = "id") throws -> [String?] {
        try #require(try? JSON(parsing: put(call, body)?.body ?? [])).elements?.map { $0[member]?.text } ?? []
    }

    @Test("takes an expectation or several, and shows them with their ids")
    func adds() throws {
        #expect(put("expectation", Self.charges)?.status == 201)
        #expect(put("expectation", "[\(Self.refunds)]")?.contentType == "application/json")
        #expect(try listed("retrieve?type=ACTIVE_EXPECTATIONS&format=JSON") == ["charges", "refunds"])
        #expect(try listed("retrieve?type=active_expectations", #"{"path":"/v1/r.*"}"#) == ["refunds"])
        #expect(try listed("retrieve?type=ACTIVE_EXPECTATIONS", #"{"path":"/v1/refunds","method":"GET"}"#) == [])
        #expect(try listed("retrieve?type=ACTIVE_EXPECTATIONS", #"{"id":"charges"}"#) == ["charges"])
    }

    @Test("takes none of several when one is wrong")
    func addsNone() {
        let reply = put("expectation", #"[\#(Self.charges),{"httpRequest":{},"httpForward":{}}]"#)
        #expect(said(reply) == "400 [1].httpForward: not supported by mock-gateways")
        #expect(said(put("expectation", "{")) == "400 not valid JSON, at byte 1")
        #expect(said(put("expectation")) == "400 not valid JSON, at byte 0")
        #expect(said(put("retrieve?type=ACTIVE_EXPECTATIONS")) == "200 []")
    }

    @Test("shows the requests that came, those answered and those not")
    func requests() throws {
        _ = put("expectation", Self.charges)
        _ = expectations.answer(to: Sample.request("POST", "/v1/charges", headers: [("A", "1"), ("A", "2")], #"{"a":1}"#))
        #expect(expectations.answer(to: Sample.request("GET", "/else?q=1", "text")) == nil)
        let shown = try JSON(parsing: try #require(put("retrieve?type=REQUESTS&format=JSON")).body)
        let expected = try Sample.json(
            #"""
            [{"method":"POST","path":"/v1/charges","headers":{"A":["1","2"]},"body":{"type":"JSON","json":{"a":1}}},
             {"method":"GET","path":"/else","queryStringParameters":{"q":["1"]},"headers":{},"body":"text"}]
            """#)
        #expect(shown.canonical == expected.canonical)
        #expect(try listed("retrieve?type=REQUESTS", #"{"path":"/else"}"#, "path") == ["/else"])
        #expect(try listed("retrieve?type=REQUESTS", #"{"id":"charges"}"#, "path") == ["/v1/charges"])
        #expect(try listed("retrieve", "", "path") == ["/v1/charges", "/else"])
    }

    @Test(
        "verifies how often requests came",
        arguments: [
            (#"{}"#, "202 "), (#"{"atLeast":2}"#, "202 "),
            (#"{"atLeast":3}"#, "406 Request not found at least 3 times, but 2 times"),
            (#"{"atMost":2}"#, "202 "), (#"{"atMost":1}"#, "406 Request not found at most 1 times, but 2 times"),
            (#"{"atLeast":1,"atMost":2}"#, "202 "), (#"{"atLeast":2,"atMost":2}"#, "202 "),
            (#"{"atLeast":1,"atMost":1}"#, "406 Request not found exactly 1 times, but 2 times"),
            (#"{"atLeast":3,"atMost":4}"#, "406 Request not found between 3 and 4 times, but 2 times"),
        ])
    func verifies(times: String, reply: String) {
        for _ in 1...2 { _ = expectations.answer(to: Sample.request("POST", "/v1/charges", "amount=1000")) }
        _ = expectations.answer(to: Sample.request("POST", "/v1/charges", "amount=1"))
        let body = #"{"type":"PARAMETERS","parameters":{"amount":["1000"]}}"#
        let times = times == "{}" ? "" : #","times":\#(times)"#
        #expect(said(put("verify", #"{"httpRequest":{"path":"/v1/charges","body":\#(body)}\#(times)}"#)) == reply)
    }

    @Test("verifies what an expectation is for, by its id")
    func verifiesByID() {
        _ = put("expectation", Self.charges)
        #expect(put("verify", #"{"expectationId":{"id":"charges"},"times":{"atMost":0}}"#)?.status == 202)
        _ = expectations.answer(to: Sample.request("POST", "/v1/charges"))
        #expect(put("verify", #"{"expectationId":{"id":"charges"}}"#)?.status == 202)
        #expect(said(put("verify", #"{"expectationId":{"id":"none"}}"#)) == "400 id: no such expectation")
    }

    @Test(
        "refuses to verify what it cannot",
        arguments: [
            ("{}", "httpRequest: missing"), (#"{"httpRequest":{},"times":{}}"#, "times: neither atLeast nor atMost"),
            (#"{"httpRequest":{},"times":{"atLeast":2,"atMost":1}}"#, "times: atLeast is more than atMost"),
            (#"{"httpRequest":{},"times":{"atLeast":-1}}"#, "times.atLeast: not an integer of 0 to 1000000"),
            (#"{"httpRequest":{},"times":{"count":1}}"#, "times.count: not supported by mock-gateways"),
            (#"{"httpRequest":{},"httpResponse":{}}"#, "httpResponse: not supported by mock-gateways"),
            (#"{"httpRequest":{"secure":true}}"#, "httpRequest.secure: not supported by mock-gateways"),
            (#"{"httpRequest":{},"expectationId":{"id":"a"}}"#, "both httpRequest and expectationId"),
            ("[]", "not an object"), ("", "not valid JSON, at byte 0"),
        ])
    func verifiesNot(body: String, problem: String) {
        #expect(said(put("verify", body)) == "400 \(problem)")
    }

    @Test(
        "clears expectations, requests or both",
        arguments: [("", [0, 0]), ("?type=all", [0, 0]), ("?type=LOG", [2, 0]), ("?type=expectations", [0, 2])])
    func clears(type: String, left: [Int]) throws {
        _ = put("expectation", "[\(Self.charges),\(Self.refunds)]")
        for path in ["/v1/charges", "/v1/refunds"] { _ = expectations.answer(to: Sample.request("POST", path)) }
        #expect(said(put("clear\(type)")) == "200 ")
        #expect(try listed("retrieve?type=ACTIVE_EXPECTATIONS").count == left[0])
        #expect(try listed("retrieve?type=REQUESTS").count == left[1])
    }

    @Test("clears those of a path or an id and leaves the others", arguments: [#"{"path":"/v1/charges"}"#, #"{"id":"charges"}"#])
    func clearsSome(filter: String) throws {
        _ = put("expectation", "[\(Self.charges),\(Self.refunds)]")
        for path in ["/v1/charges", "/v1/refunds"] { _ = expectations.answer(to: Sample.request("POST", path)) }
        #expect(put("clear", filter)?.status == 200)
        #expect(try listed("retrieve?type=ACTIVE_EXPECTATIONS") == ["refunds"])
        #expect(try listed("retrieve?type=REQUESTS", "", "path") == ["/v1/refunds"])
    }

    @Test("resets everything, and is there")
    func resets() {
        _ = put("expectation", Self.charges)
        _ = expectations.answer(to: Sample.request())
        #expect(said(put("reset")) == "200 ")
        #expect(said(put("retrieve?type=ACTIVE_EXPECTATIONS")) == "200 []")
        #expect(said(put("retrieve?type=REQUESTS")) == "200 []")
        #expect(said(put("status")) == #"200 {"ports":[9443]}"#)
    }

    @Test(
        "refuses by name what it does not have",
        arguments: [
            ("retrieve?type=LOGS", "400 type=LOGS"), ("retrieve?type=REQUEST_RESPONSES", "400 type=REQUEST_RESPONSES"),
            ("retrieve?type=RECORDED_EXPECTATIONS", "400 type=RECORDED_EXPECTATIONS"),
            ("retrieve?format=JAVA", "400 format=JAVA"),
            ("retrieve?type=REQUESTS&limit=1", "400 ?limit"), ("clear?type=none", "400 type=none"),
            ("clear?unmatched=true", "400 ?unmatched"),
            ("verifySequence", "501 PUT /mockserver/verifySequence"), ("openapi", "501 PUT /mockserver/openapi"),
            ("bind", "501 PUT /mockserver/bind"), ("stop", "501 PUT /mockserver/stop"), ("clock", "501 PUT /mockserver/clock"),
            ("", "501 PUT /mockserver/"),
        ])
    func unsupported(call: String, reply: String) {
        #expect(said(put(call)) == "\(reply): not supported by mock-gateways")
    }

    @Test(
        "looks for expectations by method and path only",
        arguments: [#"{"headers":{"A":["1"]}}"#, #"{"queryStringParameters":{"a":"1"}}"#, #"{"body":"a"}"#])
    func filters(filter: String) {
        for call in ["clear", "clear?type=expectations", "retrieve?type=ACTIVE_EXPECTATIONS"] {
            #expect(said(put(call, filter)).hasSuffix(" in a filter of expectations: not supported by mock-gateways"))
        }
        #expect(put("clear?type=log", filter)?.status == 200)
    }

    @Test("leaves other paths and methods alone")
    func others() {
        #expect(control.answer(method: "GET", target: "/ledger", body: []) == nil)
        #expect(control.answer(method: "PUT", target: "/expectation", body: []) == nil)
        #expect(
            said(control.answer(method: "GET", target: "/mockserver/status", body: [])).hasPrefix("501 GET /mockserver/status"))
        #expect(said(put("clear", #"{"id":"none"}"#)) == "400 id: no such expectation")
    }
}
