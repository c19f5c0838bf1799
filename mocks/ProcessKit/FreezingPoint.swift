import NIOCore

/// Where what passes through a proxy is to stop.
package struct FreezingPoint: Sendable {
    package enum Direction: Sendable, Hashable { case toServer, toClient }

    private enum Condition: Sendable {
        case bytes(left: Int, Direction, on: ObjectIdentifier?)
        case words([UInt8], occurrences: Int, includingThem: Bool)
    }

    private var condition: Condition
    /// The last bytes of each connection that was looked at: words may come in two pieces.
    private var tails: [ObjectIdentifier: [UInt8]] = [:]
    var signal: AsyncStream<Void>.Continuation?

    private init(_ condition: Condition) { self.condition = condition }

    /// After so many more bytes of requests.
    package static func sent(_ bytes: Int) -> FreezingPoint { FreezingPoint(.bytes(left: bytes, .toServer, on: nil)) }

    /// Before the first byte of an answer.
    package static var answer: FreezingPoint { FreezingPoint(.bytes(left: 0, .toClient, on: nil)) }

    /// Before the request that holds these words, such as the digest of a script.
    package static func before(_ words: String, occurrence: Int = 1) -> FreezingPoint {
        FreezingPoint(.words(Array(words.utf8), occurrences: occurrence, includingThem: false))
    }

    /// Before the first byte that comes back on the connection after such a request: the server has acted, the client does not know.
    package static func answer(to words: String, occurrence: Int = 1) -> FreezingPoint {
        FreezingPoint(.words(Array(words.utf8), occurrences: occurrence, includingThem: true))
    }

    /// - Returns: what still passes and what does not, where these bytes reach the point.
    mutating func cut(
        _ bytes: ByteBuffer, _ direction: Direction, on connection: ObjectIdentifier
    ) -> (passing: ByteBuffer, held: ByteBuffer)? {
        switch condition {
        case .bytes(let left, direction, let only) where only == nil || only == connection:
            return cut(bytes, direction, left: left, on: only)
        case .words(let words, let occurrences, let includingThem) where direction == .toServer:
            let found = count(words, in: bytes, on: connection)
            guard found >= occurrences else {
                condition = .words(words, occurrences: occurrences - found, includingThem: includingThem)
                return nil
            }
            guard includingThem else { return (ByteBuffer(), bytes) }
            condition = .bytes(left: 0, .toClient, on: connection)
            return nil
        case .bytes, .words: return nil
        }
    }

    private mutating func cut(
        _ bytes: ByteBuffer, _ direction: Direction, left: Int, on only: ObjectIdentifier?
    ) -> (passing: ByteBuffer, held: ByteBuffer)? {
        guard bytes.readableBytes > left else {
            condition = .bytes(left: left - bytes.readableBytes, direction, on: only)
            return nil
        }
        var held = bytes
        let passing = held.readSlice(length: left) ?? ByteBuffer()
        return (passing, held)
    }

    private mutating func count(_ words: [UInt8], in bytes: ByteBuffer, on connection: ObjectIdentifier) -> Int {
        let seen = tails[connection, default: []] + bytes.readableBytesView
        tails[connection] = Array(seen.suffix(words.count - 1))
        return seen.ranges(of: words).count
    }
}
