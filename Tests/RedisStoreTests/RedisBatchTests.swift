import Payments
import Testing

@testable import RedisStore

@Suite("A batch for several nodes")
struct RedisBatchTests {
    private static let one = RedisNode(host: "one", port: 1)
    private static let two = RedisNode(host: "two", port: 2)
    private static let refused = RedisReply.error("MOVED 1 two:2")

    /// `foo` is in slot 12,182, `bar` in 5,061: of `two` and `one`.
    private static func owner(_ slot: RedisSlot) -> RedisNode? { slot.number < 8_000 ? one : two }

    private func parts(_ batch: RedisBatch) -> [RedisBatch.Part] { batch.parts(any: { Self.one }, owner: Self.owner) }

    private func words(_ batch: RedisBatch) -> [String] {
        parts(batch).map { part in
            let words = batch.words(of: part).map {
                $0.arguments(9).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
            }
            return "\(part.node?.host ?? "nobody"): " + words.joined(separator: ", ")
        }
    }

    @Test("Each command goes to its key's node, in order, and those without a key go along to all")
    func split() {
        let batch = RedisBatch([
            RedisCommand("SCRIPT", "LOAD", "x"), RedisCommand("EVALSHA", "d", "1", "foo"), RedisCommand("GET", "bar"),
            RedisCommand("DEL", "foo"), RedisCommand("WAIT", "1", "9"),
        ])
        #expect(
            words(batch) == ["two: SCRIPT LOAD x, EVALSHA d 1 foo, DEL foo, WAIT 1 9", "one: SCRIPT LOAD x, GET bar, WAIT 1 9"])
    }

    @Test("A batch without any key goes to one node, whichever")
    func keyless() {
        var batch = RedisBatch([RedisCommand("PING"), RedisCommand("EVAL", [Array("x".utf8), Array("0".utf8)])])
        #expect(words(batch) == ["one: PING, EVAL x 0"])
        batch.fail(parts(batch)[0], RedisInterruption.lost.failure, next: .owner)
        #expect(!batch.isDone)
        batch.take([.status("PONG"), .null], of: parts(batch)[0]) { _ in nil }
        #expect(batch.isDone)
        #expect(batch.replies == [.status("PONG"), .null])
    }

    @Test("The replicas of all nodes that did something are counted, the fewest of one, and of none that sent all of it on")
    func wait() {
        var batch = RedisBatch([RedisCommand("SET", "foo", "1"), RedisCommand("SET", "bar", "1"), RedisCommand("WAIT", "1", "9")])
        let first = parts(batch)
        batch.take([Self.refused, .integer(0)], of: first[0]) { $0 == Self.refused ? .node(Self.two) : nil }
        batch.take([.status("OK"), .integer(3)], of: first[1]) { _ in nil }
        #expect(!batch.isDone)
        #expect(words(batch) == ["two: SET foo 1, WAIT 1 9"])
        batch.take([.status("OK"), .integer(2)], of: parts(batch)[0]) { _ in nil }
        #expect(batch.isDone)
        #expect(batch.replies == [.status("OK"), .status("OK"), .integer(2)])
    }

    @Test("What is asked of a node once is announced, and only that")
    func asking() {
        var batch = RedisBatch([RedisCommand("GET", "foo"), RedisCommand("GET", "{foo}2")])
        batch.take([.error("ASK"), .null], of: parts(batch)[0]) { $0 == .null ? nil : .asking(Self.one) }
        #expect(words(batch) == ["one: ASKING, GET foo"])
        batch.take([.status("OK"), .integer(7)], of: parts(batch)[0]) { _ in nil }
        #expect(batch.replies == [.integer(7), .null])
    }

    @Test("A node that fails leaves the others' replies, and says so in place of its own")
    func failure() {
        var batch = RedisBatch([RedisCommand("GET", "foo"), RedisCommand("GET", "bar"), RedisCommand("WAIT", "1", "9")])
        let failure = RedisInterruption.timeout.failure
        let both = parts(batch)
        batch.fail(both[0], failure, next: nil)
        batch.take([.null, .integer(1)], of: both[1]) { _ in nil }
        #expect(batch.isDone)
        #expect(batch.replies == [.failed(failure), .null, .failed(failure)])
        #expect(StoreFailure(batch.replies[0]) == failure)
    }

    @Test("A reply too few settles nothing")
    func short() {
        var batch = RedisBatch([RedisCommand("GET", "foo"), RedisCommand("GET", "foo")])
        batch.take([.null], of: parts(batch)[0]) { _ in nil }
        #expect(!batch.isDone)
        #expect(batch.replies == [.null, .failed(RedisInterruption.lost.failure)])
    }
}
