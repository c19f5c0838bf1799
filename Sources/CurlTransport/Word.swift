/// A word of HTTP's, to compare bytes with, without regard to case.
struct Word: Sendable {
    private let lowercase: [UInt8]

    init(_ text: String) { lowercase = Array(text.lowercased().utf8) }

    func matches(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count == lowercase.count else { return false }
        return lowercase.indices.allSatisfy { Self.lower(bytes[$0]) == lowercase[$0] }
    }

    func startMatches(_ bytes: Span<UInt8>) -> Bool { matches(bytes.extracting(first: lowercase.count)) }

    func endMatches(_ bytes: Span<UInt8>) -> Bool { matches(bytes.extracting(last: lowercase.count)) }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
