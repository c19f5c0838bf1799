import AdapterKit
import Payments
import Testing

@testable import Drawbridge

@Suite(.timeLimit(.minutes(1))) struct CallbackResponderTests {
    private static let limit = 256 * 1024

    private static func bytes(_ count: Int) -> [UInt8] { Array(repeating: UInt8(ascii: "x"), count: count) }

    private static func expectStatus(_ status: Int, _ answer: String) { #expect(answer.hasPrefix("HTTP/1.1 \(status) ")) }

    /// A refusal: the status, and nothing that says why.
    private static func expectBareRefusal(_ status: Int, _ answer: String) {
        expectStatus(status, answer)
        #expect(answer.hasSuffix("\r\n\r\n"), "a body: \(answer)")
        #expect(!answer.lowercased().contains("content-type"))
    }

    @Test("a callback is handed on as it came")
    func delivery() async throws {
        let intake = RecordingIntake()
        let body: [UInt8] = [0x00, 0xFF, 0x0D, 0x0A, 0x7B]
        try await RunningListener.run(intake) { listener in
            let answer = try await listener.post(
                "/callbacks/bank-a", headers: "X-Signature: v1=a\r\nx-event-ID: evt_1\r\nX-Signature: v1=b\r\n", body: body)
            Self.expectBareRefusal(204, answer)
        }
        let delivery = try #require(intake.deliveries.first)
        #expect(intake.deliveries.count == 1)
        #expect(delivery.gateway == "bank-a")
        #expect(delivery.method == "POST")
        #expect(delivery.target == "/callbacks/bank-a")
        #expect(delivery.body == body)
        #expect(delivery.source == "127.0.0.1")
        #expect(delivery.certificateSubject == nil)
        #expect(
            delivery.headers
                == Headers([
                    ("Host", "pay.example"), ("Connection", "close"), ("X-Signature", "v1=a"), ("x-event-ID", "evt_1"),
                    ("X-Signature", "v1=b"), ("Content-Length", "5"),
                ]))
    }

    @Test(
        "the target stays as it is on the wire",
        arguments: [
            "/callbacks/bank-a", "/callbacks/bank-a?", "/callbacks/bank-a?b=2&a=1&a=0&c", "/callbacks/bank-a/",
            "/callbacks/bank-a/pix", "/callbacks/bank-a/a%2fb/%2E%2e/../c//d?x=%2F+%20;y",
            "/callbacks/bank-a?q=/callbacks/bank-b",
        ])
    func target(target: String) async throws {
        let intake = RecordingIntake()
        try await RunningListener.run(intake) { listener in Self.expectStatus(204, try await listener.post(target)) }
        #expect(intake.deliveries.map(\.target) == [target])
        #expect(intake.deliveries.map(\.gateway) == ["bank-a"])
    }

    @Test(
        "nothing is at any other path",
        arguments: [
            "/", "/callbacks", "/callbacks/", "/callbacks//bank-a", "/callbacks/bank-b", "/callbacks/bank-A",
            "/callbacks/%62ank-a",
            "/callbacks%2fbank-a", "/callbacks/bank-a%2fx", "/callbacks/bank-a%00", "/callbacks/bank-a;x", "/callbacks/./bank-a",
            "/x/../callbacks/bank-a", "//callbacks/bank-a", "/Callbacks/bank-a", "/callbacks?/bank-a", "/v1/payments", "/metrics",
        ])
    func elsewhere(target: String) async throws {
        let intake = RecordingIntake()
        try await RunningListener.run(intake) { listener in
            Self.expectBareRefusal(404, try await listener.post(target))
            // Answered although the body never comes: nobody waits for it.
            let head = "POST \(target) HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n"
            Self.expectBareRefusal(404, try await listener.send(head))
        }
        #expect(intake.deliveries.isEmpty && intake.tooLarge.isEmpty)
    }

    @Test("any method but POST is told which it is", arguments: ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "MKCOL"])
    func methods(method: String) async throws {
        let intake = RecordingIntake()
        try await RunningListener.run(intake) { listener in
            let head = "\(method) /callbacks/bank-a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            let answer = try await listener.send(head)
            Self.expectBareRefusal(405, answer)
            #expect(answer.lowercased().contains("\r\nallow: post\r\n"))
        }
        #expect(intake.deliveries.isEmpty)
    }

    @Test("256 KiB exactly pass", arguments: [false, true])
    func largest(isChunked: Bool) async throws {
        let intake = RecordingIntake()
        let body = Self.bytes(Self.limit)
        try await RunningListener.run(intake) { listener in
            let answer =
                isChunked ? try await listener.send(Self.chunked(body)) : try await listener.post("/callbacks/bank-a", body: body)
            Self.expectStatus(204, answer)
        }
        #expect(intake.deliveries.map(\.body.count) == [Self.limit])
        #expect(intake.tooLarge.isEmpty)
    }

    @Test("one byte more does not, whether its length is told or not", arguments: [false, true])
    func tooLarge(isChunked: Bool) async throws {
        let intake = RecordingIntake()
        let body = Self.bytes(Self.limit + 1)
        try await RunningListener.run(intake) { listener in
            let answer =
                isChunked ? try await listener.send(Self.chunked(body)) : try await listener.post("/callbacks/bank-a", body: body)
            Self.expectBareRefusal(413, answer)
        }
        #expect(intake.deliveries.map(\.body.count) == [])
        #expect(intake.tooLarge == ["bank-a"])
    }

    private static func chunked(_ body: [UInt8]) -> [UInt8] {
        var request = Array(
            "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        for start in stride(from: 0, to: body.count, by: 10_000) {
            let chunk = body[start..<min(start + 10_000, body.count)]
            request += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
        }
        return request + Array("0\r\n\r\n".utf8)
    }

    @Test("a sender who says that he has too much is not waited for", arguments: ["262145", "9223372036854775807"])
    func toldTooLarge(length: String) async throws {
        let intake = RecordingIntake()
        try await RunningListener.run(intake) { listener in
            let head = "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: \(length)\r\n\r\n"
            Self.expectBareRefusal(413, try await listener.send(head))
        }
        #expect(intake.tooLarge == ["bank-a"])
    }

    @Test("an empty body is a body")
    func empty() async throws {
        let intake = RecordingIntake()
        try await RunningListener.run(intake) { listener in
            Self.expectStatus(204, try await listener.post("/callbacks/bank-a", body: []))
        }
        #expect(intake.deliveries.map(\.body) == [[]])
    }

    @Test(
        "a body that does not arrive whole is refused",
        arguments: [
            "Content-Length: 10\r\n\r\n12345", "Transfer-Encoding: chunked\r\n\r\n5\r\n123",
            "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ])
    func cutOff(rest: String) async throws {
        let intake = RecordingIntake()
        try await RunningListener.run(intake) { listener in
            let answer = try await listener.send("POST /callbacks/bank-a HTTP/1.1\r\nHost: h\r\n\(rest)", finishes: true)
            Self.expectStatus(400, answer)
        }
        #expect(intake.deliveries.isEmpty)
    }

    @Test("two lengths, or a length beside chunks, are refused before anything is handed on")
    func smuggling() async throws {
        let intake = RecordingIntake()
        try await RunningListener.run(intake) { listener in
            for headers in ["Content-Length: 2\r\nContent-Length: 3", "Content-Length: 2\r\nTransfer-Encoding: chunked"] {
                let head = "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\(headers)\r\n\r\n"
                Self.expectStatus(400, try await listener.send(head + "{}", finishes: true))
            }
        }
        #expect(intake.deliveries.isEmpty)
    }

    @Test("the answer is the receiver's, in the gateway's words")
    func answer() async throws {
        let intake = RecordingIntake(reply: CallbackReply(status: 200, contentType: "text/plain", body: Array("[accepted]".utf8)))
        try await RunningListener.run(intake) { listener in
            let answer = try await listener.post("/callbacks/bank-a")
            Self.expectStatus(200, answer)
            #expect(answer.lowercased().contains("\r\ncontent-type: text/plain\r\n"))
            #expect(answer.lowercased().contains("\r\ncontent-length: 10\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n[accepted]"))
        }
    }

    @Test("a refusal of the receiver's has no body", arguments: [400, 401, 403, 409, 503])
    func refusals(status: Int) async throws {
        let intake = RecordingIntake(reply: CallbackReply(status: status, retryAfter: status == 503 ? 7 : nil))
        try await RunningListener.run(intake) { listener in
            let answer = try await listener.post("/callbacks/bank-a")
            Self.expectBareRefusal(status, answer)
            #expect(answer.lowercased().contains("\r\nretry-after: 7\r\n") == (status == 503))
        }
        #expect(intake.deliveries.count == 1)
    }

    @Test("after a refusal the connection goes on with the next request")
    func keptAlive() async throws {
        let intake = RecordingIntake()
        let body = Self.bytes(Self.limit + 1)
        try await RunningListener.run(intake) { listener in
            let first = "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n"
            let second = "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
            let answers = try await listener.send(Array(first.utf8) + body + Array(second.utf8))
            Self.expectStatus(413, answers)
            #expect(answers.contains("HTTP/1.1 204 "))
        }
        #expect(intake.deliveries.map(\.body) == [Array("{}".utf8)])
    }
}
