/// One of the 16,384 slots that a Redis Cluster spreads its keys over.
///
/// Source: Redis Cluster specification, "Key distribution model" and "Hash tags".
struct RedisSlot: Sendable, Hashable {
    static let count = 16_384

    let number: Int

    /// - Returns: `nil` outside 0 ... 16,383.
    init?(_ number: Int) {
        guard (0..<Self.count).contains(number) else { return nil }
        self.number = number
    }

    init(of key: some Collection<UInt8>) {
        number = Int(Self.checksum(Self.tag(of: key))) % Self.count
    }

    /// What stands between the first `{` and the first `}` behind it, unless that is nothing; else the whole key.
    private static func tag<Key: Collection<UInt8>>(of key: Key) -> Key.SubSequence {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")) else { return key[...] }
        let rest = key[key.index(after: open)...]
        guard let close = rest.firstIndex(of: UInt8(ascii: "}")), close != rest.startIndex else { return key[...] }
        return rest[..<close]
    }

    /// CRC-16/XMODEM: polynomial 0x1021, nothing reflected, from 0.
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt16 {
        bytes.reduce(0) { sum, byte in sum << 8 ^ table[Int(UInt8(sum >> 8) ^ byte)] }
    }

    private static let table: [UInt16] = (0..<256).map { byte in
        (0..<8).reduce(UInt16(byte) << 8) { sum, _ in sum & 0x8000 == 0 ? sum << 1 : sum << 1 ^ 0x1021 }
    }
}
