import AdapterKit
import Testing

@testable import MockGateways

@Suite("An expectation")
struct ExpectationReadingTests {
    @Test("is read with all its parts")
    func whole() throws {
        let expectation = try Sample.expectation(
            #"""
            {"id": "one", "priority": 5, "httpRequest": {"method": "POST", "path": "/v1/charges"},
             "httpResponse": {"statusCode": 201, "reasonPhrase": "Made", "headers": {"X-A": ["1", "2"], "X-B": "3"},
               "body": {"type": "JSON", "json": {"id": 1}}, "delay": {"timeUnit": "SECONDS", "value": 2},
               "connectionOptions": {"closeSocket": true}},
             "times": {"remainingTimes": 3, "unlimited": false},
             "timeToLive": {"timeUnit": "MINUTES", "timeToLive": 2, "unlimited": false}}
            """#)
        #expect(expectation.id == "one")
        #expect(expectation.priority == 5)
        #expect(expectation.times == 3)
        #expect(expectation.lifetime == 120_000)
        var response = ExpectedResponse(status: 201, body: Array(#"{"id":1}"#.utf8))
        response.reason = "Made"
        response.headers = [("X-A", "1"), ("X-A", "2"), ("X-B", "3"), ("Content-Type", "application/json")]
            .map { FormFields.Field(name: $0.0, value: $0.1) }
        response.delayMilliseconds = 2000
        response.closesConnection = true
        #expect(expectation.action == .response(response))
    }

    @Test("needs little: a request that may be anything, and an answer", arguments: [#""times":{"unlimited":true},"#, ""])
    func least(times: String) throws {
        let expectation = try Sample.expectation(#"{\#(times)"httpRequest":{},"httpResponse":{}}"#)
        #expect(expectation.times == nil)
        #expect(expectation.lifetime == nil)
        #expect(expectation.action == .response(ExpectedResponse(status: 200)))
    }

    @Test(
        "answers with each kind of body",
        arguments: [
            (#""text""#, "text", nil), (#"{"type":"STRING","string":"text","contentType":"text/xml"}"#, "text", "text/xml"),
            (#"{"id":1}"#, #"{"id":1}"#, "application/json"), (#"{"type":"card","a":1}"#, nil, nil),
            ("[1,2]", "[1,2]", "application/json"), (#"{"type":"JSON","json":"{\"a\": 1}"}"#, #"{"a":1}"#, "application/json"),
            (#"{"type":"JSON","json":[],"contentType":"application/problem+json"}"#, "[]", "application/problem+json"),
            (#"{"type":"BINARY","base64Bytes":"aGk="}"#, "hi", nil),
        ] as [(String, String?, String?)])
    func bodies(body: String, bytes: String?, type: String?) throws {
        let json = #"{"httpRequest":{},"httpResponse":{"body":\#(body)}}"#
        guard let bytes else {
            #expect(Sample.refusal(json)?.hasPrefix("httpResponse.body.type: ambiguous") == true)
            return
        }
        guard case .response(let response) = try Sample.expectation(json).action else {
            Issue.record("another action")
            return
        }
        #expect(response.body == Array(bytes.utf8))
        #expect(response.headers.map(\.value) == [type].compactMap { $0 })
    }

    @Test("keeps a content type that it states itself")
    func statedType() throws {
        let expectation = try Sample.expectation(
            #"{"httpRequest":{},"httpResponse":{"headers":{"content-type":["application/a+json"]},"body":{"id":1}}}"#)
        guard case .response(let response) = expectation.action else {
            Issue.record("another action")
            return
        }
        #expect(response.headers == [FormFields.Field(name: "content-type", value: "application/a+json")])
    }

    @Test(
        "may drop the connection, at once or later",
        arguments: [("", 0), (#","delay":{"timeUnit":"MILLISECONDS","value":50}"#, 50)])
    func drop(delay: String, milliseconds: Int) throws {
        let expectation = try Sample.expectation(#"{"httpRequest":{},"httpError":{"dropConnection":true\#(delay)}}"#)
        #expect(expectation.action == .drop(afterMilliseconds: milliseconds))
    }

    @Test("among several is refused with its place")
    func placed() {
        let good = #"{"httpRequest":{},"httpResponse":{}}"#
        let refusal = Sample.refusal(#"[\#(good),\#(good),\#(good),{"httpRequest":{},"httpForward":{"host":"h"}}]"#)
        #expect(refusal == "[3].httpForward: not supported by mock-gateways")
    }

    @Test(
        "is refused by name when it has what is not supported",
        arguments: [
            "percentage", "httpForward", "httpForwardTemplate", "httpResponseClassCallback", "httpResponseObjectCallback",
            "httpOverrideForwardedRequest", "httpSseResponse", "httpResponses", "responseMode", "chaos", "rateLimit", "steps",
            "scenarioName", "beforeActions", "afterActions", "capture", "metadata", "timestamp", "namespace", "no-such-thing",
        ])
    func unsupported(member: String) {
        let refusal = Sample.refusal(#"{"httpRequest":{},"httpResponse":{},"\#(member)":{}}"#)
        #expect(refusal == "\(member): not supported by mock-gateways")
    }

    @Test(
        "is refused where it is wrong",
        arguments: [
            (#"{"httpResponse":{}}"#, "httpRequest: missing"),
            (#"{"httpRequest":{}}"#, "needs exactly one of httpResponse, httpResponseTemplate and httpError"),
            (
                #"{"httpRequest":{},"httpResponse":{},"httpError":{"dropConnection":true}}"#,
                "needs exactly one of httpResponse, httpResponseTemplate and httpError"
            ),
            (#"{"httpRequest":[],"httpResponse":{}}"#, "httpRequest: not an object"),
            (#"{"id":"","httpRequest":{},"httpResponse":{}}"#, "id: not 1 to 256 bytes"),
            (#"{"id":1,"httpRequest":{},"httpResponse":{}}"#, "id: not a string"),
            (#"{"priority":"1","httpRequest":{},"httpResponse":{}}"#, "priority: not an integer of -1000000 to 1000000"),
            (#""text""#, "not an object"), ("[1]", "[0]: not an object"), (#"[[]]"#, "[0]: not an object"),
        ])
    func wrong(text: String, refusal: String) {
        #expect(Sample.refusal(text) == refusal)
    }

    @Test(
        "is refused when its times or its life are wrong",
        arguments: [
            (#""times":{}"#, "times.remainingTimes: missing"), (#""times":{"unlimited":false}"#, "times.remainingTimes: missing"),
            (#""times":{"remainingTimes":0}"#, "times.remainingTimes: not an integer of 1 to 1000000"),
            (#""times":{"remainingTimes":1.5}"#, "times.remainingTimes: not an integer of 1 to 1000000"),
            (#""times":{"remainingTimes":2,"unlimited":true}"#, "times: both unlimited and limited"),
            (#""times":{"remainingTimes":2,"exact":true}"#, "times.exact: not supported by mock-gateways"),
            (#""times":3"#, "times: not an object"),
            (#""timeToLive":{"timeToLive":1}"#, "timeToLive.timeUnit: missing"),
            (#""timeToLive":{"timeUnit":"SECONDS"}"#, "timeToLive.timeToLive: missing"),
            (#""timeToLive":{"timeUnit":"FORTNIGHTS","timeToLive":1}"#, "timeToLive.timeUnit: not a time unit of mock-gateways"),
            (#""timeToLive":{"timeUnit":"DAYS","timeToLive":366}"#, "timeToLive.timeToLive: not an integer of 0 to 365"),
            (
                #""timeToLive":{"timeUnit":"DAYS","timeToLive":1,"unlimited":true}"#, "timeToLive: both unlimited and limited"
            ),
        ])
    func limits(member: String, refusal: String) {
        #expect(Sample.refusal(#"{"httpRequest":{},"httpResponse":{},\#(member)}"#) == refusal)
    }

    @Test(
        "is refused when its answer is wrong",
        arguments: [
            (#"{"statusCode":"200"}"#, "statusCode: not an integer of 200 to 599"),
            (#"{"statusCode":100}"#, "statusCode: not an integer of 200 to 599"),
            (#"{"reasonPhrase":"a\r\nX: 1"}"#, "reasonPhrase: has control characters"),
            (#"{"cookies":{}}"#, "cookies: not supported by mock-gateways"),
            (#"{"trailers":{}}"#, "trailers: not supported by mock-gateways"),
            (#"{"headers":{"A B":["1"]}}"#, "headers: not the name of a header field: A B"),
            (#"{"headers":{"":["1"]}}"#, "headers: not the name of a header field: "),
            (#"{"headers":{"A":["1\n2"]}}"#, "headers.A[0]: has control characters"),
            (#"{"headers":{"A":[1]}}"#, "headers.A[0]: not a string"),
            (#"{"headers":[{"name":"A"}]}"#, "headers[0].values: missing"),
            (#"{"headers":[{"name":"A","value":"1"}]}"#, "headers[0].value: not supported by mock-gateways"),
            (#"{"headers":{"Content-Length":["1"]}}"#, "headers.Content-Length: not supported by mock-gateways"),
            (#"{"headers":{"transfer-encoding":["chunked"]}}"#, "headers.transfer-encoding: not supported by mock-gateways"),
            (#"{"body":1}"#, "body: neither a string, an object nor an array"),
            (#"{"body":{"type":"FILE","filePath":"x"}}"#, "body: type FILE is not supported by mock-gateways"),
            (#"{"body":{"type":"XML","xml":"<a/>"}}"#, "body: type XML is not supported by mock-gateways"),
            (#"{"body":{"type":"JSON"}}"#, "body.json: missing"),
            (#"{"body":{"type":"JSON","json":"{"}}"#, "body.json: a string that holds no JSON"),
            (#"{"body":{"type":"BINARY","base64Bytes":"*"}}"#, "body.base64Bytes: not base64"),
            (#"{"body":{"type":"STRING","string":"a","charset":"x"}}"#, "body.charset: not supported by mock-gateways"),
            (
                #"{"body":{"json":{}}}"#,
                #"body.json: ambiguous in a body without a type; write {"type": "JSON", "json": …}"#
            ),
            (#"{"statusCode":204,"body":"a"}"#, "body: not with status 204"),
            (#"{"delay":{"value":1}}"#, "delay.timeUnit: missing"),
            (#"{"delay":{"timeUnit":"MINUTES","value":11}}"#, "delay.value: not an integer of 0 to 10"),
            (
                #"{"delay":{"timeUnit":"SECONDS","value":1,"distribution":{}}}"#,
                "delay.distribution: not supported by mock-gateways"
            ),
            (#"{"connectionOptions":{}}"#, "connectionOptions.closeSocket: missing"),
            (
                #"{"connectionOptions":{"chunkSize":1}}"#, "connectionOptions.chunkSize: not supported by mock-gateways"
            ),
        ])
    func answers(response: String, refusal: String) {
        #expect(Sample.refusal(#"{"httpRequest":{},"httpResponse":\#(response)}"#) == "httpResponse.\(refusal)")
    }

    @Test(
        "is refused when its error is none",
        arguments: [
            (#"{}"#, "dropConnection: missing"),
            (#"{"dropConnection":false}"#, "dropConnection: false is not supported by mock-gateways"),
            (#"{"dropConnection":true,"responseBytes":"aGk="}"#, "responseBytes: not supported by mock-gateways"),
            (#"{"resetConnection":true}"#, "resetConnection: not supported by mock-gateways"),
        ])
    func errors(error: String, refusal: String) {
        #expect(Sample.refusal(#"{"httpRequest":{},"httpError":\#(error)}"#) == "httpError.\(refusal)")
    }
}
