import Payments
import Testing

@testable import Drawbridge

/// Raw bytes against the listener as `serve` puts it together.
@Suite("A request whose end or host can be seen in two ways", .timeLimit(.minutes(1)))
struct RequestFramingTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: String
    }

    private static func head(_ name: String, _ lines: String..., version: String = "HTTP/1.1", body: String = "") -> Shape {
        let head = (["POST /callbacks/bank-a \(version)", "Host: h"] + lines).joined(separator: "\r\n")
        return Shape(testDescription: name, text: "\(head)\r\n\r\n\(body)")
    }

    private static func bare(_ name: String, _ text: String) -> Shape { Shape(testDescription: name, text: text) }

    private static let chunked = "Transfer-Encoding: chunked"

    static let lengths = [
        head("a length and chunks", "Content-Length: 2", chunked, body: "0\r\n\r\n"),
        head("chunks and a length", chunked, "Content-Length: 2", body: "0\r\n\r\n"),
        head("two lengths", "Content-Length: 2", "Content-Length: 3", body: "{}"),
        head("one length twice", "Content-Length: 2", "Content-Length: 2", body: "{}"),
        head("a list of lengths", "Content-Length: 2, 2", body: "{}"),
        head("a length with a sign", "Content-Length: +2", body: "{}"),
        head("a negative length", "Content-Length: -2", body: "{}"),
        head("a hexadecimal length", "Content-Length: 0x2", body: "{}"),
        head("a length with a space in it", "Content-Length: 1 0", body: "{}"),
        head("a length with a comma", "Content-Length: 2,", body: "{}"),
        head("an empty length", "Content-Length: ", body: "{}"),
        head("a length over 64 bits", "Content-Length: 18446744073709551618", body: "{}"),
        head("a length of 20 digits", "Content-Length: 00000000000000000002", body: "{}"),
        head("a space before the colon of a length", "Content-Length : 2", body: "{}"),
    ]

    static let codings = [
        head("identity, then chunked", "Transfer-Encoding: identity, chunked", body: "0\r\n\r\n"),
        head("chunked, then identity", "Transfer-Encoding: chunked, identity", body: "0\r\n\r\n"),
        head("chunked twice in a list", "Transfer-Encoding: chunked, chunked", body: "0\r\n\r\n"),
        head("chunked twice", chunked, chunked, body: "0\r\n\r\n"),
        head("xchunked", "Transfer-Encoding: xchunked", body: "0\r\n\r\n"),
        head("chunkedx", "Transfer-Encoding: chunkedx", body: "0\r\n\r\n"),
        head("chunked with a parameter", "Transfer-Encoding: chunked;q=1", body: "0\r\n\r\n"),
        head("chunked in quotes", "Transfer-Encoding: \"chunked\"", body: "0\r\n\r\n"),
        head("chunked behind a vertical tab", "Transfer-Encoding: \u{0B}chunked", body: "0\r\n\r\n"),
        head("gzip, then chunked", "Transfer-Encoding: gzip, chunked", body: "0\r\n\r\n"),
        head("gzip", "Transfer-Encoding: gzip", body: "{}"), head("identity", "Transfer-Encoding: identity", body: "{}"),
        head("an empty coding", "Transfer-Encoding: ", body: "{}"),
        head("a space before the colon of a coding", "Transfer-Encoding : chunked", body: "0\r\n\r\n"),
        head("a tab before the colon of a coding", "Transfer-Encoding\t: chunked", body: "0\r\n\r\n"),
        head("chunks in HTTP/1.0", chunked, version: "HTTP/1.0", body: "0\r\n\r\n"),
    ]

    static let chunks =
        [
            "ZZ\r\n{}\r\n0\r\n\r\n", "+2\r\n{}\r\n0\r\n\r\n", "-2\r\n{}\r\n0\r\n\r\n", "0x2\r\n{}\r\n0\r\n\r\n",
            " 2\r\n{}\r\n0\r\n\r\n",
            "\r\n{}\r\n0\r\n\r\n", "2{}\r\n0\r\n\r\n", "2\n{}\r\n0\r\n\r\n", "2\r\n{}0\r\n\r\n", "2\r\n{}}\r\n0\r\n\r\n",
            "10000000000000002\r\n{}\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n", "2\r{}\r\n0\r\n\r\n",
            "2;\0\r\n{}\r\n0\r\n\r\n",
        ].map { head("the chunk \($0.debugDescription)", chunked, body: $0) } + [
            head("an endless chunk extension", chunked, body: "2;" + String(repeating: "a", count: 100_000)),
            head(
                "many chunk extensions", chunked,
                body: String(repeating: "1;\(String(repeating: "a", count: 1_000))\r\n{\r\n", count: 200)),
        ]

    static let heads =
        [
            head("a folded header", "X-A: b\r\n c", "Content-Length: 2", body: "{}"),
            head("a folded coding", "Transfer-Encoding:\r\n chunked", body: "0\r\n\r\n"),
            head("a header folded with a tab", "X-A: b\r\n\tContent-Length: 2", body: "{}"),
            bare("a folded first header", "POST /callbacks/bank-a HTTP/1.1\r\n Host: h\r\n\r\n"),
            bare("bare line feeds", "POST /callbacks/bank-a HTTP/1.1\nHost: h\nContent-Length: 2\n\n{}"),
            bare("one bare line feed", "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\nContent-Length: 2\r\n\r\n{}"),
            bare("a bare line feed at the head's end", "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\n{}"),
            bare("a bare carriage return", "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\rContent-Length: 2\r\n\r\n{}"),
            bare("no version", "POST /callbacks/bank-a\r\n\r\n"), bare("no version and no field", "GET /\r\n"),
            bare("another version", "POST /callbacks/bank-a HTTP/1.2\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"),
            bare("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            bare("a small version", "POST /callbacks/bank-a http/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"),
            bare("a space in the target", "POST /callbacks/bank-a b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"),
            bare("an absolute target", "POST http://h/callbacks/bank-a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"),
            bare("an absolute target elsewhere", "POST http://other/ HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"),
            bare("an authority as target", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"),
            bare("an asterisk as target", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"),
            bare("a target without a slash", "POST callbacks/bank-a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"),
            bare("no host", "POST /callbacks/bank-a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"),
            head("two hosts", "Host: h", "Content-Length: 2", body: "{}"),
            head("two different hosts", "hOsT: other", "Content-Length: 2", body: "{}"),
            bare("two hosts in HTTP/1.0", "POST /callbacks/bank-a HTTP/1.0\r\nHost: h\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"),
        ]
        + ["", "a b", "a, b", "a/b", "a@b", "a?b", "a\\b", "a\"b", "ü", String(repeating: "a", count: 256)].map {
            bare("the host \($0.prefix(9))", "POST /callbacks/bank-a HTTP/1.1\r\nHost: \($0)\r\nContent-Length: 2\r\n\r\n{}")
        }

    static let large = [
        head("101 headers", Array(repeating: "X-A: b", count: 101).joined(separator: "\r\n"), "Content-Length: 2", body: "{}"),
        head("a header of 17,000 bytes", "X-A: \(String(repeating: "a", count: 17_000))", "Content-Length: 2", body: "{}"),
        head(
            "headers of 70,000 bytes",
            Array(repeating: "X-A: \(String(repeating: "a", count: 1_000))", count: 70).joined(separator: "\r\n"),
            "Content-Length: 2", body: "{}"),
        bare("a target of 70,000 bytes", "POST /\(String(repeating: "a", count: 70_000)) HTTP/1.1\r\nHost: h\r\n\r\n"),
        bare(
            "a header's name of 17,000 bytes", "GET / HTTP/1.1\r\nHost: h\r\n\(String(repeating: "a", count: 17_000)): b\r\n\r\n"),
    ]

    private static let hidden =
        "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\nConnection: close\r\n\r\nsmuggled"

    @Test(
        "is refused, the connection closed, and nothing behind it is read as a request",
        arguments: lengths + codings + chunks + heads + large)
    func refused(shape: Shape) async throws {
        let intake = RecordingIntake()
        try await RunningListener.run(intake) { listener in
            let answers = try await listener.send(shape.text + Self.hidden)
            #expect(answers.hasPrefix("HTTP/1.1 400 "), "\(answers)")
            #expect(answers.split(separator: "HTTP/1.1 ").count == 1, "\(answers)")
            #expect(intake.deliveries.isEmpty)
            #expect(intake.tooLarge.isEmpty)
        }
    }

    @Test("is refused also behind a good one, which is answered")
    func second() async throws {
        let intake = RecordingIntake()
        try await RunningListener.run(intake) { listener in
            let good = "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"
            let answers = try await listener.send(good + Self.codings[0].text + Self.hidden)
            #expect(answers.split(separator: "HTTP/1.1 ").map { $0.prefix(3) } == ["204", "400"])
            #expect(intake.deliveries.map(\.body) == [Array("{}".utf8)])
        }
    }

    static let good =
        [
            head("a length", "Content-Length: 2", "Connection: close", body: "{}"),
            head("chunks", "Transfer-Encoding: Chunked", "Connection: close", body: "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
            head("a chunk extension", chunked, "Connection: close", body: "2;a=b\r\n{}\r\n0;c\r\n\r\n"),
            head("a trailer", chunked, "Connection: close", body: "2\r\n{}\r\n0\r\nX-A: b\r\n\r\n"),
            bare("HTTP/1.0", "POST /callbacks/bank-a HTTP/1.0\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"),
        ]
        + ["pay.example:443", "127.0.0.1", "[::1]:8080", "xn--mnchen-3ya.example"].map {
            bare(
                "the host \($0)",
                "POST /callbacks/bank-a HTTP/1.1\r\nHost: \($0)\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
        }

    @Test("is not what these are", arguments: good)
    func accepted(shape: Shape) async throws {
        let intake = RecordingIntake()
        try await RunningListener.run(intake) { listener in
            let answer = try await listener.send(shape.text)
            #expect(answer.hasPrefix("HTTP/1.1 204 "), "\(answer)")
            #expect(intake.deliveries.map(\.body) == [Array("{}".utf8)])
        }
    }

    @Test("is not a body of many small chunks")
    func smallChunks() async throws {
        let intake = RecordingIntake()
        try await RunningListener.run(intake) { listener in
            let head = "POST /callbacks/bank-a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\(Self.chunked)\r\n\r\n"
            let body = String(repeating: "1\r\na\r\n", count: 50_000) + "0\r\n\r\n"
            let answer = try await listener.send(head + body)
            #expect(answer.hasPrefix("HTTP/1.1 204 "), "\(answer)")
            #expect(intake.deliveries.map(\.body.count) == [50_000])
        }
    }
}
