import NIOCore

/// At most so many bytes a second.
struct Bandwidth: Sendable, Equatable {
    /// 1 000 bytes a second each; 0 lets nothing through.
    let rate: Int

    private static let pieceMilliseconds = 100

    /// Bytes that leave at once: what the rate allows in a tenth of a second.
    var pieceBytes: Int { rate * Self.pieceMilliseconds }

    /// How long so many bytes take; the rate is above 0.
    func duration(of bytes: Int) -> TimeAmount { .nanoseconds(Int64(bytes) * 1_000_000 / Int64(rate)) }
}
