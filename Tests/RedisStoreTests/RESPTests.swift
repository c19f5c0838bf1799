import NIOCore
import Payments
import Testing

@testable import RedisStore

@Suite("Bytes to and from Redis")
struct RESPTests {
    @Test("A command is an array of its arguments, whatever bytes they hold")
    func format() throws {
        var buffer = ByteBuffer()
        let isWritten = buffer.writeRESP(RedisCommand("SET", [[0, 13, 10, 255], []]))
        #expect(isWritten)
        #expect(
            Array(buffer.readableBytesView) == Array("*3\r\n$3\r\nSET\r\n$4\r\n\0\r\n".utf8) + [255]
                + Array("\r\n$0\r\n\r\n".utf8))
    }

    @Test("Commands are appended one behind the other")
    func append() throws {
        var buffer = ByteBuffer()
        let areWritten = (0..<2).map { _ in buffer.writeRESP(RedisCommand("PING")) }
        #expect(areWritten == [true, true])
        #expect(String(buffer: buffer) == "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n")
    }

    @Test(
        "Every kind of reply is read",
        arguments: [
            ("+OK\r\n", RedisReply.status("OK")), (":-12\r\n", .integer(-12)), (":9223372036854775807\r\n", .integer(.max)),
            ("$-1\r\n", .null), ("*-1\r\n", .null), ("$0\r\n\r\n", .bytes([])), ("$3\r\na\r\n\r\n", .bytes([97, 13, 10])),
            ("*0\r\n", .array([])),
            ("-ERR no\r\n", .error("ERR no")), ("*2\r\n:1\r\n*1\r\n$-1\r\n", .array([.integer(1), .array([.null])])),
        ])
    func reply(_ text: String, _ expected: RedisReply) throws {
        #expect(try Self.replies(Array(text.utf8), step: 1) == [expected])
        #expect(try Self.replies(Array(text.utf8), step: 1_000) == [expected])
    }

    @Test("Replies that come together are read one by one")
    func pipelined() throws {
        let text = "+A\r\n:1\r\n$1\r\nb\r\n"
        #expect(try Self.replies(Array(text.utf8), step: 1_000) == [.status("A"), .integer(1), .bytes([98])])
    }

    @Test("A reply that has not ended is no reply yet", arguments: ["", "+OK", "+OK\r", "$5\r\nabc", "*2\r\n:1\r\n", ":1"])
    func unfinished(_ text: String) throws {
        #expect(try Self.replies(Array(text.utf8), step: 1).isEmpty)
    }

    @Test(
        "What is not RESP is refused",
        arguments: [
            "?\r\n", "HTTP/1.1 400 Bad Request\r\n", "\r\n", "\u{15}\u{3}\u{1}\r\n", "*1\r\n!\r\n",
            "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
        ])
    func garbled(_ text: String) throws {
        #expect(throws: RESPReader.Failure.garbled) { try Self.replies(Array(text.utf8), step: 1_000) }
    }

    @Test("A reply longer than the bound is refused while it comes in")
    func oversized() throws {
        let long = Array("$1000\r\n".utf8) + [UInt8](repeating: 120, count: 500)
        #expect(throws: RESPReader.Failure.oversized) { try Self.replies(long, step: 10, maximum: 200) }
        let many = Array(String(repeating: "+OK\r\n", count: 1_000).utf8)
        #expect(try Self.replies(many, step: 10, maximum: 200).count == 1_000)
    }

    @Test(
        "The first word of an error says what failed; nothing else of it is kept",
        arguments: [
            ("OOM command not allowed", StoreFailure.Code.full, "Redis: OOM"),
            ("WRONGPASS bad 4111111111111111", .refused, "Redis: WRONGPASS"),
            ("LOADING x", .unreachable, "Redis: LOADING"), ("NOREPLICAS x", .tooFewReplicas, "Redis: NOREPLICAS"),
            ("4111111111111111 is not a command", .refused, "Redis: ERR"), ("", .refused, "Redis: ERR"),
            ("ERR user_script:1: UNREADABLE", .unreadable, "Redis: ERR"), ("WRONGTYPE x", .unreadable, "Redis: WRONGTYPE"),
            ("AVERYLONGWORDTHATCOULDHOLDANYTHING x", .refused, "Redis: ERR"),
            ("MOVED 1 10.0.0.1:6379", .unreachable, "Redis: MOVED"), ("CLUSTERDOWN x", .unreachable, "Redis: CLUSTERDOWN"),
            ("TRYAGAIN x", .unreachable, "Redis: TRYAGAIN"),
            ("ERR Script attempted to access a non local key in a cluster node", .unreachable, "Redis: ERR"),
        ])
    func failures(_ message: String, _ code: StoreFailure.Code, _ detail: String) throws {
        #expect(StoreFailure(RedisReply.error(message)) == StoreFailure(code: code, detail: detail))
    }

    @Test("A reply that is no error is no failure")
    func noFailure() {
        for reply in [RedisReply.null, .integer(0), .status("OOM"), .bytes([]), .array([.error("OOM")])] {
            #expect(StoreFailure(reply) == nil)
        }
    }

    private struct NoMemory: Error {}

    private static func replies(_ bytes: [UInt8], step: Int, maximum: Int = 10_000) throws -> [RedisReply] {
        guard var reader = RESPReader(maximumReply: maximum) else { throw NoMemory() }
        var replies: [RedisReply] = []
        for start in stride(from: 0, to: bytes.count, by: step) {
            let piece = Array(bytes[start..<min(start + step, bytes.count)])
            try unsafe piece.withUnsafeBytes { try unsafe reader.feed($0) }
            while let reply = try reader.next() { replies.append(reply) }
        }
        return replies
    }
}
