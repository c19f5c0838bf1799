import Testing

@testable import RedisStore

@Suite("Where slots are")
struct RedisSlotMapTests {
    private static let asked = RedisNode(host: "seed.example", port: 6_379)

    private static func range(_ first: Int64, _ last: Int64, _ host: RedisReply, _ port: Int64 = 7_000) -> RedisReply {
        .array([.integer(first), .integer(last), .array([host, .integer(port), .bytes(Array("id".utf8))])])
    }

    private static func text(_ text: String) -> RedisReply { .bytes(Array(text.utf8)) }

    private func owner(_ slot: Int, _ ranges: RedisReply...) throws -> RedisNode? {
        try #require(RedisSlotMap(.array(ranges), from: Self.asked)).owner(of: try #require(RedisSlot(slot)))
    }

    @Test("Each range has its primary; what is in none has nobody")
    func ranges() throws {
        let (one, two) = (Self.range(0, 10, Self.text("a")), Self.range(12, 16_383, Self.text("::1"), 7_001))
        #expect(try owner(0, one, two) == RedisNode(host: "a", port: 7_000))
        #expect(try owner(10, one, two) == RedisNode(host: "a", port: 7_000))
        #expect(try owner(11, one, two) == nil)
        #expect(try owner(16_383, one, two) == RedisNode(host: "::1", port: 7_001))
    }

    @Test("A node that does not know its address is where it was asked", arguments: [RedisReply.null, .bytes([])])
    func noAddress(_ host: RedisReply) throws {
        #expect(try owner(5, Self.range(0, 9, host)) == RedisNode(host: "seed.example", port: 7_000))
    }

    @Test(
        "What makes no sense is passed over",
        arguments: [
            range(0, 9, text("?")), range(0, 9, text("a"), 0), range(0, 9, text("a"), 65_536), range(-1, 9, text("a")),
            range(0, 16_384, text("a")), range(9, 0, text("a")), .array([]), .null, .array([.integer(0), .integer(9)]),
            .array([.integer(0), .integer(9), .null]), .array([.integer(0), .integer(9), .array([text("a")])]),
            .array([.integer(0), .integer(9), .array([text("a"), text("7000")])]),
        ])
    func garbage(_ range: RedisReply) throws {
        #expect(try owner(5, range) == nil)
        #expect(try owner(5, range, Self.range(0, 9, Self.text("b"))) == RedisNode(host: "b", port: 7_000))
    }

    @Test(
        "A server that is in no cluster, or may not be asked, has no map",
        arguments: [
            RedisReply.error("ERR This instance has cluster support disabled"), .error("NOPERM x"), .null, .status("OK"),
        ])
    func noCluster(_ reply: RedisReply) {
        #expect(RedisSlotMap(reply, from: Self.asked) == nil)
    }

    // MARK: Redirections

    @Test(
        "A redirection names slot and node",
        arguments: [
            ("MOVED 3999 127.0.0.1:6381", 3_999, "127.0.0.1", 6_381, true), ("ASK 0 ::1:6381", 0, "::1", 6_381, false),
            ("MOVED 1 :6381", 1, "seed.example", 6_381, true),
            ("ASK 16383 redis-1.example:1", 16_383, "redis-1.example", 1, false),
        ])
    func redirection(_ message: String, _ slot: Int, _ host: String, _ port: Int, _ isForGood: Bool) throws {
        let redirection = try #require(RedisRedirection(.error(message), from: Self.asked))
        #expect(redirection.slot.number == slot)
        #expect(redirection.node == RedisNode(host: host, port: port))
        #expect(redirection.isForGood == isForGood)
    }

    @Test(
        "Nothing else is one",
        arguments: [
            "", "MOVED", "MOVED 1", "MOVED 1 a", "MOVED 1 a:b", "MOVED 1 a:0", "MOVED 1 a:65536", "MOVED -1 a:1",
            "MOVED 16384 a:1",
            "MOVED x a:1", "MOVED 1 ?:1", "MOVED 1 a:1 b", "moved 1 a:1", "ERR MOVED 1 a:1", "TRYAGAIN x", "CLUSTERDOWN x",
        ])
    func noRedirection(_ message: String) {
        #expect(RedisRedirection(.error(message), from: Self.asked) == nil)
        #expect(RedisRedirection(.status(message), from: Self.asked) == nil)
    }
}
