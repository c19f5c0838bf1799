import TestKit

/// Spoils what was well-formed, the same way on every run of a seed.
struct Garbler {
    var dice: Dice

    init(seed: Int) { dice = Dice(seed: UInt64(seed)) }

    /// Pieces that readers stumble over.
    private static let pieces: [[UInt8]] = [
        [0], [0x1B], [0x7F], [0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xEF, 0xBB, 0xBF],
        [0x0D, 0x0A],
        Array("\"".utf8), Array("\\".utf8), Array("\\u0000".utf8), Array("\\ud800".utf8), Array("{".utf8), Array("}".utf8),
        Array(",".utf8), Array("null".utf8), Array("-1".utf8), Array("1e400".utf8), Array("0.1".utf8),
        Array("9223372036854775807".utf8), Array("-9223372036854775808".utf8), Array("99999999999999999999".utf8),
        Array("\u{202E}".utf8), Array("e\u{301}".utf8),
    ]

    mutating func bytes(upTo count: Int) -> [UInt8] {
        (0..<dice.below(count + 1)).map { _ in UInt8(truncatingIfNeeded: dice.next() >> 56) }
    }

    /// Spoilt in one to four places.
    mutating func garbled(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...dice.below(4) { garble(&bytes) }
        return bytes
    }

    mutating func garbled(_ text: String) -> String { String(decoding: garbled(Array(text.utf8)), as: UTF8.self) }

    private mutating func garble(_ bytes: inout [UInt8]) {
        let place = dice.below(bytes.count + 1)
        let end = min(bytes.count, place + dice.within(0...16))
        switch dice.below(8) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << dice.below(8)
        case 1: bytes.removeSubrange(place...)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4: exchangeNumber(in: &bytes)
        case 5: bytes.insert(contentsOf: Array(repeating: UInt8(ascii: "["), count: dice.below(50_000)), at: place)
        default: bytes.insert(contentsOf: dice.pick(Self.pieces) ?? [], at: place)
        }
    }

    /// Puts another number, or what is none, where a number stands.
    private mutating func exchangeNumber(in bytes: inout [UInt8]) {
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        let starts = bytes.indices.filter { isDigit(bytes[$0]) && ($0 == 0 || !isDigit(bytes[$0 - 1])) }
        guard let start = dice.pick(starts) else { return }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.endIndex
        bytes.replaceSubrange(start..<end, with: dice.pick(Self.pieces) ?? [])
    }
}
