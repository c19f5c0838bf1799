import TestKit
import Testing

@testable import RedisStore

@Suite("Slots of a Redis Cluster")
struct RedisSlotTests {
    /// Source: Redis Cluster specification, appendix A.
    @Test("The checksum is that of the specification")
    func checksum() {
        #expect(RedisSlot.checksum("123456789".utf8) == 0x31C3)
        #expect(RedisSlot.checksum("".utf8) == 0)
    }

    /// Source: Redis Cluster specification, "Hash tags".
    @Test(
        "Only what stands in the first braces counts, where there is something",
        arguments: [
            ("{user1000}.following", "user1000"), ("foo{{bar}}zap", "{bar"), ("foo{bar}{zap}", "bar"), ("a}b{c}", "c"),
            ("{a}{", "a"),
        ])
    func tag(_ key: String, _ tag: String) {
        #expect(RedisSlot(of: key.utf8).number == Int(RedisSlot.checksum(tag.utf8)) % 16_384)
    }

    @Test(
        "The whole key counts where the first braces are empty, not closed, or not there",
        arguments: [
            "foo{}{bar}", "{}", "{", "}", "foo{bar", "foo}bar{", "", "foo",
        ])
    func noTag(_ key: String) {
        #expect(RedisSlot(of: key.utf8).number == Int(RedisSlot.checksum(key.utf8)) % 16_384)
    }

    @Test("There are 16,384", arguments: [(-1, false), (0, true), (16_383, true), (16_384, false), (.max, false)])
    func bounds(_ number: Int, _ isSlot: Bool) {
        #expect((RedisSlot(number) != nil) == isSlot)
    }

    @Test("Redis agrees")
    func redis() async throws {
        try await RedisServer.with(options: ["--cluster-enabled", "yes"]) { server async throws in
            for key in ["123456789", "foo{}{bar}", "foo{{bar}}zap", "foo{bar}{zap}", "db:{t:acm\u{E9}}:feed", "{", "a{b"] {
                #expect(try await server.command("CLUSTER", "KEYSLOT", key) == String(RedisSlot(of: key.utf8).number))
            }
        }
    }
}
